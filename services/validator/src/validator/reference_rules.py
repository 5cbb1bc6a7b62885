"""The rule for references: of products, of variants, and what a supplier calls a product."""

from collections.abc import Iterator

from common.messages import Reason
from validator import characters
from validator.knowledge import Knowledge
from validator.reasons import reason

REFERENCE_LENGTH = 64  # seed "Products Sync API": reference; PrestaShop keeps as many


def judge_reference(reference: str, path: str, shop: Knowledge) -> Iterator[Reason]:
    """Whether the shop keeps it whole, and whether it can be found again."""
    limit = min(REFERENCE_LENGTH, shop.limits.reference_length)
    if len(reference) > limit:
        yield reason("reference_too_long", path, length=len(reference), limit=limit)
    if found := characters.found_in_reference(reference):
        yield reason("reference_forbidden", path, found=found)
