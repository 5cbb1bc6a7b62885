"""The shop's front: the frame of every page, and the list of products. Plain HTML, nothing from outside."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from simulator.page_words import money, words_of
from simulator.shelves import Category, category, children, page_of, trail
from simulator.shop import Shop
from simulator.start_categories import HOME

PAGE = 24
NEIGHBOURS = 2  # page numbers shown on either side
FEW = 5
STYLE = Path(__file__).with_name("pages.css").read_text(encoding="utf-8")
Product = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at what: the shop, the language, and what the list is narrowed to."""

    shop: Shop
    language: int
    iso: str
    category: int | None = None
    search: str = ""

    def say(self, word: str, **values: object) -> str:
        """One of the page's own words, escaped."""
        return escape(words_of(self.iso)[word].format(**values))

    def text(self, found: dict[str, str]) -> str:
        """A text of the catalogue in this language, else in any that has one."""
        return found.get(str(self.language)) or next((text for text in found.values() if text), "")

    def link(self, path: str = "/", **changes: object) -> str:
        """An address that keeps the language; what is empty is left out."""
        query = {"lang": self.iso, **{name: value for name, value in changes.items() if value}}
        return escape(f"{path}?{urlencode(query)}")


def visit(shop: Shop, iso: str, category_id: int | None = None, search: str = "") -> Visit:
    """A visit in the language of that iso code, else in the shop's default."""
    rows = shop.connection.execute("SELECT id, iso_code FROM languages")
    isos = {row["iso_code"]: row["id"] for row in rows}
    if iso not in isos:
        iso = next(one for one, number in isos.items() if number == shop.default_language)
    return Visit(shop, isos[iso], iso, category_id, search)


def layout(who: Visit, title: str, path: str, body: str) -> str:
    """A whole page."""
    name = escape(who.shop.settings.shop_name)
    rows = who.shop.connection.execute("SELECT iso_code FROM languages ORDER BY id")
    narrowed: dict[str, object] = {"category": who.category, "q": who.search}
    languages = "".join(
        f'<a class="{"on" if iso == who.iso else ""}" href="{who.link(path, **narrowed, lang=iso)}">'
        f"{escape(iso.upper())}</a>"
        for (iso,) in rows
    )
    return (
        f'<!doctype html><html lang="{escape(who.iso)}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · {name}</title><style>{STYLE}</style></head><body>"
        f'<header><div class=bar><a class=logo href="{who.link()}">{name}</a>'
        f'<form class=search action="/"><input type=hidden name=lang value="{escape(who.iso)}">'
        f'<input type=search name=q value="{escape(who.search)}" placeholder="{who.say("search")}"></form>'
        f"<nav class=languages>{languages}</nav></div>{menu(who)}</header><main>{body}</main>"
        f"<footer>{who.say('footer', version=who.shop.edition.version)} "
        f"<code>{escape(who.shop.api_url)}</code></footer></body></html>"
    )


def menu(who: Visit) -> str:
    """The categories below Home, and those below the one that is open."""
    top = children(who.shop, HOME)
    if not top:
        return ""
    way = [one.id for one in trail(who.shop, who.category or 0, HOME)]
    first = chip(who.link(), who.say("all"), chosen=not who.category and not who.search)
    rows = [first + chips(who, top, way)]
    if way and (below := children(who.shop, way[0])):
        rows.append(chips(who, below, way[1:]))
    return "".join(f"<nav class=menu><div>{row}</div></nav>" for row in rows)


def chips(who: Visit, found: list[Category], way: list[int]) -> str:
    """Links to categories."""
    return "".join(
        chip(who.link(category=one.id), escape(who.text(one.names)), chosen=one.id in way) for one in found
    )


def chip(link: str, text: str, *, chosen: bool) -> str:
    """One link of the menu."""
    return f'<a{" class=on" if chosen else ""} href="{link}">{text}</a>'


def product_list(who: Visit, page: int) -> str:
    """A page of 24 products; the last one instead of one beyond it."""
    total, found = page_of(
        who.shop, category_id=who.category, search=who.search, limit=PAGE, offset=(page - 1) * PAGE
    )
    last = -(-total // PAGE)
    if page > last > 0:
        return product_list(who, last)
    opened = category(who.shop, who.category) if who.category else None
    title = who.search or (who.text(opened.names) if opened else who.say("products"))
    if not total:
        word = "nothing_found" if who.search or who.category else "nothing"
        return layout(who, title, "/", f"<p class=empty>{who.say(word)}</p>")
    count = who.say("found_one") if total == 1 else who.say("found", count=f"{total}")
    head = f"<div class=head><h1>{escape(title)}</h1><span>{count}</span></div>"
    return layout(who, title, "/", f"{head}{grid(who, found)}{pager(who, page, last)}")


def pager(who: Visit, page: int, last: int) -> str:
    """Links to the pages around this one, the first and the last."""
    if last < 2:
        return ""

    def link(number: int, text: str, kind: str = "") -> str:
        address = who.link(category=who.category, q=who.search, page=number)
        return f'<a class="{kind}" href="{address}">{text}</a>'

    near = range(max(1, page - NEIGHBOURS), min(last, page + NEIGHBOURS) + 1)
    parts, before = [], 0
    for number in sorted({1, last, *near}):
        if number > before + 1:
            parts.append("<span>…</span>")
        parts.append(link(number, str(number), "on" if number == page else ""))
        before = number
    back = link(page - 1, f"&lsaquo; {who.say('before')}") if page > 1 else ""
    onward = link(page + 1, f"{who.say('next')} &rsaquo;") if page < last else ""
    return f"<nav class=pager>{back}{''.join(parts)}{onward}</nav>"


def grid(who: Visit, found: list[Product]) -> str:
    """Products side by side."""
    return f"<div class=grid>{''.join(card(who, product) for product in found)}</div>"


def card(who: Visit, product: Product) -> str:
    """One product in a list."""
    name = who.text(product["names"]) or words_of(who.iso)["no_name"]
    classes = "card" if product["active"] else "card off"
    address = who.link(f"/product/{product['id']}")
    return (
        f'<a class="{classes}" href="{address}">{shot(who, product, name)}'
        f"<div class=text><span class=brand>{escape(product['brand'] or '')}</span>"
        f"<span class=name>{escape(name)}</span><span class=ref>{escape(product['reference'] or '')}</span>"
        f"<div class=deal><span class=price>{money(product['price'], who.iso)}</span>"
        f"{stock(who, product)}</div></div></a>"
    )


def shot(who: Visit, product: Product, name: str) -> str:
    """The cover picture, or an empty frame."""
    cover = product["cover_id"]
    if cover is None:
        return f"<div class=shot>{who.say('no_picture')}</div>"
    return f'<div class=shot><img loading=lazy src="/img/{cover}-small.jpg" alt="{escape(name)}"></div>'


def stock(who: Visit, product: Product) -> str:
    """How many there are, or why there are none to buy."""
    quantity = int(product["quantity"] or 0)
    if not product["active"]:
        return f'<span class="stock none">{who.say("off")}</span>'
    if quantity <= 0:
        return f'<span class="stock none">{who.say("none")}</span>'
    word, kind = ("few", "stock few") if quantity <= FEW else ("stock", "stock")
    return f'<span class="{kind}">{who.say(word, count=quantity)}</span>'
