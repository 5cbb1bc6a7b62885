"""Rules for variants: their references, options and fields, and the stocks that are told for them alone."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from common.messages import ProductFields, Reason, Variant
from validator import characters
from validator.knowledge import Knowledge
from validator.list_rules import MOST_IMAGES
from validator.number_rules import MOST_DECIMAL, MOST_INTEGER, judge_ean13, judge_quantity, plain
from validator.reasons import reason, show
from validator.reference_rules import judge_reference

MOST_VARIANTS = 200
"""Of one product: each is a row of the shop with a stock of its own."""

# PrestaShop's schemas of product_options (public_name) and product_option_values (name), 8.2.1 and 1.7.8
OPTION_NAME_LENGTH = 64
OPTION_VALUE_LENGTH = 128

NEVER_EMPTY = ("price_impact", "weight_impact", "quantity", "minimal_quantity", "is_default")
"""Fields of a variant of which the shop always needs a value."""


def judge_variants(fields: ProductFields, shop: Knowledge) -> Iterator[Reason]:
    """The list of variants as a whole, each of them, and the stocks by their references."""
    variants, quantities = fields.variants or (), fields.variant_quantities or {}
    for path, entries in (("variants", variants), ("variant_quantities", quantities)):
        if len(entries) > MOST_VARIANTS:
            yield reason("too_many_variants", path, length=len(entries), limit=MOST_VARIANTS)
    names = None if fields.images is None else {image.file_name for image in fields.images}
    for place, variant in enumerate(variants):
        yield from _variant(variant, f"variants[{place}]", shop, names)
    yield from _together(variants)
    yield from _quantities(quantities, shop)
    if fields.variants is not None:
        yield from _quantities_of_the_list(quantities, variants)


def _variant(variant: Variant, path: str, shop: Knowledge, names: set[str] | None) -> Iterator[Reason]:
    """One variant by itself. `names` are those of the product's pictures, where these are stated."""
    if not variant.reference:
        yield reason("variant_reference_missing", f"{path}.reference")
    yield from judge_reference(variant.reference, f"{path}.reference", shop)
    yield from _options(variant.options, f"{path}.options")
    for name in NEVER_EMPTY:
        if name in variant.model_fields_set and getattr(variant, name) is None:
            yield reason("field_empty", f"{path}.{name}")
    for name in ("price_impact", "weight_impact"):
        impact: Decimal | None = getattr(variant, name)
        if impact is not None and abs(impact) > MOST_DECIMAL:
            yield _out_of_range(f"{path}.{name}", impact, -MOST_DECIMAL, MOST_DECIMAL)
    yield from judge_quantity(variant.quantity, f"{path}.quantity")
    least = variant.minimal_quantity
    if least is not None and not 1 <= least <= MOST_INTEGER:
        yield _out_of_range(f"{path}.minimal_quantity", least, 1, MOST_INTEGER)
    yield from judge_ean13(variant.ean13, f"{path}.ean13", check_digits=shop.check_digits)
    yield from _pictures(variant.images or (), f"{path}.images", names)


def _options(options: Mapping[str, str], path: str) -> Iterator[Reason]:
    if not options:
        yield reason("variant_without_options", path)
    folded: dict[str, str] = {}
    for name, value in options.items():
        here = f"{path}.{show(name)}"
        if not name.strip() or not value.strip():
            yield reason("field_empty", here)
        if len(name) > OPTION_NAME_LENGTH:
            yield reason("option_name_too_long", here, length=len(name), limit=OPTION_NAME_LENGTH)
        if len(value) > OPTION_VALUE_LENGTH:
            yield reason("option_value_too_long", here, length=len(value), limit=OPTION_VALUE_LENGTH)
        if found := characters.found_in(name + value, characters.GENERIC_NAME):
            yield reason("character_forbidden", here, found=found)
        first = folded.setdefault(characters.twin_key(name), name)
        if first != name:
            yield reason("option_repeated", here, first=first)


def _pictures(images: Sequence[str], path: str, names: set[str] | None) -> Iterator[Reason]:
    if len(images) > MOST_IMAGES:
        yield reason("too_many_images", path, length=len(images), limit=MOST_IMAGES)
    for place, image in enumerate(images):
        if names is not None and image not in names:
            yield reason("variant_image_unknown", f"{path}[{place}]", value=image)


def _together(variants: Sequence[Variant]) -> Iterator[Reason]:
    """What one variant may not share with another; a shop that ignores case could not tell them apart."""
    references: dict[str, int] = {}
    combinations: dict[frozenset[tuple[str, str]], int] = {}
    default: int | None = None
    for place, variant in enumerate(variants):
        path = f"variants[{place}]"
        first = references.setdefault(characters.twin_key(variant.reference), place)
        if first != place and variant.reference:
            yield reason("variant_repeated", f"{path}.reference", first=first)
        first = combinations.setdefault(_folded(variant.options), place)
        if first != place and variant.options:
            yield reason("variant_options_repeated", f"{path}.options", first=first)
        if variant.options.keys() != variants[0].options.keys() and variant.options:
            expected = ", ".join(variants[0].options)
            yield reason("variant_options_differ", f"{path}.options", expected=expected)
        if variant.is_default:
            if default is not None:
                yield reason("variant_default_repeated", f"{path}.is_default", first=default)
            default = place if default is None else default


def _folded(options: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (characters.twin_key(name), characters.twin_key(value)) for name, value in options.items()
    )


def _quantities(quantities: Mapping[str, int], shop: Knowledge) -> Iterator[Reason]:
    seen: dict[str, str] = {}
    for reference, quantity in quantities.items():
        path = f"variant_quantities.{show(reference)}"
        if not reference:
            yield reason("variant_reference_missing", path)
        yield from judge_reference(reference, path, shop)
        yield from judge_quantity(quantity, path)
        first = seen.setdefault(characters.twin_key(reference), reference)
        if first != reference:
            yield reason("variant_quantity_repeated", path, first=first)


def _quantities_of_the_list(quantities: Mapping[str, int], variants: Sequence[Variant]) -> Iterator[Reason]:
    """A stock is told for a variant of the list, and not twice with two numbers."""
    listed = {variant.reference: variant.quantity for variant in variants}
    for reference, quantity in quantities.items():
        path = f"variant_quantities.{show(reference)}"
        other = listed.get(reference)
        if reference not in listed:
            yield reason("variant_unknown", path, value=reference)
        elif other is not None and other != quantity:
            yield reason("variant_quantity_differs", path, value=plain(quantity), other=plain(other))


def _out_of_range(path: str, number: int | Decimal, least: int | Decimal, most: int | Decimal) -> Reason:
    return reason("number_out_of_range", path, value=plain(number), least=least, most=most)
