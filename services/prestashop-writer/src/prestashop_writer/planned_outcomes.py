"""What the items of a dry run are told. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from common.messages import (
    ChunkCompleted,
    ChunkWritten,
    FieldChange,
    ItemOutcome,
    Result,
    ShopRequests,
)
from prestashop import FIRST_REHEARSED_ID, PlannedRequests
from prestashop_writer.field_changes import field_changes, of_items
from prestashop_writer.plan import KeptProduct, Product
from prestashop_writer.proof import GAP, UNREAD
from prestashop_writer.target import Content

Told = ChunkCompleted | ChunkWritten

Changes = Mapping[int, Sequence[FieldChange]]
"""By position."""


@dataclass(frozen=True)
class Known:
    """What the shop is known to hold: of products by reference, and the descriptions of brands."""

    products: Mapping[str, KeptProduct]
    brand_texts: Mapping[str, str | None]


def brand_of(product: Product) -> str:
    """The brand that a product is to have; '' for none."""
    stated = product.desired.get("brand")
    return " ".join(stated.value["name"].split()) if stated and stated.value else ""


def planned(
    told: Told,
    before: Known,
    after: Known,
    found: Mapping[str, Content],
    requests: Iterable[PlannedRequests],
) -> Told:
    """What a chunk was told in its rehearsal, with the changes of each item and the requests of all.

    `found` is what the shop holds of products that were not known to be there, by reference.
    """
    works = told.pictures if isinstance(told, ChunkWritten) else ()
    changes = _changes([*told.outcomes, *(work.outcome for work in works)], before, after, found)
    ends = {
        "outcomes": tuple(_planned(outcome, changes) for outcome in told.outcomes),
        "planned_requests": tuple(
            ShopRequests(
                method=one.method, resource=one.resource, requests=one.requests, entities=one.entities
            )
            for one in requests
        ),
    }
    if works:
        ends["pictures"] = tuple(
            work.model_copy(update={"outcome": _planned(work.outcome, changes)}) for work in works
        )
    return told.model_copy(update=ends)


def _changes(
    outcomes: Iterable[ItemOutcome], before: Known, after: Known, found: Mapping[str, Content]
) -> Changes:
    by_reference: defaultdict[str, list[ItemOutcome]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.reference is not None and outcome.result is not Result.DELETED:
            by_reference[outcome.reference].append(outcome)
    changes: dict[int, Sequence[FieldChange]] = {}
    for reference in by_reference.keys() & after.products.keys():
        product = after.products[reference].product
        held = _held(before.products.get(reference), product, found.get(reference, {}))
        told = [
            *field_changes(held, {**held, **product.written}),
            *_brand_text(product, before, after),
        ]
        changes |= of_items(told, by_reference[reference], product.desired)
    return changes


def _held(before: KeptProduct | None, after: Product, found: Content) -> Content:
    """What a product held, unless it was made anew in the place of another."""
    if before is None or before.product.presta_id is None:
        return found
    return before.product.written if before.product.presta_id == after.presta_id else {}


def _brand_text(product: Product, before: Known, after: Known) -> list[FieldChange]:
    held, text = (known.brand_texts.get(brand_of(product)) or None for known in (before, after))
    return [] if held == text else [FieldChange(field="brand.description", before=held, after=text)]


def _planned(outcome: ItemOutcome, changes: Changes) -> ItemOutcome:
    """An outcome without what only the rehearsal has: ids of its own, and the proof of what it made up."""
    told: dict[str, object] = {"changes": tuple(changes.get(outcome.position, ()))}
    if outcome.presta_id is not None and outcome.presta_id >= FIRST_REHEARSED_ID:
        told["presta_id"] = None
    if outcome.verified is not None:
        told["verified"] = None
        told["warnings"] = tuple(one for one in outcome.warnings if one.code not in {GAP, UNREAD})
    return outcome.model_copy(update=told)
