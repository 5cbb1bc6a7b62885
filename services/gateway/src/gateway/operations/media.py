"""Operations on pictures that are sent ahead."""

from typing import Annotated

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from gateway.access.scopes import Scope
from gateway.answers.envelopes import SuccessV1
from gateway.operations.operation import Answer, Body, Operation, Parameter, Tag

Digest = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        examples=["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ),
]
SHA256 = Parameter(
    name="sha256",
    place="path",
    description="The sha-256 of the picture's bytes, in hexadecimal.",
    kind=Digest,
)


class StoredPicture(TypedDict):
    """A picture that is known now."""

    sha256: Digest


SEND = Operation(
    method="PUT",
    path="/api/v1/media/{sha256}",
    operation_id="sendPicture",
    tag=Tag.PICTURES,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send a picture ahead of the products that show it",
    description='An image of a product is then `{"fileName", "sha256"}`. JPEG, PNG, GIF and WebP are taken, '
    "whatever the content type says: the bytes say what they are.",
    parameters=[SHA256],
    body=Body(
        kind=Annotated[bytes, WithJsonSchema({"type": "string", "contentMediaType": "image/*"})],
        content_type="application/octet-stream",
    ),
    answers={
        200: Answer(description="It was known before.", kind=SuccessV1[StoredPicture]),
        201: Answer(description="It is stored.", kind=SuccessV1[StoredPicture]),
    },
    refusals={422: "It is no picture, or another than the sha-256 says."},
)

KNOWN = Operation(
    method="HEAD",
    path="/api/v1/media/{sha256}",
    operation_id="isPictureKnown",
    tag=Tag.PICTURES,
    scope=Scope.PRODUCTS_WRITE,  # asked before sending
    summary="Whether a picture was sent before",
    parameters=[SHA256],
    answers={200: Answer(description="It was.")},
    refusals={404: "It was not."},
)
