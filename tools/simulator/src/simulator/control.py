"""The paths under `/_simulator`, which exist only here: the request log, the state, the faults."""

from aiohttp import web

from simulator.app_keys import FAULTS, SHOP
from simulator.request_log import logged_since
from simulator.shop_state import counts, product_ids, products

STATE_PAGE = 1000
LARGEST_NUMBER = 2**63 - 1  # SQLite's


def add_control_paths(application: web.Application) -> None:
    """Route `/_simulator`."""
    application.router.add_get("/_simulator/requests", show_requests)
    application.router.add_get("/_simulator/state", show_state)
    application.router.add_get("/_simulator/faults", show_faults)
    application.router.add_post("/_simulator/faults", change_faults)


async def show_requests(request: web.Request) -> web.Response:
    """`GET /_simulator/requests?since_id=`: up to 1000 logged requests, oldest first."""
    return web.json_response(logged_since(request.app[SHOP], number_parameter(request, "since_id", 0)))


async def show_state(request: web.Request) -> web.Response:
    """`GET /_simulator/state?limit=&offset=`: counts and a page of products."""
    shop = request.app[SHOP]
    limit, offset = number_parameter(request, "limit", STATE_PAGE), number_parameter(request, "offset", 0)
    page = product_ids(shop, limit=limit, offset=offset)
    return web.json_response({"counts": counts(shop), "products": products(shop, page)})


async def show_faults(request: web.Request) -> web.Response:
    """`GET /_simulator/faults`: what is switched on."""
    return web.json_response(request.app[FAULTS].describe())


async def change_faults(request: web.Request) -> web.Response:
    """`POST /_simulator/faults`: one change or a list of them; answers what is on."""
    try:
        wanted = await request.json()
        for change in wanted if isinstance(wanted, list) else [wanted]:
            request.app[FAULTS].change(dict(change))
    except (ValueError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response(request.app[FAULTS].describe())


def number_parameter(request: web.Request, name: str, default: int) -> int:
    """A whole number from the query; the default when it is missing or none."""
    value = request.query.get(name, "")
    return min(int(value[:20]), LARGEST_NUMBER) if value.isascii() and value.isdigit() else default
