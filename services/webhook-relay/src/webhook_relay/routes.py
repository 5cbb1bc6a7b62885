"""The internal API through which the gateway keeps the endpoints of tenants.

Served on the service's own port only, behind a token that both services share. The tenant is the
gateway's word: it has authenticated the caller.
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from common.database import Database
from webhook_relay.addresses import UnusableUrl, check_url
from webhook_relay.bodies import EVENT_TYPES, EventType
from webhook_relay.endpoints import Endpoint
from webhook_relay.settings import RelaySettings
from webhook_relay.signing import new_secret
from webhook_relay.store.endpoints import EndpointExists, add_endpoint, delete_endpoint, endpoints_of

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class EndpointWanted(BaseModel):
    """Body of `POST /internal/webhooks`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    tenant: str = Field(min_length=1, max_length=64)
    url: str
    events: tuple[EventType, ...] = Field(EVENT_TYPES, min_length=1)


class InternalApi:
    """`POST`, `GET` and `DELETE /internal/webhooks`."""

    def __init__(self, database: Database, settings: RelaySettings) -> None:
        self._database = database
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        """The routes; none where no internal token is set."""
        token = self._settings.internal_token
        if token is None:
            log.warning("internal_api.not_served", cause="SKUWIRE_INTERNAL_TOKEN is not set")
            return []
        return [
            web.post("/internal/webhooks", _guarded(token, self.create)),
            web.get("/internal/webhooks", _guarded(token, self.show_all)),
            web.get("/internal/webhooks/{id}", _guarded(token, self.show)),
            web.delete("/internal/webhooks/{id}", _guarded(token, self.delete)),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """201 with the endpoint and its secret, which is shown this once."""
        try:
            wanted = EndpointWanted.model_validate_json(await request.read())
            url = check_url(
                wanted.url,
                allow_http=self._settings.allow_http_endpoints,
                allow_private=self._settings.allow_private_endpoints,
            )
        except ValidationError as error:
            return _refusal(422, "invalid", "The endpoint breaks a rule.", _details(error))
        except UnusableUrl as error:
            return _refusal(422, "invalid", "The endpoint breaks a rule.", [("url", str(error))])
        endpoint = Endpoint(
            id=uuid4(), tenant=wanted.tenant, url=str(url), events=wanted.events, secrets=(new_secret(),)
        )
        try:
            async with self._database.transaction() as connection:
                stored = await add_endpoint(connection, endpoint)
        except EndpointExists:
            return _refusal(409, "endpoint_exists", "There is an endpoint with this URL already.")
        log.info("endpoint.created", endpoint_id=str(stored.id), tenant=stored.tenant, host=url.host)
        return web.json_response({**_shown(stored), "secret": stored.secrets[0].text()}, status=201)

    async def show_all(self, request: web.Request) -> web.Response:
        """200 with the tenant's endpoints, without secrets."""
        endpoints = await self._endpoints(_tenant(request))
        return web.json_response({"webhooks": [_shown(endpoint) for endpoint in endpoints]})

    async def show(self, request: web.Request) -> web.Response:
        """200 with one endpoint, or 404."""
        endpoint_id = _id(request)
        for endpoint in await self._endpoints(_tenant(request)):
            if endpoint.id == endpoint_id:
                return web.json_response(_shown(endpoint))
        return _not_found()

    async def delete(self, request: web.Request) -> web.Response:
        """204, or 404; an endpoint of the settings is only removed there."""
        tenant, endpoint_id = _tenant(request), _id(request)
        if endpoint_id is None:
            return _not_found()
        async with self._database.transaction() as connection:
            deleted = await delete_endpoint(connection, tenant, endpoint_id)
        if not deleted:
            return _not_found()
        log.info("endpoint.deleted", endpoint_id=str(endpoint_id), tenant=tenant)
        return web.Response(status=204)

    async def _endpoints(self, tenant: str) -> list[Endpoint]:
        async with self._database.transaction() as connection:
            return await endpoints_of(connection, [tenant])


def _guarded(token: SecretStr, handler: Handler) -> Handler:
    expected = f"Bearer {token.get_secret_value()}".encode()

    async def guarded(request: web.Request) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(shown, expected):
            return _refusal(401, "unauthorized", "The internal token is missing or wrong.")
        try:
            return await handler(request)
        except _BadRequest as error:
            return _refusal(400, "bad_request", str(error))

    return guarded


class _BadRequest(Exception):
    """The request cannot be read."""


def _tenant(request: web.Request) -> str:
    tenant = request.query.get("tenant", "")
    if not tenant:
        raise _BadRequest("the query names no tenant")
    return tenant


def _id(request: web.Request) -> UUID | None:
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        return None


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "events": list(endpoint.events),
        "origin": endpoint.origin.value,
        "state": endpoint.state.value,
        "state_reason": endpoint.state_reason,
        "created_at": endpoint.created_at.isoformat() if endpoint.created_at else None,
    }


def _not_found() -> web.Response:
    return _refusal(404, "not_found", "There is no such webhook.")


def _details(error: ValidationError) -> list[tuple[str, str]]:
    return [(".".join(str(part) for part in e["loc"]), e["msg"]) for e in error.errors(include_input=False)]


def _refusal(status: int, code: str, message: str, details: Sequence[tuple[str, str]] = ()) -> web.Response:
    body = {
        "error": code,
        "message": message,
        "details": [{"field": field, "message": text} for field, text in details],
    }
    return web.json_response(body, status=status)
