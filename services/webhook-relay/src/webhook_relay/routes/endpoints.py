"""`/internal/webhooks`: the endpoints of tenants are made, changed, tried and forgotten."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import asyncpg
import structlog
from aiohttp import web
from yarl import URL

from common.database import RowsOf
from common.http.addresses import UnusableUrl
from common.http.internal import Refused, body_of, invalid
from webhook_relay.delivery import Answer, Answered, is_success
from webhook_relay.endpoints import Endpoint, EndpointState, Origin
from webhook_relay.posting import Poster
from webhook_relay.routes.asking import id_of, not_found, tenant_of
from webhook_relay.routes.forms import EndpointChange, EndpointWanted, TrialWanted
from webhook_relay.settings import RelaySettings
from webhook_relay.signing import OLD_SECRETS_SIGN_FOR, RotatedTooOften, new_secret
from webhook_relay.store.endpoints import (
    EndpointExists,
    add_endpoint,
    change_endpoint,
    count_made,
    delete_endpoint,
    endpoint_of,
    endpoints_of,
    lock_endpoints_of,
)
from webhook_relay.store.secrets import load_secrets, save_secrets
from webhook_relay.trying import TooManyTrials, Trials, trial

log = structlog.get_logger()


class EndpointRoutes:
    """What a tenant does with its endpoints."""

    def __init__(
        self, rows_of: RowsOf, settings: RelaySettings, poster: Poster, now: Callable[[], datetime]
    ) -> None:
        self._rows_of = rows_of
        self._settings = settings
        self._sealer = settings.sealer()
        self._poster = poster
        self._now = now
        self._trials = Trials()

    async def create(self, request: web.Request) -> web.Response:
        """201 with the endpoint and its secret, which is shown this once."""
        wanted = await body_of(request, EndpointWanted)
        url = self._checked(wanted.url)
        endpoint = Endpoint(
            id=uuid4(),
            tenant=wanted.tenant,
            url=str(url),
            events=wanted.events,
            shops=wanted.shops,
            description=wanted.description,
        )
        secret = new_secret()
        try:
            async with self._rows_of(wanted.tenant).transaction() as connection:
                await lock_endpoints_of(connection, wanted.tenant)
                stored = await add_endpoint(connection, endpoint, self._sealer.seal(secret, endpoint.id))
                if await count_made(connection, wanted.tenant) > self._settings.endpoints_per_tenant:
                    raise _too_many(self._settings.endpoints_per_tenant)
        except EndpointExists:
            raise _exists() from None
        log.info("endpoint.created", endpoint_id=str(stored.id), tenant=stored.tenant, host=url.host)
        return web.json_response({**_shown(stored), "secret": secret.text()}, status=201)

    async def show_all(self, request: web.Request) -> web.Response:
        """200 with the tenant's endpoints, without secrets."""
        async with self._rows_of(tenant_of(request)).transaction() as connection:
            endpoints = await endpoints_of(connection, [tenant_of(request)])
        return web.json_response({"webhooks": [_shown(endpoint) for endpoint in endpoints]})

    async def show(self, request: web.Request) -> web.Response:
        """200 with one endpoint, or 404."""
        async with self._rows_of(tenant_of(request)).transaction() as connection:
            return web.json_response(_shown(await asked_endpoint(connection, request)))

    async def change(self, request: web.Request) -> web.Response:
        """200 with the endpoint as it is now; what the body leaves out stays."""
        change = await body_of(request, EndpointChange)
        stated = {name: getattr(change, name) for name in change.model_fields_set}
        if "url" in stated:
            stated["url"] = str(self._checked(change.url))
        if "state" in stated:
            stated |= {"state": EndpointState(change.state), "state_reason": ""}
        try:
            async with self._rows_of(tenant_of(request)).transaction() as connection:
                endpoint = await _own_endpoint(connection, request)
                changed = await change_endpoint(connection, replace(endpoint, **stated))
        except EndpointExists:
            raise _exists() from None
        log.info("endpoint.changed", endpoint_id=str(changed.id), tenant=changed.tenant, what=sorted(stated))
        return web.json_response(_shown(changed))

    async def delete(self, request: web.Request) -> web.Response:
        """204, or 404; an endpoint of the settings is only removed there."""
        tenant, endpoint_id = tenant_of(request), id_of(request)
        async with self._rows_of(tenant).transaction() as connection:
            deleted = await delete_endpoint(connection, tenant, endpoint_id)
        if not deleted:
            raise not_found()
        log.info("endpoint.deleted", endpoint_id=str(endpoint_id), tenant=tenant)
        return web.Response(status=204)

    async def rotate(self, request: web.Request) -> web.Response:
        """200 with a new secret, shown this once; the one before signs beside it for 24 hours."""
        fresh, now = new_secret(), self._now()
        async with self._rows_of(tenant_of(request)).transaction() as connection:
            endpoint = await _own_endpoint(connection, request)
            secrets = await load_secrets(connection, self._sealer, endpoint.id)
            try:
                rotated = secrets.rotated(fresh, now)
            except RotatedTooOften:
                message = "Ten old secrets sign already; the oldest of them ends within 24 hours."
                raise Refused(409, "rotated_too_often", message) from None
            await save_secrets(connection, self._sealer, endpoint.id, rotated)
        log.info("endpoint.secret_rotated", endpoint_id=str(endpoint.id), tenant=endpoint.tenant)
        until = (now + OLD_SECRETS_SIGN_FOR).isoformat()
        return web.json_response({**_shown(endpoint), "secret": fresh.text(), "old_secret_until": until})

    async def test(self, request: web.Request) -> web.Response:
        """200 with what the endpoint says to a signed test webhook, sent now and only once.

        It is an example of the event that the body names, or a `webhook.test`.
        """
        wanted = await body_of(request, TrialWanted) if request.can_read_body else TrialWanted()
        async with self._rows_of(tenant_of(request)).transaction() as connection:
            endpoint = await asked_endpoint(connection, request)
            secrets = await load_secrets(connection, self._sealer, endpoint.id)
        webhook_id, attempt = trial(endpoint, secrets, self._now(), wanted.event)
        try:
            with self._trials.one_more(endpoint.tenant):
                answer = await self._poster.post(attempt)
        except TooManyTrials:
            message = "Too many tests are under way; try again in a moment."
            raise Refused(429, "too_many_tests", message) from None
        log.info("endpoint.tested", endpoint_id=str(endpoint.id), tenant=endpoint.tenant, **_heard(answer))
        return web.json_response(
            {
                "webhook_id": webhook_id,
                "delivered": is_success(answer),
                **_heard(answer),
                "seconds": round(answer.seconds, 3),
                "answer": answer.cut if isinstance(answer, Answered) else "",
            }
        )

    def _checked(self, text: str) -> URL:
        try:
            return self._settings.check_url(text)
        except UnusableUrl as error:
            raise invalid([("url", str(error))]) from None


