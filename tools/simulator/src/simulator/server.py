"""The HTTP side: the webservice under `/api`, the shop's pages, and the control paths under `/_simulator`."""

import asyncio
import base64
import binascii
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from simulator import pages
from simulator.database import now
from simulator.failures import fail
from simulator.faults import Fault, Faults
from simulator.images import answer_images
from simulator.pictures import original, picture_folder
from simulator.request_log import LoggedRequest, log_request, logged_since
from simulator.selection import value_of
from simulator.settings import ShopSettings
from simulator.shop import Shop
from simulator.shop_state import counts, products
from simulator.webservice import Answer, ApiCall, Upload, answer, unknown_visitor

SHOP = web.AppKey("shop", Shop)
FAULTS = web.AppKey("faults", Faults)
STATE_PAGE = 1000
SHUTDOWN_SECONDS = 2.0
LARGEST_NUMBER = 2**63 - 1  # SQLite's
HUNG_UP = 0  # the status of a request whose connection was closed instead of answered


def make_application(settings: ShopSettings) -> web.Application:
    """The application of one shop. It opens the shop's file when it starts and closes it when it ends."""
    application = web.Application(client_max_size=settings.max_body_bytes)
    application[FAULTS] = Faults()

    async def open_shop(app: web.Application) -> AsyncIterator[None]:
        app[SHOP] = Shop.open(settings)
        if settings.domain:
            app[SHOP].base_url = f"http://{settings.domain}/"
        yield
        app[SHOP].close()

    application.cleanup_ctx.append(open_shop)
    application.router.add_route("*", "/api{tail:(/.*)?}", serve_api)
    application.router.add_get("/_simulator/requests", show_requests)
    application.router.add_get("/_simulator/state", show_state)
    application.router.add_get("/_simulator/faults", show_faults)
    application.router.add_post("/_simulator/faults", change_faults)
    application.router.add_get("/", pages_list)
    application.router.add_get("/product/{number:[0-9]+}", pages_product)
    application.router.add_get("/img/{name:[0-9]+}.jpg", serve_picture)
    application.router.add_get("/img/{name:[0-9]+}-small.jpg", serve_thumbnail)
    return application


async def start_server(settings: ShopSettings, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Serve a shop; port 0 = any free one. Gives the runner (clean it up to stop) and the port."""
    application = make_application(settings)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    chosen = int(runner.addresses[0][1])
    if not settings.domain:
        reachable = "127.0.0.1" if host in ("", "0.0.0.0") else host  # noqa: S104 (compared, not bound)
        application[SHOP].base_url = f"http://{reachable}:{chosen}/"
    return runner, chosen


async def serve_api(request: web.Request) -> web.StreamResponse:
    """One request to the webservice, with the faults that are switched on, and its line in the log."""
    started, at = time.perf_counter(), now()
    shop, faults = request.app[SHOP], request.app[FAULTS]
    hit = faults.take(request.method, request.path)
    found, size = await suffer(hit, "before", request), 0
    if found is None:
        call = await read_call(request)
        size = len(call.body) + (len(call.upload.content) if call.upload else 0)
        found = await answer_call(shop, faults, request, call)
        if (late := await suffer(hit, "after", request)) is not None:
            late.entities = found.entities
            found = late
    seconds = time.perf_counter() - started
    query = unquote(request.rel_url.raw_query_string)
    line = LoggedRequest(request.method, request.path, query, found.status, found.entities, seconds, size)
    log_request(shop, at, line)
    return respond(shop, found, started)


async def suffer(hit: list[Fault], when: str, request: web.Request) -> Answer | None:
    """Wait, hang up, or answer in the shop's place, as the faults of this moment say."""
    for fault in hit:
        if fault.when != when:
            continue
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault.drop and request.transport is not None:
            request.transport.abort()
            return Answer(HUNG_UP)
        if fault.status:
            headers = {"Content-Type": "text/html; charset=utf-8"}
            if fault.retry_after_seconds:
                headers["Retry-After"] = str(fault.retry_after_seconds)
            return Answer(fault.status, b"", headers)
    return None


async def answer_call(shop: Shop, faults: Faults, request: web.Request, call: ApiCall) -> Answer:
    """The shop's own answer: its domain, its switch, then its webservice in one transaction."""
    own_domain = shop.base_url.removeprefix("http://").rstrip("/")
    if request.headers.get("Host", "") != own_domain or value_of(call.query, "id_shop") not in (None, "1"):
        front = f"{shop.base_url}?url={'/'.join(call.segments)}"
        return Answer(302, b"", {"Content-Type": "text/html; charset=utf-8", "Location": front})
    if faults.unavailable:
        text = "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office"
        return unknown_visitor(shop, call, fail(503, 22, text))
    if call.segments[:1] == ("images",) and call.key is not None:
        return await answer_images(shop, call)
    shop.connection.execute("BEGIN IMMEDIATE")
    try:
        found = answer(shop, call)
    except BaseException:
        shop.connection.execute("ROLLBACK")
        raise
    shop.connection.execute("COMMIT")
    return found


async def read_call(request: web.Request) -> ApiCall:
    """What a request asks of the webservice."""
    query = parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)
    method = (value_of(query, "ps_method") or request.method).upper()
    path = request.rel_url.raw_path.removeprefix("/api").strip("/")
    wanted = (
        value_of(query, "io_format")
        or value_of(query, "output_format")
        or request.headers.get("Output-Format")
    )
    upload, body = None, b""
    if request.content_type == "multipart/form-data":
        upload = await read_upload(request) if request.method == "POST" else None
    else:
        body = await request.read()
    return ApiCall(
        method=method,
        segments=tuple(unquote(part) for part in path.split("/")) if path else (),
        query=query,
        key=key_of(request, value_of(query, "ws_key")),
        body=body,
        as_json=wanted == "JSON",
        upload=upload,
    )


