"""The shop that a visitor sees: a list of products and a page for each. Plain HTML, nothing from outside."""

from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from simulator.shop import Shop
from simulator.shop_state import products, texts

PAGE = 24
STYLE = Path(__file__).with_name("pages.css").read_text(encoding="utf-8")
Product = dict[str, Any]


def chosen_language(shop: Shop, iso: str) -> int:
    """The language id of an iso code; the shop's default when it is none of its own."""
    row = shop.connection.execute("SELECT id FROM languages WHERE iso_code = ?", (iso,)).fetchone()
    return int(row["id"]) if row else shop.default_language


def iso_codes(shop: Shop) -> dict[int, str]:
    """The iso code of each language."""
    return {
        row["id"]: row["iso_code"] for row in shop.connection.execute("SELECT id, iso_code FROM languages")
    }


def in_language(found: dict[str, str], language: int) -> str:
    """A text in a language, else in any that has one."""
    return found.get(str(language)) or next((text for text in found.values() if text), "")


def money(amount: object) -> str:
    """A price with two places."""
    return f"${Decimal(str(amount or 0)):,.2f}"


def layout(shop: Shop, language: int, title: str, path: str, body: str) -> str:
    """A whole page."""
    isos = iso_codes(shop)
    name = escape(shop.settings.shop_name)
    links = "".join(
        f'<a class="{"on" if number == language else ""}" href="{path}?lang={iso}">{iso.upper()}</a>'
        for number, iso in isos.items()
    )
    return (
        f'<!doctype html><html lang="{isos[language]}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · {name}</title>"
        f"<style>{STYLE}</style></head><body><header><div class=bar>"
        f'<a class=logo href="/?lang={isos[language]}">{name}</a>'
        f"<nav class=languages>{links}</nav></div></header>"
        f"<main>{body}</main><footer>A simulated PrestaShop {shop.edition.version}. "
        f"Its webservice answers at <code>{escape(shop.api_url)}</code></footer></body></html>"
    )


def product_list(shop: Shop, language: int, page: int) -> str:
    """A page of 24 products."""
    total = int(shop.connection.execute("SELECT count(*) FROM products").fetchone()[0])
    found = products(shop, limit=PAGE, offset=(page - 1) * PAGE)
    iso = iso_codes(shop)[language]
    cards = "".join(card(product, language, iso) for product in found)
    if not found:
        return layout(shop, language, "Products", "/", "<p class=empty>Nothing on the shelves yet.</p>")
    last = -(-total // PAGE)
    back = f'<a href="/?lang={iso}&amp;page={page - 1}">&lsaquo;</a>' if page > 1 else ""
    onward = f'<a href="/?lang={iso}&amp;page={page + 1}">&rsaquo;</a>' if page < last else ""
    noun = "product" if total == 1 else "products"
    pager = f"<nav class=pager>{back}<span>{page} / {last} · {total} {noun}</span>{onward}</nav>"
    return layout(shop, language, "Products", "/", f"<div class=grid>{cards}</div>{pager}")


def card(product: Product, language: int, iso: str) -> str:
    """One product in the list."""
    name = in_language(product["names"], language) or "(no name)"
    classes = "card" if product["active"] else "card off"
    return (
        f'<a class="{classes}" href="/product/{product["id"]}?lang={iso}">{shot(product, name, small=True)}'
        f"<div class=text><span class=brand>{escape(product['brand'] or '')}</span>"
        f"<span class=name>{escape(name)}</span><span class=ref>{escape(product['reference'] or '')}</span>"
        f"<span class=price>{money(product['price'])}</span>{stock(product)}</div></a>"
    )


def shot(product: Product, name: str, *, small: bool) -> str:
    """The cover picture, or an empty frame."""
    cover = product["cover_id"]
    if cover is None:
        return "<div class=shot>no picture</div>"
    suffix = "-small" if small else ""
    return f'<div class=shot><img loading=lazy src="/img/{cover}{suffix}.jpg" alt="{escape(name)}"></div>'


def stock(product: Product) -> str:
    """How many there are."""
    quantity = int(product["quantity"] or 0)
    if quantity > 0:
        return f"<span class=stock>{quantity} in stock</span>"
    return '<span class="stock none">out of stock</span>'


def product_page(shop: Shop, language: int, number: int) -> str | None:
    """One product's page, or None when there is none. Descriptions were cleaned when they were stored."""
    found: list[Product] = products(shop, limit=1, only=number)
    if not found:
        return None
    product = found[0]
    name = in_language(product["names"], language) or "(no name)"
    thumbs = "".join(
        f'<a href="/img/{one}.jpg"><img src="/img/{one}-small.jpg" alt=""></a>'
        for one in product["shown_image_ids"]
    )
    body = (
        f"<article class=detail><div>{shot(product, name, small=False)}"
        f"<div class=thumbs>{thumbs}</div></div><div>"
        f"<span class=brand>{escape(product['brand'] or '')}</span><h1>{escape(name)}</h1>"
        f"<p class=price>{money(product['price'])}</p>{stock(product)}"
        f"<div>{in_language(product['short_descriptions'], language)}</div>"
        f"<div>{in_language(product['descriptions'], language)}</div>"
        f"<table>{facts(shop, product, language)}</table></div></article>"
    )
    return layout(shop, language, name, f"/product/{number}", body)


def facts(shop: Shop, product: Product, language: int) -> str:
    """The table of references, categories and features."""
    rows = [("Reference", product["reference"]), ("EAN", product["ean13"])]
    if Decimal(product["weight"] or 0):
        rows.append(("Weight", f"{Decimal(product['weight']).normalize():f} kg"))
    names = []
    for number in product["categories"]:
        row = shop.connection.execute("SELECT name FROM categories WHERE id = ?", (number,)).fetchone()
        names.append(in_language(texts(row["name"]), language) if row else str(number))
    rows.append(("Categories", ", ".join(names)))
    rows.extend(
        (in_language(one["name"], language), in_language(one["value"], language))
        for one in product["features"]
    )
    return "".join(
        f"<tr><td>{escape(label)}</td><td>{escape(value)}</td></tr>" for label, value in rows if value
    )
