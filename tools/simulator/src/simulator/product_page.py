"""One product's page: gallery, price, stock, description, features."""

from dataclasses import replace
from decimal import Decimal
from html import escape
from itertools import groupby

from simulator.page_words import money, words_of
from simulator.pages import Product, Visit, grid, layout, shot, stock
from simulator.shelves import Category, page_of, trail
from simulator.shop_state import products
from simulator.start_categories import HOME

MORE = 4
USED = ("used", "refurbished")  # a new product is not called so


def product_page(who: Visit, number: int) -> str | None:
    """The page, or None when there is no such product. Descriptions were cleaned when they were stored."""
    found: list[Product] = products(who.shop, only=[number])
    if not found:
        return None
    product = found[0]
    name = who.text(product["names"]) or words_of(who.iso)["no_name"]
    ways = [trail(who.shop, one, HOME) for one in product["categories"]]
    way = max(ways, key=len, default=[])
    body = (
        f"{crumbs(who, way, name)}<article class=detail>{gallery(who, product, name)}<div class=facts>"
        f"<span class=brand>{escape(product['brand'] or '')}</span><h1>{escape(name)}</h1>"
        f"<span class=ref>{escape(product['reference'] or '')}</span>"
        f"<div class=deal><span class=price>{money(product['price'], who.iso)}</span>"
        f"{stock(who, product)}</div>"
        f"<div class=lead>{who.text(product['short_descriptions'])}</div></div></article>"
        f"<div class=below>{description(who, product)}"
        f"<section><h2>{who.say('details')}</h2><table>{facts(who, product, ways)}</table></section></div>"
        f"{more(who, product, way)}"
    )
    if way:
        who = replace(who, category=way[-1].id)  # the menu opens there
    return layout(who, name, f"/product/{number}", body)


def crumbs(who: Visit, way: list[Category], name: str) -> str:
    """The way from the front page to the product."""
    links = [f'<a href="{who.link()}">{who.say("products")}</a>']
    links.extend(f'<a href="{who.link(category=one.id)}">{escape(who.text(one.names))}</a>' for one in way)
    return f"<nav class=crumbs>{' &rsaquo; '.join(links)} &rsaquo; <span>{escape(name)}</span></nav>"


def gallery(who: Visit, product: Product, name: str) -> str:
    """The pictures, the cover first; a click on a small one shows it large."""
    ids = sorted(product["shown_image_ids"], key=lambda one: one != product["cover_id"])
    if not ids:
        return f"<div class=gallery>{shot(who, product, name)}</div>"
    parts = []
    for place, one in enumerate(ids):
        mark = " checked" if place == 0 else ""
        parts.append(
            f'<input type=radio name=picture id="p{one}"{mark}>'
            f'<a class=large href="/img/{one}.jpg"><img src="/img/{one}.jpg" alt="{escape(name)}"></a>'
        )
    small = "".join(f'<label for="p{one}"><img src="/img/{one}-small.jpg" alt=""></label>' for one in ids)
    return f"<div class=gallery>{''.join(parts)}<div class=thumbs>{small if len(ids) > 1 else ''}</div></div>"


def description(who: Visit, product: Product) -> str:
    """The long text, when there is one."""
    text = who.text(product["descriptions"])
    return f"<section class=prose><h2>{who.say('description')}</h2>{text}</section>" if text else ""


def facts(who: Visit, product: Product, ways: list[list[Category]]) -> str:
    """The table of references and features; features named `Group: name` stand under their group."""
    names = [who.text(way[-1].names) for way in ways if way]
    rows = [
        ("brand", product["brand"]),
        ("reference", product["reference"]),
        ("ean13", product["ean13"]),
        ("weight", weight(product)),
        ("condition", who.say(product["condition"]) if product["condition"] in USED else ""),
        ("categories", ", ".join(names)),
    ]
    shown = [row(who.say(word), value) for word, value in rows if value]
    features = [(*split(who.text(one["name"])), who.text(one["value"])) for one in product["features"]]
    for group, found in groupby(features, key=lambda one: one[0]):
        shown.extend([f"<tr><th colspan=2>{escape(group)}</th></tr>"] if group else [])
        shown.extend(row(escape(name), value) for _, name, value in found)
    return "".join(shown)


def split(name: str) -> tuple[str, str]:
    """A feature's group and name."""
    group, colon, rest = name.partition(": ")
    return (group, rest) if colon else ("", name)


def row(label: str, value: str) -> str:
    """One line of the table."""
    return f"<tr><td>{label}</td><td>{escape(value)}</td></tr>"


def weight(product: Product) -> str:
    """The weight, empty when there is none."""
    kilos = Decimal(product["weight"] or 0)
    return f"{kilos.normalize():f} kg" if kilos else ""


def more(who: Visit, product: Product, way: list[Category]) -> str:
    """Some others of the same category."""
    if not way:
        return ""
    _, found = page_of(who.shop, category_id=way[-1].id, search="", limit=MORE + 1, offset=0)
    others = [one for one in found if one["id"] != product["id"]][:MORE]
    title = who.say("more", category=who.text(way[-1].names))
    return f"<section class=more><h2>{title}</h2>{grid(who, others)}</section>" if others else ""
