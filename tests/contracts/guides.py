"""The guides of `docs/guides` as the gateway shows them: HTML, which it has in its package.

    python tests/contracts/guides.py        (make documents)

writes them; `test_guide_pages.py` fails where they are old.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs" / "guides"
PAGES = ROOT / "services" / "gateway" / "src" / "gateway" / "pages" / "guides"

_EMPTY_HEAD = re.compile(r"<thead>\s*<tr>(?:\s*<th></th>)+\s*</tr>\s*</thead>\s*")


def rendered(markdown: str) -> str:
    """The HTML of a guide, as a part of a page."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    html = re.sub(r'href="([a-z-]+)\.md(#[a-z-]+)?"', r'href="/docs/guides/\1\2"', html)
    html = re.sub(r"<(h[23])>(.*?)</\1>", _with_anchor, html)
    html = _EMPTY_HEAD.sub("", html)
    # what may be wider than a narrow screen scrolls by itself, from the keyboard too
    html = html.replace("<pre>", '<pre tabindex="0">')
    return html.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace(
        "</table>", "</table></div>"
    )


def _with_anchor(heading: re.Match[str]) -> str:
    level, text = heading.groups()
    anchor = re.sub(r"[^a-z0-9]+", "-", re.sub(r"<.*?>", "", text).lower()).strip("-")
    return f'<{level} id="{anchor}">{text}</{level}>'


def pages() -> Iterator[tuple[Path, str]]:
    """Where each guide's HTML is kept, and what it is."""
    for guide in sorted(GUIDES.glob("*.md")):
        yield PAGES / f"{guide.stem}.html", rendered(guide.read_text())


def main() -> int:
    """Write what is no longer true."""
    PAGES.mkdir(exist_ok=True)
    for path, html in pages():
        if not path.exists() or path.read_text() != html:
            path.write_text(html)
            print(f"written: {path.relative_to(ROOT)}")  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
