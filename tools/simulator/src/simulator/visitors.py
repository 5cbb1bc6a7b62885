"""The paths that a visitor of the shop uses: its pages and its pictures."""

from pathlib import Path

from aiohttp import web

from simulator.app_keys import SHOP
from simulator.control import number_parameter
from simulator.pages import product_list, visit
from simulator.pictures import original, picture_folder
from simulator.product_page import product_page

LONGEST_SEARCH = 100
LAST_PAGE = 10**9


def add_visitor_paths(application: web.Application) -> None:
    """Route the pages and the pictures."""
    application.router.add_get("/", show_products)
    application.router.add_get("/product/{number:[0-9]{1,18}}", show_product)
    application.router.add_get("/img/{name:[0-9]{1,18}}.jpg", send_original)
    application.router.add_get("/img/{name:[0-9]{1,18}}-small.jpg", send_thumbnail)


async def show_products(request: web.Request) -> web.Response:
    """The shop's front page."""
    category = number_parameter(request, "category", 0) or None
    search = request.query.get("q", "").strip()[:LONGEST_SEARCH]
    who = visit(request.app[SHOP], request.query.get("lang", ""), category, search)
    # So many pages that no shop has them: what is beyond the last one is empty.
    html = product_list(who, min(max(1, number_parameter(request, "page", 1)), LAST_PAGE))
    return web.Response(text=html, content_type="text/html")


async def show_product(request: web.Request) -> web.Response:
    """A product's page."""
    who = visit(request.app[SHOP], request.query.get("lang", ""))
    html = product_page(who, int(request.match_info["number"]))
    if html is None:
        raise web.HTTPNotFound(text="There is no such product.")
    return web.Response(text=html, content_type="text/html")


async def send_original(request: web.Request) -> web.StreamResponse:
    """A product's picture."""
    path = original(folder_of(request))
    if path is None:
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


async def send_thumbnail(request: web.Request) -> web.StreamResponse:
    """A product's picture, small."""
    path = folder_of(request) / "thumbnail.jpg"
    if not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


def folder_of(request: web.Request) -> Path:
    """Where the files of a picture lie."""
    return picture_folder(request.app[SHOP].pictures, "products", int(request.match_info["name"]))
