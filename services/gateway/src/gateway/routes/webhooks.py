"""`/api/v1/webhooks`: subscriptions, kept by webhook-relay and reached through its internal API."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from common.messages import Reason
from gateway.body import read_json
from gateway.dialects.bulk import presentable
from gateway.errors import Refusal, not_found, unavailable, unreadable, violated
from gateway.surface import CALLER

TIMEOUT_SECONDS = 10


class WebhookRoutes:
    """Passes on what a tenant wants of its webhooks; the relay judges it."""

    def __init__(self, http: aiohttp.ClientSession, relay_url: str | None, token: SecretStr | None) -> None:
        self._http = http
        self._relay_url = relay_url.rstrip("/") if relay_url else None
        self._token = token

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/webhooks", self.post),
            web.get("/api/v1/webhooks", self.get),
            web.delete("/api/v1/webhooks/{id}", self.delete),
        ]

    async def post(self, request: web.Request) -> web.Response:
        """201 with the subscription and its secret, which is shown this once."""
        body = await read_json(request)
        if not isinstance(body, dict):
            raise unreadable("The body must be a JSON object with url and events.")
        if "tenant" in body:
            message = "The tenant is that of the credential."
            raise violated([Reason(code="field_unknown", field="tenant", message=message)])
        wanted = {**presentable(body), "tenant": request[CALLER].tenant}
        status, data = await self._ask("POST", "", json=wanted)
        return _success(data, status)

    async def get(self, request: web.Request) -> web.Response:
        """200 with the tenant's subscriptions, without secrets."""
        status, data = await self._ask("GET", "", params={"tenant": request[CALLER].tenant})
        return _success(data, status)

    async def delete(self, request: web.Request) -> web.Response:
        """204, or 404."""
        try:
            webhook_id = UUID(request.match_info["id"])
        except ValueError:
            raise not_found("There is no such webhook.") from None
        await self._ask("DELETE", f"/{webhook_id}", params={"tenant": request[CALLER].tenant})
        return web.Response(status=204)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
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
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                allow_redirects=False,
            ) as answer:
                data: Any = await answer.json() if answer.status != 204 else None
        except (aiohttp.ClientError, TimeoutError):
            raise unavailable("The webhook service is away; nothing was changed.") from None
        if answer.status >= 400:
            raise _refusal_of(answer.status, data)
        return answer.status, data


def _success(data: object, status: int) -> web.Response:
    return web.json_response({"status": "success", "data": data}, status=status)


def _refusal_of(status: int, data: Mapping[str, Any]) -> Refusal:
    if status in {401, 500}:
        return unavailable("The webhook service did not carry it out; nothing was changed.")
    details = [
        Reason(code="", field=entry["field"], message=entry["message"]) for entry in data.get("details", [])
    ]
    return Refusal(status, data.get("error", "refused"), data.get("message", "Refused."), details)
