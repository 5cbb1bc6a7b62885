"""What all routes share: who calls, for which shop, under which trace, and how a refusal is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import asyncpg
import structlog
from aiohttp import web
from opentelemetry import trace

from common.database.pool import UNAVAILABLE, Database
from common.messages import Reason
from common.messaging.envelope import context_of
from common.shops import Shops
from common.telemetry import tracer
from gateway.accepting import Admission
from gateway.authentication import AccessTokens, Caller, Passwords, TokenRefused
from gateway.body import SMALL_BODY_BYTES, BodyBudget, check_json, chunks_of, parsed
from gateway.drafts import Draft, RefusedItem
from gateway.errors import Refusal, body_of, not_found, unauthorized, unavailable, violated
from gateway.media import Media
from gateway.settings import GatewaySettings
from gateway.strict_json import Json
from gateway.submissions import Kind, Origin
from gateway.waiting import Waiting

log = structlog.get_logger()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ReadProducts = Callable[[Json], Sequence[Draft | RefusedItem]]

CALLER = web.RequestKey("caller", Caller)
PUBLIC_PATHS = frozenset({"/api/auth/login", "/api/v1/auth/login", "/healthz", "/readyz", "/metrics"})

DATABASE_AWAY = (
    *UNAVAILABLE,
    asyncpg.CannotConnectNowError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.SerializationError,
)


@dataclass(frozen=True)
class Surface:
    """What the routes work with."""

    settings: GatewaySettings
    database: Database
    shops: Shops
    admission: Admission
    media: Media
    tokens: AccessTokens
    passwords: Passwords
    waiting: Waiting
    bodies: BodyBudget

    def application(self) -> web.Application:
        """An application without routes, in which every route but the public ones needs a caller."""
        app = web.Application(middlewares=[answering, self._authenticating])
        app.on_response_prepare.append(_hide_server)
        return app

    @web.middleware
    async def _authenticating(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        exists = request.match_info.http_exception is None
        if exists and request.path not in PUBLIC_PATHS:
            request[CALLER] = self._caller(request)
        return await handler(request)

    def _caller(self, request: web.Request) -> Caller:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized("Send the access token as Authorization: Bearer …")
        try:
            caller = self.tokens.check(token.strip())
        except TokenRefused as error:
            raise unauthorized(str(error), token_was_sent=True) from None
        wanted = request.headers.get("X-Tenant-Id", caller.tenant)
        if wanted != caller.tenant:
            raise Refusal(403, "tenant_differs", "X-Tenant-Id is not the tenant of the credential.")
        return caller

    def origin(self, request: web.Request, kind: Kind) -> Origin:
        """Where a submission goes: `?shop=`, `X-Shop-Id`, else the tenant's first shop."""
        caller = request[CALLER]
        names = [shop.id for shop in self.shops.of_tenant(caller.tenant)]
        asked = request.query.get("shop") or request.headers.get("X-Shop-Id")
        if asked is None and names:
            return Origin(caller.tenant, names[0], kind, current_trace_id())
        if asked in names:
            return Origin(caller.tenant, str(asked), kind, current_trace_id())
        known = f"The shops of this tenant are: {', '.join(names)}." if names else "This tenant has no shop."
        raise violated([Reason(code="shop_unknown", field="shop", message=known)])

    async def products(self, request: web.Request, read: ReadProducts) -> list[Draft | RefusedItem]:
        """What `read` makes of the body, its pictures stored.

        The body is counted against the memory for bodies while it is worked on.
        """
        limit = self.settings.products_body_max_bytes
        check_json(request, limit)
        length = limit if request.content_length is None else request.content_length
        async with self.bodies.hold(length):
            remaining, pictures = await self.media.cut_out(chunks_of(request, limit))
            body = await parsed(remaining)
            entries = await asyncio.to_thread(read, body) if length > SMALL_BODY_BYTES else read(body)
            return await self.media.refer_to_images(entries, pictures)


def current_trace_id() -> str | None:
    """The trace id of the request that is being answered."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def json_id(request: web.Request, name: str, prefix: str) -> str:
    """An id of ours in the path; anything else is nowhere to be found."""
    value = request.match_info[name]
    digits = value.removeprefix(prefix)
    if digits == value or not (digits.isascii() and digits.isalnum()):
        raise not_found(f"There is no {value[:40]!r} here.")
    return value


@web.middleware
async def answering(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every request has a trace, and every refusal the body of its dialect."""
    resource = request.match_info.route.resource
    name = f"{request.method} {resource.canonical if resource else 'unknown route'}"
    parent = context_of(request.headers.get("traceparent"))
    with tracer.start_as_current_span(name, context=parent, kind=trace.SpanKind.SERVER) as span:
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001 - whatever happened, the caller gets an answer in its form
            response = _refusal_response(request, _as_refusal(error, name))
            if not request.content.at_eof():
                response.force_close()  # what is left of the body is not read
        span.set_attribute("http.response.status_code", response.status)
        if trace_id := current_trace_id():
            response.headers["X-Trace-Id"] = trace_id
        return response


def _as_refusal(error: Exception, route: str) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, web.HTTPNotFound):
        return not_found("There is no such route.")
    if isinstance(error, web.HTTPException):
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        phrase = HTTPStatus(error.status).phrase
        return Refusal(error.status, phrase.lower().replace(" ", "_"), f"{phrase}.", headers=headers)
    if isinstance(error, DATABASE_AWAY):
        log.warning("request.database_away", route=route, cause=type(error).__name__)
        return unavailable("The database is away; nothing was accepted.")
    log.error("request.failed", route=route, exc_info=error)
    return Refusal(500, "internal_error", "Something went wrong here. The trace id in X-Trace-Id finds it.")


def _refusal_response(request: web.Request, refusal: Refusal) -> web.Response:
    content_type, body = body_of(refusal, request.path, request.headers.get("Accept", ""))
    return web.json_response(body, status=refusal.status, headers=refusal.headers, content_type=content_type)


async def _hide_server(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)
