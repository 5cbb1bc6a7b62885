"""What the routes share: who asks, for which endpoint, and how a refusal is answered."""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel, SecretStr, ValidationError

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
F = TypeVar("F", bound=BaseModel)


class Refused(Exception):
    """The request is answered with a refusal. `details` are pairs of field and sentence."""

    def __init__(self, status: int, code: str, message: str, details: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def response(self) -> web.Response:
        body = {
            "error": self.code,
            "message": self.message,
            "details": [{"field": field, "message": text} for field, text in self.details],
        }
        return web.json_response(body, status=self.status)


def guarded(token: SecretStr, handler: Handler) -> Handler:
    """The handler, for whoever shows the token."""
    expected = f"Bearer {token.get_secret_value()}".encode()

    async def guarding(request: web.Request) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "").encode(errors="replace")
        if not hmac.compare_digest(shown, expected):
            return Refused(401, "unauthorized", "The internal token is missing or wrong.").response()
        try:
            return await handler(request)
        except Refused as refused:
            return refused.response()
        except ValidationError as error:
            return invalid(_details(error)).response()

    return guarding


def invalid(details: Sequence[tuple[str, str]]) -> Refused:
    """422: it can be read, but breaks a rule."""
    return Refused(422, "invalid", "The request breaks a rule.", details)


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


async def body_of(request: web.Request, form: type[F]) -> F:
    """The body, checked. Raises pydantic's `ValidationError`."""
    return form.model_validate_json(await request.read())


def _details(error: ValidationError) -> list[tuple[str, str]]:
    return [(".".join(str(part) for part in e["loc"]), e["msg"]) for e in error.errors(include_input=False)]
