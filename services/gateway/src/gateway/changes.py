"""From drafts to changes in chunks: pure, given what is known of the products that they name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from common.messages import ProductChange, ProductFields, Reason
from gateway.chunking import cut, fits_into_a_chunk
from gateway.drafts import Draft, RefusedItem, refused

MAX_REFERENCE = 64
"""Longer references become no product (seed 000: at most 64 characters); the validator refuses them."""


@dataclass(frozen=True)
class KnownProducts:
    """The products that a submission speaks of."""

    references: Mapping[int, str]  # by product id
    ids: Mapping[str, int]  # by reference
    shop_ids: Mapping[str, int] = field(default_factory=dict)  # presta ids in the shop, by reference

    @cached_property
    def in_the_shop(self) -> Mapping[int, str]:
        """References by presta id."""
        return {presta_id: reference for reference, presta_id in self.shop_ids.items()}


@dataclass(frozen=True)
class Cut:
    """The changes of a submission in their chunks, and the items that went into none."""

    changes: Sequence[ProductChange]
    chunks: Sequence[range]  # of indexes into `changes`
    refused: Sequence[RefusedItem]


def cut_into_chunks(drafts: Sequence[Draft], known: KnownProducts, sequences: Sequence[int]) -> Cut:
    """The drafts with their ids and sequences, cut; what can travel in no chunk is refused."""
    changes: list[ProductChange] = []
    sizes: list[int] = []
    turned_away: list[RefusedItem] = []
    for draft, sequence in zip(drafts, sequences, strict=True):
        change = known_change(draft, known, sequence)
        if isinstance(change, Reason):
            turned_away.append(refused(draft, change))
            continue
        size = len(change.model_dump_json(exclude_unset=True).encode())
        if fits_into_a_chunk(size):
            changes.append(change)
            sizes.append(size)
        else:
            message = f"The item has {size} bytes without its pictures; that is more than can be taken in."
            turned_away.append(refused(draft, Reason(code="item_too_large", field="", message=message)))
    return Cut(changes, cut(sizes), turned_away)


def known_change(draft: Draft, known: KnownProducts, sequence: int) -> ProductChange | Reason:
    """The change of a draft: an id is resolved to its reference, a reference to its id.

    An unknown id of ours leaves the reference out: the validator refuses it as `product_not_found`. A shop's
    id that is unknown here travels on: the writer may know it already.
    """
    reference, product_id = draft.reference, draft.product_id
    if product_id is not None:
        is_called = known.references.get(product_id)
        if is_called is not None and reference is not None and reference != is_called:
            message = f"Product {product_id} has the reference {is_called}; a reference cannot be changed."
            return Reason(code="reference_differs", field="reference", message=message)
        reference = is_called
    elif reference is None and draft.presta_id is not None:
        reference = known.in_the_shop.get(draft.presta_id)
    if reference is not None:
        if disagreement := _other_product_in_the_shop(draft.presta_id, reference, known):
            return disagreement
        product_id = known.ids.get(reference, product_id)
    return ProductChange(
        position=draft.position,
        sequence=sequence,
        intent=draft.intent,
        reference=reference,
        product_id=product_id,
        presta_id=draft.presta_id,
        fields=ProductFields(**draft.fields),
    )


def _other_product_in_the_shop(presta_id: int | None, reference: str, known: KnownProducts) -> Reason | None:
    """Why a shop's id cannot be that of the product with this reference."""
    if presta_id is None:
        return None
    is_called, has_id = known.in_the_shop.get(presta_id), known.shop_ids.get(reference)
    if is_called not in {None, reference}:
        message = f"The shop's product {presta_id} has the reference {is_called}, not {reference}."
    elif has_id not in {None, presta_id}:
        message = f"The product {reference} has the id {has_id} in the shop."
    else:
        return None
    return Reason(code="presta_id_differs", field="presta_id", message=f"{message} Send one of the two.")
