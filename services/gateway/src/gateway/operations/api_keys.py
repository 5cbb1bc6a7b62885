"""Operations on API keys, below both prefixes of the login."""

from gateway.access.scopes import Scope
from gateway.operations.auth import version_of
from gateway.operations.operation import Operation, Tag


def add(prefix: str) -> Operation:
    """A new key."""
    return Operation(
        method="POST",
        path=f"{prefix}/api-keys",
        operation_id=f"addApiKey{version_of(prefix)}",
        tag=Tag.API_KEYS,
        scope=Scope.ADMIN,
        summary="Make an API key; its text is in this answer and nowhere else",
    )


def all_of_tenant(prefix: str) -> Operation:
    """All keys."""
    return Operation(
        method="GET",
        path=f"{prefix}/api-keys",
        operation_id=f"listApiKeys{version_of(prefix)}",
        tag=Tag.API_KEYS,
        scope=Scope.ADMIN,
        summary="The tenant's API keys, revoked ones too",
    )


def revoke(prefix: str) -> Operation:
    """The end of a key."""
    return Operation(
        method="DELETE",
        path=f"{prefix}/api-keys/{{api_key_id}}",
        operation_id=f"revokeApiKey{version_of(prefix)}",
        tag=Tag.API_KEYS,
        scope=Scope.ADMIN,
        summary="Revoke an API key",
    )
