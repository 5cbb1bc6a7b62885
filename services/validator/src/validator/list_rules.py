"""Rules for lists: categories, technical data, images and discounts."""

from collections.abc import Iterator, Sequence
from datetime import date

from common.features import feature_name, feature_value
from common.messages import Discount, ImageReference, ProductFields, Reason, TechnicalDatum
from validator import characters
from validator.knowledge import Knowledge
from validator.number_rules import MOST_DECIMAL, MOST_INTEGER, plain
from validator.reasons import reason

MOST_TECHNICAL_DATA = 100  # seed "Products Sync API": technical_data
MOST_IMAGES = 10  # seed "Products Sync API": images
IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".gif", ".webp")  # seed "Image Model"


def judge_lists(fields: ProductFields, shop: Knowledge) -> Iterator[Reason]:
    """Every entry of every list, by its place from 0."""
    yield from _categories(fields, shop)
    yield from _technical_data(fields.technical_data or (), shop)
    yield from _images(fields.images or ())
    yield from _discounts(fields.discounts or ())


def _categories(fields: ProductFields, shop: Knowledge) -> Iterator[Reason]:
    for place, category in enumerate(fields.categories or ()):
        if category not in shop.categories:
            yield reason("category_unknown", f"categories[{place}]", value=plain(category), shop=shop.shop)
    default = fields.default_category
    if default is not None and default not in shop.categories:
        yield reason("category_unknown", "default_category", value=plain(default), shop=shop.shop)


def _technical_data(data: Sequence[TechnicalDatum], shop: Knowledge) -> Iterator[Reason]:
    if len(data) > MOST_TECHNICAL_DATA:
        yield reason("too_many_technical_data", "technical_data", length=len(data), limit=MOST_TECHNICAL_DATA)
    for place, datum in enumerate(data):
        yield from _technical_datum(datum, f"technical_data[{place}]", shop)


def _technical_datum(datum: TechnicalDatum, path: str, shop: Knowledge) -> Iterator[Reason]:
    """One line; what the shop sees of it is `common.features`, so that is what is measured."""
    for part, text in (("name", datum.name), ("value", datum.value)):
        if not text.strip():
            yield reason("field_empty", f"{path}.{part}")
    length, limit = len(feature_name(datum)), shop.limits.feature_name_length
    if length > limit:
        yield reason("feature_name_too_long", f"{path}.name", length=length, limit=limit)
    length, limit = len(feature_value(datum)), shop.limits.feature_value_length
    if length > limit:
        yield reason("feature_value_too_long", f"{path}.value", length=length, limit=limit)
    for part, text in (("group", datum.group), ("name", datum.name)):
        if found := characters.found_in(text, characters.GENERIC_NAME):
            yield reason("character_forbidden", f"{path}.{part}", found=found)
    for part, text in (("value", datum.value), ("unit", datum.unit)):
        if found := characters.found_in(text, characters.GENERIC_NAME):
            yield reason("feature_value_forbidden", f"{path}.{part}", found=found)


def _images(images: Sequence[ImageReference]) -> Iterator[Reason]:
    if len(images) > MOST_IMAGES:
        yield reason("too_many_images", "images", length=len(images), limit=MOST_IMAGES)
    for place, image in enumerate(images):
        path = f"images[{place}].file_name"
        if not image.file_name.lower().endswith(IMAGE_EXTENSIONS):
            yield reason("image_extension", path, value=image.file_name)
        if found := characters.found_in(image.file_name, characters.ANY_TEXT):
            yield reason("character_forbidden", path, found=found)


def _discounts(discounts: Sequence[Discount]) -> Iterator[Reason]:
    seen: dict[tuple[int, date | None, date | None], int] = {}
    for place, discount in enumerate(discounts):
        path = f"discounts[{place}]"
        yield from _discount(discount, path)
        # The shop answers the second of such a pair with an empty 500 (measured on 8.2.1).
        first = seen.setdefault((discount.from_quantity, discount.starts, discount.ends), place)
        if first != place:
            yield reason("discount_repeated", path, first=first)


def _discount(discount: Discount, path: str) -> Iterator[Reason]:
    if not 1 <= discount.from_quantity <= MOST_INTEGER:
        value = plain(discount.from_quantity)
        yield reason("discount_quantity", f"{path}.from_quantity", value=value, most=MOST_INTEGER)
    percentage, amount = discount.percentage, discount.amount
    in_range = (
        0 < percentage <= 100 if percentage is not None else amount is not None and 0 < amount <= MOST_DECIMAL
    )
    if (percentage is None) == (amount is None) or not in_range:
        yield reason("discount_value", path, most=MOST_DECIMAL)
    if discount.starts and discount.ends and discount.ends < discount.starts:
        yield reason("discount_dates", f"{path}.ends", ends=discount.ends)
