"""The desired state of a product and how a change is merged into it.

Every field keeps the sequence of the change that gave it its value; an older value never overwrites a newer
one. Merging is therefore commutative, associative and idempotent: any order and any duplication of changes
ends in the same state. A deletion is one more field; what is older than it is not looked at any more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from common.messages import PLAIN, Intent, ProductChange, ProductFields

NOT_A_FIELD_OF_THE_WRITER = frozenset({"images"})  # the image-processor owns the desired pictures
VARIANTS = (
    "variants"  # which ones, in order; what else is said of one stands beside it, under a name of its own
)
VARIANT_QUANTITY = "quantity"
IDENTITY_OF_A_VARIANT = frozenset({"reference", "options"})
DELETED = "deleted"  # kept with the fields: the newest change that wants the product gone
TEXT_FIELDS = frozenset({"name", "summary", "description", "slug", "meta_title", "meta_description"})


class Stamped(NamedTuple):
    """A field's value, in JSON's types, and the sequence of the change that set it."""

    value: Any
    sequence: int


DesiredState = Mapping[str, Stamped]
"""By field; texts as `name.en`, warehouses as `warehouses.2`, what is said of a variant as
`variants.ean13.P-1-L`. References may hold dots: such a name is split at its first two."""


def merge(state: DesiredState, change: ProductChange) -> dict[str, Stamped]:
    """The state after a change: the newest value of each field."""
    merged = dict(state)
    for name, value in _stated(change):
        held = merged.get(name)
        if held is None or change.sequence > held.sequence:
            merged[name] = Stamped(value, change.sequence)
    return merged


def deletion(state: DesiredState) -> int:
    """The sequence of the newest change that wants the product gone; 0 for none."""
    return state[DELETED].sequence if DELETED in state else 0


def newer_than(sequence: int, state: DesiredState) -> dict[str, Stamped]:
    """The fields that were set after a change, its deletion for example."""
    return {name: stamped for name, stamped in state.items() if stamped.sequence > sequence}


def without(state: DesiredState, sequence: int) -> dict[str, Stamped]:
    """The state without what one change set; used when a change is refused before anything was written."""
    return {name: stamped for name, stamped in state.items() if stamped.sequence != sequence}


def newest_sequence(state: DesiredState) -> int:
    """The sequence of the newest change that the state holds; 0 for an empty one."""
    return max((stamped.sequence for stamped in state.values()), default=0)


def _stated(change: ProductChange) -> Iterator[tuple[str, Any]]:
    if change.intent is Intent.DELETE:
        yield DELETED, True
    else:
        yield from stated_fields(change.fields)


def stated_fields(fields: ProductFields) -> Iterator[tuple[str, Any]]:
    """The fields that a change states, flat, in JSON's types."""
    for name, value in fields.model_dump(mode="json", exclude_unset=True).items():
        if name in NOT_A_FIELD_OF_THE_WRITER:
            continue
        if name == VARIANTS:
            yield from _stated_variants(value)
        elif name == "variant_quantities":
            yield from (
                (variant_field(VARIANT_QUANTITY, reference), pieces)
                for reference, pieces in (value or {}).items()
            )
        elif isinstance(value, dict) and (name in TEXT_FIELDS or name == "warehouses"):
            yield from ((f"{name}.{key}", part) for key, part in value.items())
        elif value is None and name in TEXT_FIELDS:
            yield f"{name}.{PLAIN}", None  # clears every language
        else:
            yield name, value


def variant_field(field: str, reference: str) -> str:
    """The name of a field of a variant in the desired state."""
    return f"{VARIANTS}.{field}.{reference}"


def said_of_variants(state: DesiredState) -> Iterator[tuple[str, str, Stamped]]:
    """What is said of variants, in the list or not: field, the variant's reference, value."""
    for name, stamped in state.items():
        if name.startswith(f"{VARIANTS}."):
            _, field, reference = name.split(".", 2)
            yield field, reference, stamped


def _stated_variants(variants: Sequence[Mapping[str, Any]] | None) -> Iterator[tuple[str, Any]]:
    """The list, and what else is said of each by a name of its own: a newer list does not unsay it."""
    listed = list(variants or ())
    yield VARIANTS, [{name: variant[name] for name in IDENTITY_OF_A_VARIANT} for variant in listed]
    for variant in listed:
        for field in variant.keys() - IDENTITY_OF_A_VARIANT - NOT_A_FIELD_OF_THE_WRITER:
            yield variant_field(field, variant["reference"]), variant[field]
