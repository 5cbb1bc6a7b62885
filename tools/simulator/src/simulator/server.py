"""The shop's server: the webservice under `/api`, the pages for visitors, the control paths."""

from collections.abc import AsyncIterator

from aiohttp import web

from simulator.api_server import serve_api
from simulator.app_keys import CONTENTION, FAULTS, MACHINE, SHOP
from simulator.contention import Contention
from simulator.control import add_control_paths
from simulator.faults import Faults
from simulator.settings import ShopSettings
from simulator.shop import Shop
from simulator.speed import Machine
from simulator.visitors import add_visitor_paths

SHUTDOWN_SECONDS = 2.0


def make_application(settings: ShopSettings) -> web.Application:
    """The application of one shop. It opens the shop's file when it starts and closes it when it ends."""
    application = web.Application(client_max_size=settings.max_body_bytes)
    application[FAULTS] = Faults(measured_speed=settings.measured_speed)
    for change in settings.faults:
        application[FAULTS].change(change)
    application[CONTENTION] = Contention()
    application[MACHINE] = Machine()

    async def open_shop(app: web.Application) -> AsyncIterator[None]:
        app[SHOP] = Shop.open(settings)
        if settings.domain:
            app[SHOP].base_url = f"http://{settings.domain}/"
        yield
        app[SHOP].close()

    application.cleanup_ctx.append(open_shop)
    application.router.add_route("*", "/api{tail:(/.*)?}", serve_api)
    add_control_paths(application)
    add_visitor_paths(application)
    return application


async def start_server(settings: ShopSettings, host: str, port: int) -> tuple[web.AppRunner, int]:
    """Serve a shop; port 0 = any free one. Gives the runner (clean it up to stop) and the port."""
    application = make_application(settings)
    # The shop goes on when a client hangs up.
    runner = web.AppRunner(
        application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, handler_cancellation=False
    )
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    chosen = int(runner.addresses[0][1])
    if not settings.domain:
        reachable = "127.0.0.1" if host in ("", "0.0.0.0") else host  # noqa: S104 (compared, not bound)
        application[SHOP].base_url = f"http://{reachable}:{chosen}/"
    return runner, chosen
