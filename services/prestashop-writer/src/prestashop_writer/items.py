"""An item that waits for its product."""

from collections.abc import Mapping
from dataclasses import dataclass

from common.messages import ImageReference, Intent


@dataclass(frozen=True)
class OpenItem:
    """An item of a chunk that waits for its product to reach the desired state.

    `images` and `variant_images` (file names by a variant's reference) are None where its change says nothing
    of them.
    """

    chunk_id: str
    position: int
    reference: str
    sequence: int
    intent: Intent
    product_id: int | None
    images: tuple[ImageReference, ...] | None
    technical_data: int
    variant_images: Mapping[str, tuple[str, ...]] | None = None
