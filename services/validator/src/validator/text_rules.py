"""Rules for texts: names, summaries, descriptions, slugs, meta texts, the brand and the supplier."""

import re
from collections.abc import Callable, Iterator

from common.messages import PLAIN, Brand, ProductFields, Reason, Supplier, Texts
from validator import characters
from validator.html import unsafe_in, visible_length
from validator.knowledge import Knowledge
from validator.reasons import reason, show
from validator.reference_rules import judge_reference

NAME_LENGTH = 255  # seed "Products Sync API": name, 1-255 characters
DESCRIPTION_LENGTH = 10_000  # seed "Products Sync API": description
# PrestaShop's schema of products (8.2.1 and 1.7.8): link_rewrite, meta_title, meta_description
SLUG_LENGTH = 128
META_TITLE_LENGTH = 255
META_DESCRIPTION_LENGTH = 512
SUPPLIER_NAME_LENGTH = 64  # PrestaShop's schema of suppliers (8.2.1 and 1.7.8): name

TextRule = Callable[[str, str, Knowledge], Iterator[Reason]]


def judge_texts(fields: ProductFields, shop: Knowledge) -> Iterator[Reason]:
    """Every text of every language, and whether the shop has the language."""
    for field, rule in TEXT_RULES.items():
        texts: Texts | None = getattr(fields, field)
        for language, text in (texts or {}).items():
            path = field if language == PLAIN else f"{field}.{show(language)}"
            if language != PLAIN and language not in shop.languages:
                languages = ", ".join(shop.languages)
                yield reason("language_unknown", path, value=language, shop=shop.shop, languages=languages)
            yield from rule(text, path, shop)
    if fields.brand is not None:
        yield from _brand(fields.brand, shop)
    if fields.supplier is not None:
        yield from _supplier(fields.supplier, shop)


def _name(text: str, path: str, shop: Knowledge) -> Iterator[Reason]:
    limit = min(NAME_LENGTH, shop.limits.name_length)
    if not text.strip():
        yield reason("field_empty", path)
    if len(text) > limit:
        yield reason("name_too_long", path, length=len(text), limit=limit, contract=NAME_LENGTH)
    yield from _forbid(text, path, characters.CATALOGUE_NAME)


def _summary(text: str, path: str, shop: Knowledge) -> Iterator[Reason]:
    length, limit = visible_length(text), shop.limits.summary_length
    if length > limit:
        yield reason("summary_too_long", path, length=length, limit=limit)
    yield from _html(text, path)


def _description(text: str, path: str, _shop: Knowledge) -> Iterator[Reason]:
    if len(text) > DESCRIPTION_LENGTH:
        yield reason("description_too_long", path, length=len(text), limit=DESCRIPTION_LENGTH)
    yield from _html(text, path)


def _slug(text: str, path: str, _shop: Knowledge) -> Iterator[Reason]:
    if not text:
        yield reason("field_empty", path)  # the shop makes a slug of the name only when it creates
    if len(text) > SLUG_LENGTH:
        yield reason("slug_too_long", path, length=len(text), limit=SLUG_LENGTH)
    if found := characters.found_in(text, characters.SLUG):
        yield reason("slug_forbidden", path, found=found)


def _meta_title(text: str, path: str, _shop: Knowledge) -> Iterator[Reason]:
    if len(text) > META_TITLE_LENGTH:
        yield reason("meta_title_too_long", path, length=len(text), limit=META_TITLE_LENGTH)
    yield from _forbid(text, path, characters.GENERIC_NAME)


def _meta_description(text: str, path: str, _shop: Knowledge) -> Iterator[Reason]:
    if len(text) > META_DESCRIPTION_LENGTH:
        yield reason("meta_description_too_long", path, length=len(text), limit=META_DESCRIPTION_LENGTH)
    yield from _forbid(text, path, characters.GENERIC_NAME)


def _brand(brand: Brand, shop: Knowledge) -> Iterator[Reason]:
    limit = shop.limits.brand_name_length
    if not brand.name.strip():
        yield reason("field_empty", "brand.name")
    if len(brand.name) > limit:
        yield reason("brand_name_too_long", "brand.name", length=len(brand.name), limit=limit)
    yield from _forbid(brand.name, "brand.name", characters.CATALOGUE_NAME)
    yield from _html(brand.description or "", "brand.description")


def _supplier(supplier: Supplier, shop: Knowledge) -> Iterator[Reason]:
    if not supplier.name.strip():
        yield reason("field_empty", "supplier.name")
    if len(supplier.name) > SUPPLIER_NAME_LENGTH:
        length = len(supplier.name)
        yield reason("supplier_name_too_long", "supplier.name", length=length, limit=SUPPLIER_NAME_LENGTH)
    yield from _forbid(supplier.name, "supplier.name", characters.CATALOGUE_NAME)
    yield from judge_reference(supplier.reference or "", "supplier.reference", shop)


def _html(text: str, path: str) -> Iterator[Reason]:
    if found := unsafe_in(text):
        yield reason("description_unsafe", path, found=found)
    yield from _forbid(text, path, characters.ANY_TEXT)


def _forbid(text: str, path: str, forbidden: re.Pattern[str]) -> Iterator[Reason]:
    if found := characters.found_in(text, forbidden):
        yield reason("character_forbidden", path, found=found)


TEXT_RULES: dict[str, TextRule] = {
    "name": _name,
    "summary": _summary,
    "description": _description,
    "slug": _slug,
    "meta_title": _meta_title,
    "meta_description": _meta_description,
}
