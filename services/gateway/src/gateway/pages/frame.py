"""What every page is framed by: its head, the way to the others, one style."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

STYLE = "/docs/styles/docs.css"
SECTIONS = (
    ("/docs", "Start"),
    ("/docs/api", "HTTP API"),
    ("/docs/events", "Events"),
    ("/docs#guides", "Guides"),
)

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Skuwire</title>
<link rel="icon" href="/docs/pictures/icon.svg" type="image/svg+xml">
{head}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="name" href="/docs"><img src="/docs/pictures/icon.svg" alt="" width="28" height="28">Skuwire</a>
<nav aria-label="Documents">
{links}
</nav>
</header>
{content}
</body>
</html>
"""

_TEXT = '<main id="content" class="text">\n{}\n</main>'
_SHOWN_BY_SCRIPT = '<div id="content">\n{}\n</div>'  # which brings its own main and its own looks


@dataclass(frozen=True)
class Page:
    """A page to be framed. `content` is HTML; `path` is where it is served."""

    path: str
    title: str
    content: str
    styles: Sequence[str] = ()
    scripts: Sequence[str] = ()


def framed(page: Page) -> str:
    """The whole page as HTML."""
    return _FRAME.format(
        title=escape(page.title),
        head="\n".join(_head(page)),
        links="\n".join(_link(path, title, page.path) for path, title in SECTIONS),
        content=_SHOWN_BY_SCRIPT.format(page.content) if page.scripts else _TEXT.format(page.content),
    )


def _head(page: Page) -> list[str]:
    styles = [f'<link rel="stylesheet" href="{escape(path)}">' for path in (*page.styles, STYLE)]
    return styles + [f'<script src="{escape(path)}" defer></script>' for path in page.scripts]


def _link(path: str, title: str, current: str) -> str:
    mark = ' aria-current="page"' if path == current else ""
    return f'<a href="{escape(path)}"{mark}>{escape(title)}</a>'
