"""The paths that a visitor of the shop uses: its pages and its pictures."""

from pathlib import Path

from aiohttp import web

from simulator import pages
from simulator.app_keys import SHOP
from simulator.control import number_parameter
from simulator.pictures import original, picture_folder


def add_visitor_paths(application: web.Application) -> None:
    """Route the pages and the pictures."""
    application.router.add_get("/", show_products)
    application.router.add_get("/product/{number:[0-9]{1,18}}", show_product)
    application.router.add_get("/img/{name:[0-9]{1,18}}.jpg", send_original)
    application.router.add_get("/img/{name:[0-9]{1,18}}-small.jpg", send_thumbnail)


async def show_products(request: web.Request) -> web.Response:
    """The shop's front page."""
    shop = request.app[SHOP]
    language = pages.chosen_language(shop, request.query.get("lang", ""))
    html = pages.product_list(shop, language, max(1, number_parameter(request, "page", 1)))
    return web.Response(text=html, content_type="text/html")


async def show_product(request: web.Request) -> web.Response:
    """A product's page."""
    shop = request.app[SHOP]
    language = pages.chosen_language(shop, request.query.get("lang", ""))
    html = pages.product_page(shop, language, int(request.match_info["number"]))
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
