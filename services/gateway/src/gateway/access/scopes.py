"""Roles and scopes: what a user may do, and what an API key may be given."""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a user is within its tenant."""

    ADMIN = "admin"
    MANAGER = "manager"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What a route may need. Those of seed 001, and two for webhooks, of which it knows none."""

    PRODUCTS_READ = "products:read"
    PRODUCTS_WRITE = "products:write"
    PRODUCTS_DELETE = "products:delete"
    IMPORTS_WRITE = "imports:write"
    EXPORTS_READ = "exports:read"
    SUPPLIERS_READ = "suppliers:read"
    CONNECTORS_SYNC = "connectors:sync"
    ANALYTICS_READ = "analytics:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin:*"


_OF_VIEWERS = frozenset(
    {Scope.PRODUCTS_READ, Scope.EXPORTS_READ, Scope.SUPPLIERS_READ, Scope.ANALYTICS_READ, Scope.WEBHOOKS_READ}
)
_OF_MANAGERS = _OF_VIEWERS | {
    Scope.PRODUCTS_WRITE,
    Scope.PRODUCTS_DELETE,
    Scope.IMPORTS_WRITE,
    Scope.CONNECTORS_SYNC,
    Scope.WEBHOOKS_WRITE,
}

SCOPES_OF_ROLE: Mapping[Role, frozenset[Scope]] = {
    Role.VIEWER: _OF_VIEWERS,
    Role.MANAGER: _OF_MANAGERS,
    Role.ADMIN: frozenset(Scope),
}

NOT_FOR_TEST_KEYS = frozenset({Scope.ADMIN, Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE})
"""Users, keys and webhooks belong to the whole tenant, live shops included."""


def granted(scopes: Iterable[Scope], role: Role) -> frozenset[Scope]:
    """What a key may do: its scopes, as far as its creator's role reaches today.

    `admin:*` stands for all of them.
    """
    wanted = frozenset(scopes)
    return SCOPES_OF_ROLE[role] & (frozenset(Scope) if Scope.ADMIN in wanted else wanted)
