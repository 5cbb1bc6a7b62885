"""HTML as the shop stores it: balanced, escaped, without what its purifier drops; names as addresses."""

import re
import unicodedata
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "col"})
KNOWN = VOID | frozenset(
    """
    a abbr acronym address article aside b bdo big blockquote caption center cite code colgroup dd del dfn div
    dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup i ins kbd li main mark nav ol p pre
    q s samp section small source span strike strong sub sup table tbody td tfoot th thead tr tt u ul var
    video audio wbr
    """.split()  # noqa: SIM905 (a hundred quotes would hide the words)
)
COLOURS = {
    "black": "#000000",
    "blue": "#0000FF",
    "green": "#008000",
    "red": "#FF0000",
    "white": "#FFFFFF",
    "yellow": "#FFFF00",
    "gray": "#808080",
    "orange": "#FFA500",
}
SPECIAL_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th", "ð": "d"}
)


class Purifier(HTMLParser):
    """Rebuilds a fragment: unknown tags go (their text stays), open ones are closed, text is escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a known tag with its harmless attributes."""
        if tag not in KNOWN:
            return
        kept = "".join(
            f' {name}="{escape(clean_style(name, value or ""))}"' for name, value in attrs if name[:2] != "on"
        )
        self.parts.append(f"<{tag}{kept} />" if tag in VOID else f"<{tag}{kept}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close a tag and what was left open inside it."""
        if tag not in self.open:
            return
        while self.open:
            last = self.open.pop()
            self.parts.append(f"</{last}>")
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        """Write text."""
        self.parts.append(escape(data, quote=False))

    def finish(self) -> str:
        """Close what is open and give the whole."""
        self.close()
        self.parts.extend(f"</{tag}>" for tag in reversed(self.open))
        return "".join(self.parts)


def clean_style(name: str, value: str) -> str:
    """An attribute's value as the purifier writes it (`color:red` becomes `color:#FF0000;`)."""
    if name != "style":
        return value
    rules = []
    for rule in value.split(";"):
        key, colon, setting = rule.partition(":")
        if colon:
            rules.append(f"{key.strip()}:{COLOURS.get(setting.strip().lower(), setting.strip())};")
    return "".join(rules)


def clean_html(text: str) -> str:
    """A text as stored in an HTML field: `&euro;` becomes the sign, `>` is escaped, open tags are closed."""
    if not any(mark in text for mark in "<>&"):
        return text
    purifier = Purifier()
    purifier.feed(text)
    return purifier.finish()


def web_address(name: str) -> str:
    """The `link_rewrite` that the shop makes of a name (its `Tools::str2url`)."""
    plain = unicodedata.normalize("NFKD", name.strip().lower().translate(SPECIAL_LETTERS))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"[^a-zA-Z0-9\s':/\[\]-]", "", plain)
    return re.sub(r"[\s':/\[\]-]+", "-", plain)
