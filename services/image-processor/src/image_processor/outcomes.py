"""What an item is told once its product shows the desired pictures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from common.messages import ImageReference, ItemOutcome, Reason, Result
from image_processor.plan import PictureProduct, Variant, distinct, unshown


@dataclass(frozen=True)
class CoverProof:
    """What the shop was found to show first: the desired picture, or, with a `gap`, another one."""

    gap: Reason | None = None


def outcome_of(
    product: PictureProduct, images: Sequence[ImageReference], outcome: ItemOutcome
) -> ItemOutcome:
    """An item's outcome with its pictures counted, and a warning for each that cannot be shown."""
    entries = {entry.sha256: entry for entry in product.ledger}
    own = [entries[image.sha256] for image in distinct(images) if image.sha256 in entries]
    refused = {entry.sha256: entry.refused for entry in own if entry.refused is not None}
    warnings = [
        Reason(code=reason.code, field=f"images[{number}]", message=f"{image.file_name}: {reason.message}")
        for number, image in enumerate(images)
        if (reason := refused.pop(image.sha256, None)) is not None
    ]
    warnings += [warning for variant in product.variants for warning in _warnings_of(product, variant)]
    changed = product.changed and outcome.result is Result.UNCHANGED
    return outcome.model_copy(
        update={
            "result": Result.UPDATED if changed else outcome.result,
            "images_processed": sum(entry.image_id is not None for entry in own),
            "warnings": (*outcome.warnings, *warnings),
        }
    )


def with_cover(outcome: ItemOutcome, proof: CoverProof | None) -> ItemOutcome:
    """An item's outcome with the proof of the cover beside what the writer has found."""
    if proof is None:
        return outcome
    if proof.gap is None:
        return outcome.model_copy(update={"verified": outcome.verified is not False})
    return outcome.model_copy(update={"verified": False, "warnings": (*outcome.warnings, proof.gap)})


def _warnings_of(product: PictureProduct, variant: Variant) -> list[Reason]:
    """What a variant cannot show, and why."""
    field = f"variants.{variant.reference}.images"
    warnings = []
    for name, refused in unshown(product, variant).items():
        code, why = ("variant_picture_unknown", "No picture of the product has this file name.")
        if refused is not None:
            code, why = refused.code, refused.message
        warnings.append(Reason(code=code, field=field, message=f"{name}: {why}"))
    if variant.refused is not None:
        why = f"The shop does not show them: {variant.refused}"
        warnings.append(Reason(code="shop_refused", field=field, message=why))
    return warnings
