"""How a submission is cut into chunks: as few as the limits allow, in the order in which it came."""

from collections.abc import Sequence

from common.messages import MAX_CHUNK_BYTES, MAX_CHUNK_ITEMS

ENVELOPE_BYTES = 2048
"""Kept free in every message for what stands around the changes (ids, tenant, shop, times)."""

MAX_CHANGES_BYTES = MAX_CHUNK_BYTES - ENVELOPE_BYTES


def fits_into_a_chunk(size: int, *, max_bytes: int = MAX_CHANGES_BYTES) -> bool:
    """Whether a change of `size` bytes of JSON can travel at all."""
    return size + 1 <= max_bytes


def cut(
    sizes: Sequence[int], *, max_items: int = MAX_CHUNK_ITEMS, max_bytes: int = MAX_CHANGES_BYTES
) -> list[range]:
    """Consecutive runs of changes, given the bytes of JSON of each; a comma is counted for every one.

    Every change must fit by itself: see `fits_into_a_chunk`.
    """
    runs: list[range] = []
    start, filled = 0, 0
    for index, size in enumerate(sizes):
        if not fits_into_a_chunk(size, max_bytes=max_bytes):
            raise ValueError(f"change {index} has {size} bytes and fits into no chunk")
        if index > start and (index - start == max_items or filled + size + 1 > max_bytes):
            runs.append(range(start, index))
            start, filled = index, 0
        filled += size + 1
    if len(sizes) > start:
        runs.append(range(start, len(sizes)))
    return runs
