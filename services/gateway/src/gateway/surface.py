"""What all routes share: who calls, for which shop, under which trace, and how a refusal is answered."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

import asyncpg
import structlog
from aiohttp import web
from opentelemetry import trace

from common.database import RowsOf, TenantDatabase
from common.database.pool import UNAVAILABLE
from common.messages import Intent
from common.messaging.envelope import context_of
from common.shops import Shops
from common.telemetry import tracer
from gateway.accepting import Admission
from gateway.access.addresses import Network, caller_address
from gateway.access.caller import Caller
from gateway.access.gate import Gate
from gateway.access.operator import check_operator, is_operator
from gateway.access.scopes import Scope
from gateway.access.shop_choice import chosen_shop
from gateway.body import SMALL_BODY_BYTES, BodyBudget, check_json, chunks_of, parsed
from gateway.drafts import SentProducts
from gateway.dry_run import refuse_in_query
from gateway.errors import Refusal, body_of, forbidden, not_found, unavailable
from gateway.idempotency import HEADER, REPLAYED, content_digest
from gateway.limits.quotas import Quotas, tell_standings
from gateway.media import Media, Pictures
from gateway.operations.health import OF_EVERY_SERVICE
from gateway.operations.operation import Open, Operation, Operations
from gateway.pictures import ImageRefused
from gateway.remembering import ANSWERING, TAKEN_OVER, AnsweredBefore, Remembering, replayed
from gateway.routing import OPERATIONS, Handler, Route, operation_of
from gateway.settings import GatewaySettings
from gateway.strict_json import Json
from gateway.submission_filter import VisibleShops
from gateway.submissions import Kind, Origin
from gateway.waiting import Waiting

log = structlog.get_logger()

ReadProducts = Callable[[Json], SentProducts]

HEALTH_PATHS = frozenset(operation.path for operation in OF_EVERY_SERVICE)

CALLER = web.RequestKey("caller", Caller)
BY_OPERATOR = web.RequestKey("by_operator", bool)
"""There where the operator asks, on a route that is for callers too; there is no caller then."""

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
    rows_of: RowsOf
    shops: Shops
    admission: Admission
    media: Media
    gate: Gate
    proxies: Sequence[Network]
    waiting: Waiting
    bodies: BodyBudget
    remembering: Remembering
    quotas: Quotas

    def application(self, routes: Iterable[Route]) -> web.Application:
        """An application in which each of these routes needs the caller that its operation names.

        They are still to be added to it; another route would be closed.
        """
        operations = (route.operation for route in routes)
        app = web.Application(middlewares=[answering, self._authenticating, self._remembering])
        app[OPERATIONS] = Operations([*operations, *OF_EVERY_SERVICE])
        app.on_response_prepare.extend([_hide_server, tell_standings])
        return app

    @web.middleware
    async def _authenticating(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in HEALTH_PATHS:
            self.quotas.arrive(request, self.address_of(request))
        if request.match_info.http_exception is None:
            await self._authenticate(request, operation_of(request))
        return await handler(request)

    async def _authenticate(self, request: web.Request, operation: Operation | None) -> None:
        if operation is not None and operation.is_open_to_all:
            return
        if operation is not None and operation.scope is Open.TO_OPERATOR:
            check_operator(request.headers, self.settings.operator_token)
            return
        if operation is not None and operation.operator_too and self._is_operator(request):
            request[BY_OPERATOR] = True
            return
        caller = await self.gate.caller_of(request.headers, self.address_of(request))
        self.quotas.use(request, caller)
        if operation is None:
            raise Refusal(403, "route_closed", "Nobody may use this route: no operation says who may.")
        for scope in operation.needed_scopes - caller.scopes:
            raise forbidden(scope)
        request[CALLER] = caller

    def _is_operator(self, request: web.Request) -> bool:
        return is_operator(request.headers, self.settings.operator_token)

    @web.middleware
    async def _remembering(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What a request with an idempotency key is answered is kept, a refusal too."""
        response: web.StreamResponse | None = None
        try:
            response = await handler(request)
        except AnsweredBefore as before:
            return replayed(before.answer)
        except Refusal as refusal:
            if ANSWERING not in request:
                raise
            response = _refusal_response(request, refusal)
        finally:
            if ANSWERING in request:
                await self.remembering.remember(request[ANSWERING], response)
        if TAKEN_OVER in request:
            response.headers[REPLAYED] = "true"
        return response

    def rows(self, request: web.Request) -> TenantDatabase:
        """The rows of the caller's tenant: what every route works with. There are no others for it."""
        return self.rows_of(request[CALLER].tenant)

    def address_of(self, request: web.Request) -> str:
        """Where the request comes from, as far as our proxies can be believed."""
        forwarded_for = request.headers.getall("X-Forwarded-For", ())
        return caller_address(request.remote, forwarded_for, self.proxies)

    def sees(self, caller: Caller, shop: str) -> bool:
        """Whether what was sent to this shop is for the caller's eyes: test and live keys are kept apart."""
        known = self.shops.by_id.get(shop)
        return caller.works_with(test_shop=known is not None and known.test)

    def visible_shops(self, caller: Caller) -> VisibleShops:
        """The same for many: whose submissions are for the caller's eyes."""
        test_shops = [shop.id for shop in self.shops.by_id.values() if shop.test]
        if caller.test is None:
            return VisibleShops()
        return VisibleShops(only=test_shops) if caller.test else VisibleShops(never=test_shops)

    def origin(self, request: web.Request, kind: Kind) -> Origin:
        """Where a submission goes: `?shop=`, `X-Shop-Id`, else the first shop of the tenant and the key."""
        caller = request[CALLER]
        asked = request.query.get("shop") or request.headers.get("X-Shop-Id")
        shop = chosen_shop(caller, self.shops.of_tenant(caller.tenant), asked)
        return Origin(caller.tenant, shop, kind, current_trace_id())

    async def products(self, request: web.Request, read: ReadProducts) -> SentProducts:
        """What `read` makes of the body, its pictures stored.

        What it takes is counted against the memory for bodies while it is worked on.
        """
        refuse_in_query(request.query)
        limit = self.settings.products_body_max_bytes
        check_json(request, limit)
        tenant = request[CALLER].tenant
        shop = self.origin(request, Kind.BULK).shop
        await self._admit(request, shop, 1)  # before anything is spent on the body
        async with self.bodies.share() as share:
            remaining, pictures = await self.media.cut_out(tenant, self.body_of(request, limit), share)
            body = await parsed(remaining)
            is_small = len(remaining) <= SMALL_BODY_BYTES
            sent = read(body) if is_small else await asyncio.to_thread(read, body)
            if HEADER in request.headers:
                digest = await asyncio.to_thread(content_digest, body, _in_place_of(pictures))
                sent = replace(sent, digest=digest)
            check_deletions(request[CALLER], sent)
            await self._admit(request, shop, len(sent.entries))  # what is not taken in uses up no quota
            self.quotas.count_items(request, request[CALLER], len(sent.entries))
            entries = await self.media.refer_to_images(tenant, sent.entries, pictures)
            return replace(sent, entries=entries)

    async def _admit(self, request: web.Request, shop: str, items: int) -> None:
        """503 where so many are too much; not for a request whose key is known, for it adds nothing."""
        try:
            self.admission.backpressure.admit(shop, items)
        except Refusal:
            if not await self.remembering.knows(request, request[CALLER].tenant):
                raise

    async def body_of(self, request: web.Request, limit: int) -> AsyncIterator[bytes]:
        """The body of an authenticated request as it comes, counted where its length is not announced."""
        async for part in chunks_of(request, limit):
            if request.content_length is None:
                self.quotas.count_bytes(request, request[CALLER], len(part))
            yield part


def _in_place_of(pictures: Pictures) -> dict[str, str]:
    return {
        name: picture.code if isinstance(picture, ImageRefused) else picture
        for name, picture in pictures.items()
    }


def check_deletions(caller: Caller, sent: SentProducts) -> None:
    """A deletion among products that are sent needs what the route for deletions needs: else 403."""
    deletes = any(entry.intent is Intent.DELETE for entry in sent.entries)
    if deletes and Scope.PRODUCTS_DELETE not in caller.scopes:
        raise forbidden(Scope.PRODUCTS_DELETE)


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
