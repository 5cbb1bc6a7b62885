"""Operations on API keys, below both prefixes of the login."""

from gateway.access.scopes import Scope
from gateway.operations.auth import PREFIXES, version_of
from gateway.operations.operation import Operation, Tag

ADD = {
    prefix: Operation(
        method="POST",
        path=f"{prefix}/api-keys",
        operation_id=f"addApiKey{version_of(prefix)}",
        tag=Tag.API_KEYS,
        scope=Scope.ADMIN,
        summary="Make an API key; its text is in this answer and nowhere else",
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
    )
    for prefix in PREFIXES
}
