"""Internal APIs: served on a service's own port, behind a token that the gateway shares.

Whom a request is for is the gateway's word: it has authenticated the caller.
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

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


async def body_of(request: web.Request, form: type[F]) -> F:
    """The body, checked. Raises pydantic's `ValidationError`."""
    return form.model_validate_json(await request.read())


def _details(error: ValidationError) -> list[tuple[str, str]]:
    return [(".".join(str(part) for part in e["loc"]), e["msg"]) for e in error.errors(include_input=False)]
