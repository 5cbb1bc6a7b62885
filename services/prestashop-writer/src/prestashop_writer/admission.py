"""Whether a change may be merged into the desired state. Pure."""

from collections.abc import Sequence

from common.messages import Intent, ProductChange, Reason
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
    """A product addressed by the shop's own id, and the shop has none."""
    return Reason(
        code="product_not_found",
        field="presta_id",
        message=f"The shop has no product with the id {presta_id}; send operation create, with a reference.",
    )


def product_without_reference(presta_id: int | None) -> Reason:
    """A product addressed by the shop's own id, by which alone it could be told from others."""
    return Reason(
        code="product_not_found",
        field="presta_id",
        message=f"The shop's product {presta_id} has no reference; give it one in the back office.",
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


def variant_conflict(reference: str | None, presta_ids: Sequence[int]) -> Reason:
    """Several combinations of the product carry the reference of a variant."""
    ids = ", ".join(str(presta_id) for presta_id in presta_ids)
    return Reason(
        code="variant_conflict",
        field="variants",
        message=f"The product has several combinations with the reference {reference} (ids {ids}); "
        "give all but one another reference, or delete them.",
    )


def variant_unknown(variant: str, reference: str | None) -> Reason:
    """A stock of a variant that the product does not have: it counts once the variant is in the list."""
    return Reason(
        code="variant_unknown",
        field=f"variant_quantities.{variant}",
        message=f"The product {reference} has no variant {variant}; "
        "its stock is written once it is in the list of variants.",
    )


def quantity_ignored(reference: str | None, field: str) -> Reason:
    """A stock of a product with variants, which is the sum of theirs."""
    return Reason(
        code="quantity_ignored",
        field=field,
        message=f"The product {reference} has variants, and its stock is the sum of theirs; "
        "send the quantities of the variants.",
    )


def shop_forbids(resource: str, field: str) -> Reason:
    """The webservice key lacks a right that only products with this field need."""
    return Reason(
        code="shop_refused",
        field=field,
        message=f"The webservice key of the shop may not use {resource}; "
        f"allow GET, POST, PUT, PATCH and DELETE on {resource} there, or leave out {field}.",
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


def plan_incomplete(reference: str) -> Reason:
    """A dry run that cannot look further: what the shop makes of an older request nobody knows yet."""
    return Reason(
        code="plan_incomplete",
        field="",
        message=f"The shop has not answered an older request on which the product {reference} depends; "
        "send the dry run again later to see the rest of the plan.",
    )


def rehearsal_failed(error: str, attempts: int) -> Reason:
    """A fault of ours in a dry run."""
    return Reason(
        code="rehearsal_failed",
        field="",
        message=f"The dry run failed {attempts} times: {error}; nothing was changed.",
    )
