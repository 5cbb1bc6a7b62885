"""What is on the pages, and the files beside them."""

import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable

from common.public.asyncapi import asyncapi_document
from gateway.pages.events import events_content
from gateway.pages.frame import Page, framed

HERE = files("gateway.pages")
KINDS = {
    ".css": ("styles", "text/css; charset=utf-8"),
    ".js": ("scripts", "text/javascript; charset=utf-8"),
    ".svg": ("pictures", "image/svg+xml"),
}
GUIDES = ("sync", "bulk", "webhooks", "events-on-the-broker", "inbound-webhooks")

_H1 = re.compile(r"<h1[^>]*>(.*?)</h1>\s*<p>(.*?)</p>", re.DOTALL)


def all_pages() -> Iterator[tuple[str, str]]:
    """Path and HTML of each page."""
    guides = [(f"/docs/guides/{name}", text) for name, text in _guide_texts()]
    for page in (
        _start(guides),
        _api(),
        _events(),
        *(Page(path, _heading(text)[0], text) for path, text in guides),
    ):
        yield page.path, framed(page)


def _guide_texts() -> Iterator[tuple[str, str]]:
    """Name and HTML of each guide; `make documents` writes them from `docs/guides`."""
    for name in GUIDES:
        yield name, (HERE / "guides" / f"{name}.html").read_text()


def static_files() -> Iterator[tuple[str, bytes, str]]:
    """Path, bytes and content type of each file that the pages load."""
    folder = HERE / "static"
    for file in (*folder.iterdir(), *(folder / "swagger-ui").iterdir()):
        if found := KINDS.get(_ending(file)):
            place, kind = found
            yield f"/docs/{place}/{file.name}", file.read_bytes(), kind


def _ending(file: Traversable) -> str:
    return file.name[file.name.rfind(".") :]


def _start(guides: list[tuple[str, str]]) -> Page:
    documents = [
        ("/docs/api", "HTTP API", "Every request with its fields, answers and examples; try them from here."),
        ("/docs/events", "Events", "What is told by webhooks and on the broker, with schemas and examples."),
        ("/postman_collection.json", "Postman collection", "Import it, set <code>base_url</code>, run it."),
        ("/openapi.json", "OpenAPI 3.1", "The HTTP API for generators of clients and for tests."),
        ("/asyncapi.json", "AsyncAPI 3.0", "The events for generators of subscribers."),
    ]
    told = [(path, *_heading(text)) for path, text in guides]
    content = (
        "<h1>Skuwire</h1>"
        '<p class="lead">Describe your products over HTTP; every PrestaShop shop is brought to that state, '
        "and you are told what happened to each product.</p>"
        f'<h2 id="guides">Guides</h2>{_cards(told)}<h2>Documents</h2>{_cards(documents)}'
    )
    return Page("/docs", "Documents", content)


def _api() -> Page:
    return Page(
        "/docs/api",
        "HTTP API",
        '<div id="api"><noscript><p>This page needs JavaScript; '
        '<a href="/openapi.json">the document itself</a> does not.</p></noscript></div>',
        styles=("/docs/styles/swagger-ui.css",),
        scripts=("/docs/scripts/swagger-ui-bundle.js", "/docs/scripts/api.js"),
    )


def _events() -> Page:
    return Page("/docs/events", "Events", events_content(asyncapi_document()))


def _heading(text: str) -> tuple[str, str]:
    """Title and first sentence of a guide, as HTML."""
    found = _H1.search(text)
    if found is None:
        raise ValueError("a guide begins with a title and a paragraph")
    return found[1], found[2]


def _cards(entries: list[tuple[str, str, str]]) -> str:
    cards = (f'<li><a href="{escape(path)}">{title}</a><p>{about}</p></li>' for path, title, about in entries)
    return f'<ul class="cards">{"".join(cards)}</ul>'
