"""What the routes share: whose endpoints, and which."""

from uuid import UUID

from aiohttp import web

from common.http.internal import Refused


def not_found() -> Refused:
    """404, for an endpoint of another tenant too."""
    return Refused(404, "not_found", "There is no such webhook.")


def tenant_of(request: web.Request) -> str:
    """Whose webhooks, by the gateway's word: it has authenticated the caller."""
    tenant = request.query.get("tenant", "")
    if not tenant:
        raise Refused(400, "bad_request", "the query names no tenant")
    return tenant


def id_of(request: web.Request, name: str = "id") -> UUID:
    """An id in the path."""
    try:
        return UUID(request.match_info[name])
    except ValueError:
        raise not_found() from None
