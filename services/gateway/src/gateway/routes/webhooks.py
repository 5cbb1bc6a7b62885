"""`/api/v1/webhooks`: subscriptions, kept by webhook-relay and reached through its internal API."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from common.messages import Reason
from common.shops import Shops
from gateway.body import read_json
from gateway.dialects.bulk import presentable
from gateway.errors import Refusal, not_found, unavailable, unreadable, violated
from gateway.operations import webhooks
from gateway.routing import Route
from gateway.surface import CALLER

TIMEOUT_SECONDS = 10
TRIAL_SECONDS = 15  # the relay gives an endpoint as long
TEST_TIMEOUT_SECONDS = TRIAL_SECONDS + 10


class WebhookRoutes:
    """Passes on what a tenant wants of its webhooks; the relay judges it."""

    def __init__(
        self, http: aiohttp.ClientSession, relay_url: str | None, token: SecretStr | None, shops: Shops
    ) -> None:
        self._http = http
        self._relay_url = relay_url.rstrip("/") if relay_url else None
        self._token = token
        self._shops = shops

    def routes(self) -> list[Route]:
        return [
            Route(webhooks.ADD, self.post),
            Route(webhooks.ALL, self.ask),
            Route(webhooks.ONE, self.ask),
            Route(webhooks.CHANGE, self.tell),
            Route(webhooks.REMOVE, self.delete),
            Route(webhooks.ROTATE_SECRET, self.ask),
            Route(webhooks.TEST, self.test),
            Route(webhooks.RECOVER, self.tell),
            Route(webhooks.DELIVERIES, self.ask),
            Route(webhooks.REPLAY, self.tell),
            Route(webhooks.DELIVERY, self.ask),
            Route(webhooks.REPLAY_ONE, self.ask),
        ]

    async def post(self, request: web.Request) -> web.Response:
        """201 with the subscription and its secret, which is shown this once."""
        body = await self._body(request)
        status, data = await self._ask("POST", "", json={**body, "tenant": request[CALLER].tenant})
        return _success(data, status)

    async def ask(self, request: web.Request) -> web.Response:
        """What the relay says to a request without a body."""
        status, data = await self._ask(request.method, _path(request), params=_query(request))
        return _success(data, status)

    async def tell(self, request: web.Request) -> web.Response:
        """What the relay says to a request with a body."""
        body = await self._body(request)
        status, data = await self._ask(request.method, _path(request), params=_query(request), json=body)
        return _success(data, status)

    async def test(self, request: web.Request) -> web.Response:
        """200 with what the endpoint said to a test webhook, of the event that a body names."""
        body = await self._body(request) if request.can_read_body else None
        status, data = await self._ask(
            "POST", _path(request), params=_query(request), json=body, timeout_seconds=TEST_TIMEOUT_SECONDS
        )
        return _success(data, status)

    async def delete(self, request: web.Request) -> web.Response:
        """204, or 404."""
        await self._ask("DELETE", _path(request), params=_query(request))
        return web.Response(status=204)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        body = await read_json(request)
        if not isinstance(body, dict):
            raise unreadable("The body must be a JSON object.")
        if "tenant" in body:
            message = "The tenant is that of the credential."
            raise violated([Reason(code="field_unknown", field="tenant", message=message)])
        if violations := self._unknown_shops(body.get("shops"), request[CALLER].tenant):
            raise violated(violations)
        return {name: presentable(value) for name, value in body.items()}

    def _unknown_shops(self, names: object, tenant: str) -> list[Reason]:
        """A webhook for a shop that the tenant has not would never be sent."""
        if not isinstance(names, list):
            return []
        known = {shop.id for shop in self._shops.of_tenant(tenant)}
        message = "There is no such shop; leave shops out to hear of all."
        return [
            Reason(code="shop_unknown", field=f"shops.{place}", message=message)
            for place, name in enumerate(names)
            if isinstance(name, str) and name not in known
        ]

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> tuple[int, Any]:
        if self._relay_url is None or self._token is None:
            raise unavailable("Webhooks are not set up here.")
        try:
            async with self._http.request(
                method,
                f"{self._relay_url}/internal/webhooks{path}",
                json=json,
                params=params,
                headers={"Authorization": f"Bearer {self._token.get_secret_value()}"},
                timeout=aiohttp.ClientTimeout(total=timeout_seconds),
                allow_redirects=False,
            ) as answer:
                data: Any = await answer.json() if answer.status != 204 else None
        except aiohttp.ClientConnectorError:
            raise unavailable("The webhook service is away; nothing was changed.") from None
        except (aiohttp.ClientError, TimeoutError):  # it may have been carried out: no 503
            message = "The webhook service gave no answer; look what holds before you repeat it."
            raise Refusal(504, "webhook_service_silent", message) from None
        if answer.status >= 400:
            raise _refusal_of(answer.status, data)
        return answer.status, data


def _query(request: web.Request) -> dict[str, str]:
    """The caller's query, for its own tenant."""
    return {**request.query, "tenant": request[CALLER].tenant}


def _path(request: web.Request) -> str:
    """What follows `/api/v1/webhooks`; ids that are none are nowhere to be found."""
    for text in request.match_info.values():
        try:
            UUID(text)
        except ValueError:
            raise not_found("There is no such webhook.") from None
    return request.path.removeprefix(webhooks.ALL.path)


def _success(data: object, status: int) -> web.Response:
    return web.json_response({"status": "success", "data": data}, status=status)


def _refusal_of(status: int, data: Mapping[str, Any]) -> Refusal:
    if status in {401, 500}:
        return unavailable("The webhook service did not carry it out; nothing was changed.")
    details = [
        Reason(code="", field=entry["field"], message=entry["message"]) for entry in data.get("details", [])
    ]
    headers = {"Retry-After": str(TRIAL_SECONDS)} if status == 429 else {}  # tests of webhooks are under way
    return Refusal(status, data.get("error", "refused"), data.get("message", "Refused."), details, headers)