def key_of(request: web.Request, parameter: str | None) -> str | None:
    """The key of a request: the user name of Basic authentication, or `ws_key`. None = neither."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return parameter
    try:
        return base64.b64decode(encoded).decode("utf-8", "replace").partition(":")[0]
    except binascii.Error:
        return ""


async def read_upload(request: web.Request) -> Upload | None:
    """The file of the form field `image`; None when the form has none or is broken."""
    try:
        form = await request.post()
    except ValueError:
        return None
    part = form.get("image")
    if not isinstance(part, web.FileField):
        return None
    return Upload(part.filename, part.content_type, part.file.read())


def respond(shop: Shop, found: Answer, started: float) -> web.Response:
    """The answer with the headers that the web server adds."""
    response = web.Response(status=found.status or 500, body=found.body, headers=found.headers)
    response.headers["Server"] = "nginx/1.22.1"
    if shop.edition.powered_by:
        response.headers.setdefault("X-Powered-By", shop.edition.powered_by)
    if "PSWS-Version" in found.headers:
        response.headers["Access-Time"] = str(int(time.time()))
        response.headers["Execution-Time"] = f"{time.perf_counter() - started:.3f}"
    return response


async def show_requests(request: web.Request) -> web.Response:
    """`GET /_simulator/requests?since_id=`: up to 1000 logged requests, oldest first."""
    return web.json_response(logged_since(request.app[SHOP], number_parameter(request, "since_id", 0)))


async def show_state(request: web.Request) -> web.Response:
    """`GET /_simulator/state?limit=&offset=`: counts and a page of products."""
    shop = request.app[SHOP]
    limit, offset = number_parameter(request, "limit", STATE_PAGE), number_parameter(request, "offset", 0)
    return web.json_response({"counts": counts(shop), "products": products(shop, limit=limit, offset=offset)})


async def show_faults(request: web.Request) -> web.Response:
    """`GET /_simulator/faults`: what is switched on."""
    return web.json_response(request.app[FAULTS].describe())


async def change_faults(request: web.Request) -> web.Response:
    """`POST /_simulator/faults`: switch faults on and off; answers what is on."""
    try:
        request.app[FAULTS].change(await request.json())
    except (ValueError, AttributeError) as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response(request.app[FAULTS].describe())


def number_parameter(request: web.Request, name: str, default: int) -> int:
    """A whole number from the query; the default when it is missing or none."""
    value = request.query.get(name, "")
    return min(int(value[:20]), LARGEST_NUMBER) if value.isascii() and value.isdigit() else default


async def pages_list(request: web.Request) -> web.Response:
    """The shop's front page."""
    shop = request.app[SHOP]
    language = pages.chosen_language(shop, request.query.get("lang", ""))
    html = pages.product_list(shop, language, max(1, number_parameter(request, "page", 1)))
    return web.Response(text=html, content_type="text/html")


async def pages_product(request: web.Request) -> web.Response:
    """A product's page."""
    shop = request.app[SHOP]
    language = pages.chosen_language(shop, request.query.get("lang", ""))
    html = pages.product_page(shop, language, int(request.match_info["number"]))
    if html is None:
        raise web.HTTPNotFound(text="There is no such product.")
    return web.Response(text=html, content_type="text/html")


async def serve_picture(request: web.Request) -> web.StreamResponse:
    """A product's picture."""
    path = original(picture_folder(request.app[SHOP].pictures, "products", int(request.match_info["name"])))
    if path is None:
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def serve_thumbnail(request: web.Request) -> web.StreamResponse:
    """A product's picture, small."""
    folder = picture_folder(request.app[SHOP].pictures, "products", int(request.match_info["name"]))
    path = folder / "thumbnail.jpg"
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})
