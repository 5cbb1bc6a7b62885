"""`/api/auth` and `/api/v1/auth`: log in, go on, log out, who am I."""

from aiohttp import web

from gateway.access import user_store
from gateway.access.forms import read_login, read_password_change, read_refresh_token
from gateway.access.logins import Logins, Tokens
from gateway.access.scopes import Scope
from gateway.access.user_store import User
from gateway.answers import access as answers
from gateway.body import read_json
from gateway.envelopes import enveloped
from gateway.errors import Refusal, unauthorized
from gateway.operations import auth
from gateway.routing import Route
from gateway.surface import CALLER, Surface


class AuthRoutes:
    """Credentials in, tokens out."""

    def __init__(self, surface: Surface, logins: Logins) -> None:
        self._surface = surface
        self._logins = logins

    def routes(self) -> list[Route]:
        return [
            route
            for prefix in auth.PREFIXES
            for route in (
                Route(auth.LOG_IN[prefix], self.log_in),
                Route(auth.REFRESH[prefix], self.refresh),
                Route(auth.LOG_OUT[prefix], self.log_out),
                Route(auth.WHO_CALLS[prefix], self.me),
                Route(auth.CHANGE_PASSWORD[prefix], self.change_password),
            )
        ]

    async def log_in(self, request: web.Request) -> web.Response:
        """200 with access and refresh token; 401, 429."""
        sent = read_login(await read_json(request))
        tokens = await self._logins.log_in(sent.email, sent.password, self._surface.address_of(request))
        return enveloped(request, self._told(tokens), "Logged in")

    async def refresh(self, request: web.Request) -> web.Response:
        """200 with the next access and refresh token; 401, 429."""
        token = read_refresh_token(await read_json(request))
        tokens = await self._logins.refresh(token, self._surface.address_of(request))
        return enveloped(request, self._told(tokens), "Refreshed")

    async def log_out(self, request: web.Request) -> web.Response:
        """200: the session of the refresh token in the body, or of the access token, has ended."""
        if request.can_read_body:
            await self._logins.log_out(read_refresh_token(await read_json(request)))
        elif "Authorization" in request.headers:
            await self._logins.end_session(self._surface.gate.session_of(request.headers))
        else:
            raise unauthorized("Send the refresh token in the body, or the access token as a header.")
        return enveloped(request, None, "Logged out")

    async def me(self, request: web.Request) -> web.Response:
        """200 with who calls and what it may do."""
        caller, user = request[CALLER], await self._user(request)
        shops = self._surface.shops.of_tenant(caller.tenant)
        data: answers.WhoCalls = {
            "user_id": user.user_id,
            "email": user.email,
            "role": user.role,
            "tenant_id": user.tenant,
            "scopes": [scope for scope in Scope if scope in caller.scopes],
            "api_key_id": caller.api_key_id,
            "shops": [shop.id for shop in shops if self._surface.sees(caller, shop.id)],
        }
        return enveloped(request, data, "You are logged in")

    async def change_password(self, request: web.Request) -> web.Response:
        """200 with the tokens of a session under the new password; all others have ended. 409, 422, 429."""
        user = await self._user(request)
        if request[CALLER].api_key_id is not None:
            message = "An API key has no password; log in with e-mail address and password."
            raise Refusal(409, "not_a_login", message)
        sent = read_password_change(await read_json(request), user.email)
        tokens = await self._logins.change_password(
            user, sent.current, sent.new, self._surface.address_of(request)
        )
        return enveloped(request, self._told(tokens), "Password changed")

    async def _user(self, request: web.Request) -> User:
        caller = request[CALLER]
        async with self._surface.rows(request).transaction() as connection:
            user = await user_store.user_by_id(connection, caller.tenant, caller.subject)
        if user is None:
            raise unauthorized("The user is no longer there.", token_was_sent=True)
        return user

    def _told(self, tokens: Tokens) -> answers.Tokens:
        return {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "token_type": "bearer",
            "expires_in": self._surface.settings.access_token_seconds,
        }
