"""The judgement of one product change: every rule that it breaks, with the sender's field path.

Pure: a change and what is known of its shop in, reasons out. A change without reasons may go to the shop.
What only the shop can know (whether a product exists) is decided where the shop is written.
"""

from collections.abc import Iterator

from common.messages import Intent, ProductChange, ProductFields, Reason
from validator.knowledge import Knowledge
from validator.list_rules import judge_lists
from validator.number_rules import judge_numbers, plain
from validator.reasons import reason
from validator.reference_rules import judge_reference
from validator.text_rules import judge_texts
from validator.variant_rules import judge_variants

MOST_REASONS = 100
"""Of one item. A list of 50,000 unknown categories must not become a message of 10 MB."""

NEVER_EMPTY = (
    "name",
    "slug",
    "price",
    "quantity",
    "warehouses",
    "minimal_quantity",
    "active",
    "available_for_order",
    "visibility",
    "condition",
    "variant_quantities",
)
"""Fields of which the shop always needs a value: `null` cannot clear them."""

CHOICES = {  # PrestaShop's schema of products, 8.2.1 and 1.7.8
    "visibility": ("both", "catalog", "search", "none"),
    "condition": ("new", "used", "refurbished"),
}

NEWER_SNAPSHOT_MAY_HELP = frozenset({"category_unknown", "language_unknown", "tax_rules_group_unknown"})
"""What may just have been made in the shop."""


def judge(change: ProductChange, shop: Knowledge) -> tuple[Reason, ...]:
    """All that is wrong with a change; nothing means that it may go to the shop. Never raises."""
    if change.intent is Intent.DELETE:
        return tuple(_identity(change, shop))  # nothing else of a product that goes matters
    reasons = [
        *_identity(change, shop),
        *_presence(change),
        *judge_texts(change.fields, shop),
        *judge_numbers(change.fields, shop),
        *judge_lists(change.fields, shop),
        *judge_variants(change.fields, shop),
        *_choices(change.fields),
    ]
    if len(reasons) > MOST_REASONS:
        more = reason("more_violations", "", length=len(reasons) - MOST_REASONS)
        return (*reasons[:MOST_REASONS], more)
    return tuple(reasons)


def creates(change: ProductChange) -> bool:
    """Whether the change may bring a new product into being."""
    return change.intent in {Intent.CREATE, Intent.UPSERT}


def _identity(change: ProductChange, shop: Knowledge) -> Iterator[Reason]:
    if not change.reference:
        if change.product_id is not None and not creates(change):
            yield reason("product_not_found", "product_id", value=plain(change.product_id))
        elif change.presta_id is None or creates(change):
            yield reason("reference_missing", "reference")
        return  # a shop's id alone is for the writer to know
    yield from judge_reference(change.reference, "reference", shop)


def _presence(change: ProductChange) -> Iterator[Reason]:
    fields: ProductFields = change.fields
    for name in NEVER_EMPTY:
        if name in fields.model_fields_set and getattr(fields, name) is None:
            yield reason("field_empty", name)
    name_was_cleared = "name" in fields.model_fields_set and fields.name is None
    if change.intent is Intent.CREATE and not fields.name and not name_was_cleared:
        yield reason("name_missing", "name")


def _choices(fields: ProductFields) -> Iterator[Reason]:
    for name, choices in CHOICES.items():
        value: str | None = getattr(fields, name)
        if value is not None and value not in choices:
            yield reason("choice_unknown", name, value=value, choices=", ".join(choices))
