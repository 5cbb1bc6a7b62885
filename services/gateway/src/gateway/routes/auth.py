"""`POST /api/auth/login` and `/api/v1/auth/login`."""

from typing import Any

from aiohttp import web

from common.messages import Reason
from gateway import store
from gateway.authentication import Caller
from gateway.body import read_json
from gateway.errors import unauthorized, unreadable, violated
from gateway.surface import Surface

MAX_CREDENTIAL_CHARACTERS = 1024


class AuthRoutes:
    """Credentials in, access token out."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/auth/login", self.login_of_sync),
            web.post("/api/v1/auth/login", self.login_of_manager),
        ]

    async def login_of_sync(self, request: web.Request) -> web.Response:
        """200 in seed 000's envelope."""
        data = await self._login(request)
        return _private({"success": True, "message": "Logged in", "data": data})

    async def login_of_manager(self, request: web.Request) -> web.Response:
        """200 in seed 001's envelope."""
        return _private({"status": "success", "data": await self._login(request)})

    async def _login(self, request: web.Request) -> dict[str, Any]:
        email, password = await _credentials(request)
        async with self._surface.database.transaction() as connection:
            user = await store.password_hash_of(connection, email)
        tenant, password_hash = user or ("", None)
        if not await self._surface.passwords.matches(password, password_hash):
            raise unauthorized("E-mail address or password is wrong.")
        tokens = self._surface.tokens
        return {
            "access_token": tokens.issue(Caller(email, tenant)),
            "token_type": "bearer",
            "expires_in": tokens.valid_seconds,
        }


async def _credentials(request: web.Request) -> tuple[str, str]:
    body = await read_json(request)
    if not isinstance(body, dict):
        raise unreadable("The body must be a JSON object with email and password.")
    wrong = [
        Reason(code="field_missing", field=name, message=f"{name} is required, as a text.")
        for name in ("email", "password")
        if not isinstance(body.get(name), str) or not 0 < len(body[name]) <= MAX_CREDENTIAL_CHARACTERS
    ]
    if wrong:
        raise violated(wrong)
    return body["email"].strip().lower(), body["password"]


def _private(body: dict[str, Any]) -> web.Response:
    return web.json_response(body, headers={"Cache-Control": "no-store"})
