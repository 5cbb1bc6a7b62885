"""`/docs`: the pages for people, and the files that they are made of. Public, and the same for everybody."""

from collections.abc import Mapping

from aiohttp import web

from gateway.errors import not_found
from gateway.operations import pages
from gateway.pages.content import all_pages, static_files
from gateway.routing import Route
from gateway.unchanging import MadeOnce, Unchanging

HTML = "text/html; charset=utf-8"

ByPath = Mapping[str, Unchanging]


class PageRoutes:
    """What is read in a browser."""

    def __init__(self) -> None:
        self._pages = MadeOnce[ByPath]()
        self._files = MadeOnce[ByPath]()

    def routes(self) -> list[Route]:
        return [
            Route(pages.START, self.page),
            Route(pages.API, self.page),
            Route(pages.EVENTS, self.page),
            Route(pages.GUIDE, self.page),
            Route(pages.STYLE, self.file),
            Route(pages.SCRIPT, self.file),
            Route(pages.PICTURE, self.file),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """200 with a page as HTML; 404 for a guide that is none."""
        return _found(await self._pages.get(_pages), request)

    async def file(self, request: web.Request) -> web.Response:
        """200 with a style, a script or a picture of the pages; 404."""
        return _found(await self._files.get(_files), request)


def _pages() -> ByPath:
    return {path: Unchanging.of(html, HTML) for path, html in all_pages()}


def _files() -> ByPath:
    return {path: Unchanging.of(body, kind) for path, body, kind in static_files()}


def _found(known: ByPath, request: web.Request) -> web.Response:
    if request.path not in known:
        raise not_found("There is no such page.")
    return known[request.path].answer(request)