async def asked_endpoint(
    connection: asyncpg.Connection, request: web.Request, *, lock: bool = False
) -> Endpoint:
    """The endpoint that the request is about. Raises a 404."""
    endpoint = await endpoint_of(connection, tenant_of(request), id_of(request), lock=lock)
    if endpoint is None:
        raise not_found()
    return endpoint


async def _own_endpoint(connection: asyncpg.Connection, request: web.Request) -> Endpoint:
    """The endpoint, locked, that the request is to change."""
    endpoint = await asked_endpoint(connection, request, lock=True)
    if endpoint.origin is Origin.SETTINGS:
        raise Refused(409, "configured", "This webhook stands in the settings, and is only changed there.")
    return endpoint


def _heard(answer: Answer) -> dict[str, int | str | None]:
    if isinstance(answer, Answered):
        return {"status": answer.status, "cause": None}
    return {"status": None, "cause": answer.cause}


def _exists() -> Refused:
    return Refused(409, "endpoint_exists", "There is an endpoint with this URL already.")


def _too_many(most: int) -> Refused:
    message = f"There are {most} webhooks already, and no more may be there; remove one that is not needed."
    return Refused(409, "too_many_endpoints", message)


def _shown(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.id),
        "url": endpoint.url,
        "events": list(endpoint.events),
        "shops": None if endpoint.shops is None else list(endpoint.shops),
        "description": endpoint.description,
        "origin": endpoint.origin.value,
        "state": endpoint.state.value,
        "state_reason": endpoint.state_reason,
        "failing_since": _time(endpoint.failing_since),
        "created_at": _time(endpoint.created_at),
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
