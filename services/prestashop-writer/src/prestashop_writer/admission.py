"""Whether a change may be merged into the desired state. Pure."""

from common.messages import Intent, ItemOutcome, ProductChange, Reason, Result
from prestashop_writer.plan import KeptProduct, State


def objection(kept: KeptProduct | None, change: ProductChange) -> Reason | None:
    """Why a change cannot be taken, from what the writer itself knows; None when it can.

    A create of a product that is live is a conflict, unless this very change created it (it is delivered
    a second time), or the product is about to be deleted for an older one. What is not known here is decided
    after the look-up in the shop.
    """
    if change.intent is not Intent.CREATE or kept is None or kept.product.state is not State.LIVE:
        return None
    is_anew = kept.product.must_go and change.sequence > kept.product.deletion
    if is_anew or kept.created_sequence == change.sequence:
        return None
    return product_exists(change.reference)


def product_exists(reference: str | None) -> Reason:
    """A create, and the shop has the product."""
    return Reason(
        code="product_exists",
        field="reference",
        message=f"A product with the reference {reference} exists already; send operation update.",
    )


def product_not_found(reference: str | None) -> Reason:
    """An update or a deletion, and the shop does not have the product."""
    return Reason(
        code="product_not_found",
        field="reference",
        message=f"There is no product with the reference {reference}; send operation create.",
    )


def product_unknown(presta_id: int | None) -> Reason:
    """A product addressed by the shop's own id, and we know of none."""
    return Reason(
        code="product_not_found",
        field="presta_id",
        message=f"No product with the shop's id {presta_id} is known here; send its reference once.",
    )


def name_missing(reference: str | None) -> Reason:
    """A product that is not in the shop, and nothing to call it by."""
    return Reason(
        code="product_not_found",
        field="name",
        message=f"There is no product with the reference {reference}; to create it, send a name.",
    )


def product_conflict(reference: str | None, presta_ids: list[int]) -> Reason:
    """Several products of the shop carry the reference; which one is meant nobody can tell."""
    ids = ", ".join(str(presta_id) for presta_id in presta_ids)
    return Reason(
        code="product_conflict",
        field="reference",
        message=f"The shop has several products with the reference {reference} (ids {ids}); "
        "give all but one another reference.",
    )


def product_deleted(reference: str | None) -> Reason:
    """A change that is older than the deletion of its product: nothing of it is written."""
    return Reason(
        code="product_deleted",
        field="reference",
        message=f"A newer change has deleted the product {reference}.",
    )


def shop_forbids_deleting() -> Reason:
    """The webservice key lacks a right that nothing else needs."""
    return Reason(
        code="shop_refused",
        field="",
        message="The webservice key of the shop may not delete products; "
        "allow DELETE on products there, or deactivate the product.",
    )


def shop_refused(code: int | None, message: str) -> Reason:
    """The shop itself said no."""
    return Reason(
        code="shop_refused", field="", message=f"The shop refused the product: {message} (code {code})"
    )


def shop_failed(error: str, attempts: int) -> Reason:
    """The shop broke down on this product again and again, while it works for others."""
    return Reason(
        code="shop_failed", field="", message=f"The shop failed on this product {attempts} times: {error}"
    )


def refused(change: ProductChange, reason: Reason) -> ItemOutcome:
    """The outcome of a change that is not taken."""
    return ItemOutcome(
        position=change.position,
        sequence=change.sequence,
        intent=change.intent,
        result=Result.REFUSED,
        reference=change.reference,
        product_id=change.product_id,
        presta_id=change.presta_id,
        reasons=(reason,),
    )
