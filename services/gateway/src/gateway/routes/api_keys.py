"""`/api/auth/api-keys` and `/api/v1/auth/api-keys`: keys for machines, shown once."""

import re
import secrets
from datetime import UTC, datetime

import structlog
from aiohttp import web

from gateway.access import key_store
from gateway.access.caller import Caller
from gateway.access.forms import NewKey, read_new_key
from gateway.access.key_store import ApiKey
from gateway.access.key_texts import SHOWN_CHARACTERS, digests, new_api_key
from gateway.access.standing import Standing
from gateway.access.times import in_seconds
from gateway.answers.access import AddedApiKey, ApiKeys, ShownApiKey
from gateway.body import read_json
from gateway.envelopes import enveloped
from gateway.errors import Refusal, forbidden, not_found, unauthorized
from gateway.operations import api_keys
from gateway.operations.auth import PREFIXES
from gateway.routing import Route
from gateway.surface import CALLER, Surface

log = structlog.get_logger()

MAX_KEYS = 500
API_KEY_ID = re.compile(r"key_[0-9a-f]{16}")


class ApiKeyRoutes:
    """Keys of the tenant."""

    def __init__(self, surface: Surface, standing: Standing) -> None:
        self._surface = surface
        self._secrets = surface.settings.credential_secrets()
        self._standing = standing

    def routes(self) -> list[Route]:
        return [
            route
            for prefix in PREFIXES
            for route in (
                Route(api_keys.ADD[prefix], self.post),
                Route(api_keys.ALL[prefix], self.get),
                Route(api_keys.REVOKE[prefix], self.delete),
            )
        ]

    async def post(self, request: web.Request) -> web.Response:
        """201 as seed 001: the key is in this answer and nowhere else. 403 for scopes beyond the caller's."""
        caller, now = request[CALLER], datetime.now(UTC)
        wanted = read_new_key(await read_json(request), now)
        _may_give(caller, wanted)
        text = new_api_key(test=wanted.test)
        key = ApiKey(
            api_key_id=f"key_{secrets.token_hex(8)}",
            key_start=text[:SHOWN_CHARACTERS],
            name=wanted.name,
            scopes=wanted.scopes,
            test=wanted.test,
            created_by=caller.subject,
            created_at=now,
            expires_at=wanted.expires_at,
            last_used_at=None,
            revoked_at=None,
        )
        async with self._surface.rows(request).transaction() as connection:
            if await key_store.count_api_keys(connection, caller.tenant) >= MAX_KEYS:
                raise Refusal(409, "too_many_keys", f"A tenant has at most {MAX_KEYS} keys; revoke some.")
            if not await key_store.add_api_key(
                connection, caller.tenant, key, digests(text, self._secrets)[0]
            ):
                raise unauthorized("The user is no longer there.", token_was_sent=True)
        log.info("api_key.created", api_key_id=key.api_key_id, tenant=caller.tenant, by=caller.subject)
        data: AddedApiKey = {
            "api_key_id": key.api_key_id,
            "name": key.name,
            "key": text,
            "scopes": list(key.scopes),
            "created_at": in_seconds(key.created_at),
            "expires_at": in_seconds(key.expires_at),
        }
        return enveloped(request, data, "API key created", status=201)

    async def get(self, request: web.Request) -> web.Response:
        """200 with the tenant's keys, revoked ones too; each by its first twelve characters."""
        async with self._surface.rows(request).transaction() as connection:
            keys = await key_store.api_keys_of_tenant(connection, request[CALLER].tenant)
        return enveloped(request, ApiKeys(api_keys=[_shown(key) for key in keys]), "API keys")

    async def delete(self, request: web.Request) -> web.Response:
        """204: the key is refused from now on, by other replicas within five seconds. 404."""
        caller, api_key_id = request[CALLER], request.match_info["api_key_id"]
        async with self._surface.rows(request).transaction() as connection:
            found = API_KEY_ID.fullmatch(api_key_id) and await key_store.revoke_api_key(
                connection, caller.tenant, api_key_id
            )
        if not found:
            raise not_found("There is no such API key.")
        self._standing.changed()
        log.info("api_key.revoked", api_key_id=api_key_id, tenant=caller.tenant, by=caller.subject)
        return web.Response(status=204)


def _may_give(caller: Caller, wanted: NewKey) -> None:
    for scope in wanted.scopes:
        if scope not in caller.scopes:
            raise forbidden(scope)
    if not caller.works_with(test_shop=wanted.test):
        raise Refusal(403, "wrong_kind_of_key", "A live key makes live keys; log in to make a test key.")


def _shown(key: ApiKey) -> ShownApiKey:
    return {
        "api_key_id": key.api_key_id,
        "name": key.name,
        "key_start": key.key_start,
        "scopes": list(key.scopes),
        "test": key.test,
        "created_by": key.created_by,
        "created_at": in_seconds(key.created_at),
        "expires_at": in_seconds(key.expires_at),
        "last_used_at": in_seconds(key.last_used_at),
        "revoked_at": in_seconds(key.revoked_at),
    }
