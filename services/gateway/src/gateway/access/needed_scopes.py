"""What each route needs: one table, held against the router by a test.

A route that is not in it is closed.
"""

from collections.abc import Mapping

from gateway.access.scopes import Scope

ANY_CALLER = frozenset[Scope]()

PUBLIC = frozenset(
    {
        ("POST", "/api/auth/login"),
        ("POST", "/api/v1/auth/login"),
        ("POST", "/api/auth/refresh"),
        ("POST", "/api/v1/auth/refresh"),
        ("POST", "/api/auth/logout"),  # the refresh or access token in it is what is ended
        ("POST", "/api/v1/auth/logout"),
        ("POST", "/api/webhooks/gesmart/products"),  # vouched for by its signature
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
    }
)

_NEEDED: Mapping[tuple[str, str], Scope | None] = {
    ("GET", "/api/auth/me"): None,
    ("GET", "/api/v1/auth/me"): None,
    ("GET", "/api/auth/api-keys"): Scope.ADMIN,
    ("GET", "/api/v1/auth/api-keys"): Scope.ADMIN,
    ("POST", "/api/auth/api-keys"): Scope.ADMIN,
    ("POST", "/api/v1/auth/api-keys"): Scope.ADMIN,
    ("DELETE", "/api/auth/api-keys/{api_key_id}"): Scope.ADMIN,
    ("DELETE", "/api/v1/auth/api-keys/{api_key_id}"): Scope.ADMIN,
    ("GET", "/api/v1/users"): Scope.ADMIN,
    ("POST", "/api/v1/users"): Scope.ADMIN,
    ("GET", "/api/v1/users/{user_id}"): Scope.ADMIN,
    ("PATCH", "/api/v1/users/{user_id}"): Scope.ADMIN,
    ("DELETE", "/api/v1/users/{user_id}"): Scope.ADMIN,
    ("POST", "/api/products/sync"): Scope.PRODUCTS_WRITE,
    ("POST", "/api/products/sync/batch"): Scope.PRODUCTS_WRITE,
    ("GET", "/api/products/sync"): Scope.PRODUCTS_READ,
    ("GET", "/api/products/sync/{sync_id}"): Scope.PRODUCTS_READ,
    ("POST", "/api/products/sync/{sync_id}/retry"): Scope.PRODUCTS_WRITE,
    ("POST", "/api/products/sync/{sync_id}/cancel"): Scope.PRODUCTS_WRITE,
    ("DELETE", "/api/products/sync/{reference}"): Scope.PRODUCTS_DELETE,
    ("POST", "/api/products/bulk"): Scope.PRODUCTS_WRITE,
    ("GET", "/api/products/bulk/{bulk_id}"): Scope.PRODUCTS_READ,
    ("GET", "/api/products/bulk/{bulk_id}/chunks/{partition}"): Scope.PRODUCTS_READ,
    ("POST", "/api/products/bulk/{bulk_id}/cancel"): Scope.PRODUCTS_WRITE,
    ("PUT", "/api/v1/media/{sha256}"): Scope.PRODUCTS_WRITE,
    ("HEAD", "/api/v1/media/{sha256}"): Scope.PRODUCTS_WRITE,  # asked before sending
    ("GET", "/api/v1/webhooks"): Scope.WEBHOOKS_READ,
    ("POST", "/api/v1/webhooks"): Scope.WEBHOOKS_WRITE,
    ("GET", "/api/v1/webhooks/{id}"): Scope.WEBHOOKS_READ,
    ("PATCH", "/api/v1/webhooks/{id}"): Scope.WEBHOOKS_WRITE,
    ("DELETE", "/api/v1/webhooks/{id}"): Scope.WEBHOOKS_WRITE,
    ("POST", "/api/v1/webhooks/{id}/rotate-secret"): Scope.WEBHOOKS_WRITE,
    ("POST", "/api/v1/webhooks/{id}/test"): Scope.WEBHOOKS_WRITE,
    ("POST", "/api/v1/webhooks/{id}/recover"): Scope.WEBHOOKS_WRITE,
    ("GET", "/api/v1/webhooks/{id}/deliveries"): Scope.WEBHOOKS_READ,
    ("POST", "/api/v1/webhooks/{id}/deliveries/replay"): Scope.WEBHOOKS_WRITE,
    ("GET", "/api/v1/webhooks/{id}/deliveries/{delivery_id}"): Scope.WEBHOOKS_READ,
    ("POST", "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay"): Scope.WEBHOOKS_WRITE,
}


def is_public(method: str, path: str) -> bool:
    """Whether nobody needs to say who calls. `path` is the route's, with its names in braces."""
    return (method, path) in PUBLIC or (method == "HEAD" and ("GET", path) in PUBLIC)


def needed_scopes(method: str, path: str) -> frozenset[Scope] | None:
    """The scope that a caller needs, in a set; `ANY_CALLER` for none, None for a route that is closed."""
    for key in ((method, path), ("GET" if method == "HEAD" else method, path)):
        if key in _NEEDED:
            scope = _NEEDED[key]
            return ANY_CALLER if scope is None else frozenset({scope})
    return None
