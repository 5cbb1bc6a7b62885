"""What stands around an answer: seed 000's envelope, seed 001's below `/api/v1`, and those of refusals."""

from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from gateway.answers.words import SyncId

T = TypeVar("T")

IsDryRun = Annotated[Literal[True], Field(description="Nothing was changed. Left out of a real run.")]


class Success(TypedDict, Generic[T]):
    """What went well, in the envelope of `/api`."""

    success: Annotated[bool, Field(examples=[True])]
    message: Annotated[str, Field(description="A sentence for people.", examples=["Done"])]
    data: T
    dryRun: NotRequired[IsDryRun]


class SuccessV1(TypedDict, Generic[T]):
    """What went well, in the envelope of `/api/v1`."""

    status: Literal["success"]
    data: T


class FieldProblem(TypedDict):
    """What is wrong with one field."""

    field: Annotated[str, Field(description="The path of the field.", examples=["price"])]
    message: Annotated[str, Field(examples=["Price must be a positive number"])]


class CodedProblem(FieldProblem):
    """What is wrong with one field, with a code that stays the same."""

    code: NotRequired[Annotated[str, Field(examples=["price_negative"])]]


class KeptChange(TypedDict):
    """Of 502: what was accepted all the same."""

    syncId: NotRequired[SyncId]


class Refused(KeptChange):
    """A refusal, in the envelope of `/api`."""

    success: Literal[False]
    error: Annotated[str, Field(description="A sentence for people.", examples=["Validation failed"])]
    details: Annotated[list[FieldProblem], Field(description="Every violation, with its field.")]
    dryRun: NotRequired[IsDryRun]


class Fault(TypedDict):
    """Why something is refused."""

    code: Annotated[str, Field(examples=["validation_failed"])]
    message: Annotated[str, Field(description="A sentence for people.", examples=["Validation failed"])]
    details: list[FieldProblem]


class RefusedV1(TypedDict):
    """A refusal, in the envelope of `/api/v1`."""

    status: Literal["error"]
    error: Fault


Quotas = TypedDict("Quotas", {"violated-policies": NotRequired[list[str]]})
"""Of 429: which quotas are used up, by the names in `RateLimit-Policy`."""


class Problem(Quotas, KeptChange):
    """A refusal as problem details (RFC 9457), for whoever accepts `application/problem+json`."""

    type: Annotated[str, Field(examples=["urn:skuwire:problem:validation_failed"])]
    title: Annotated[str, Field(examples=["Unprocessable Entity"])]
    status: Annotated[int, Field(ge=400, le=599, examples=[422])]
    detail: Annotated[str, Field(examples=["Validation failed"])]
    errors: NotRequired[list[CodedProblem]]
    dryRun: NotRequired[IsDryRun]


Nothing = Annotated[None, Field(description="There is nothing more to say.")]

Anything = Annotated[Any, Field(description="Any JSON value.")]
