"""Operations on API keys, below both prefixes of the login."""

from typing import Annotated

from pydantic import Field

from gateway.access.forms import NewKey
from gateway.access.scopes import Scope
from gateway.answers.access import AddedApiKey, ApiKeys
from gateway.operations.auth import PREFIXES, told, version_of
from gateway.operations.operation import Answer, Body, Operation, Parameter, Tag

API_KEY_ID = Parameter(
    name="api_key_id",
    place="path",
    description="The `api_key_id` of an answer.",
    kind=Annotated[str, Field(pattern="^key_[0-9a-f]{16}$")],
    example="key_1f2e3d4c5b6a7988",
)

ADD = {
    prefix: Operation(
        method="POST",
        path=f"{prefix}/api-keys",
        operation_id=f"addApiKey{version_of(prefix)}",
        tag=Tag.API_KEYS,
        scope=Scope.ADMIN,
        summary="Make an API key; its text is in this answer and nowhere else",
        description="A key never reaches beyond what its maker's role allows, and goes with its maker.",
        body=Body(
            kind=NewKey,
            examples={
                "A key for an ERP": {"name": "ERP", "scopes": ["products:read", "products:write"]},
                "A key for test shops": {"name": "Trial", "scopes": ["products:write"], "test": True},
            },
        ),
        answers={201: Answer(description="The key.", kind=told(prefix, AddedApiKey))},
        refusals={409: "The tenant has as many keys as it may have."},
    )
    for prefix in PREFIXES
}

ALL = {
    prefix: Operation(
        method="GET",
        path=f"{prefix}/api-keys",
        operation_id=f"listApiKeys{version_of(prefix)}",
        tag=Tag.API_KEYS,
        scope=Scope.ADMIN,
        summary="The tenant's API keys, revoked ones too",
        answers={200: Answer(description="Each by its first twelve characters.", kind=told(prefix, ApiKeys))},
    )
    for prefix in PREFIXES
}

REVOKE = {
    prefix: Operation(
        method="DELETE",
        path=f"{prefix}/api-keys/{{api_key_id}}",
        operation_id=f"revokeApiKey{version_of(prefix)}",
        tag=Tag.API_KEYS,
        scope=Scope.ADMIN,
        summary="Revoke an API key",
        parameters=[API_KEY_ID],
        answers={204: Answer(description="It is refused from now on, everywhere within five seconds.")},
    )
    for prefix in PREFIXES
}
