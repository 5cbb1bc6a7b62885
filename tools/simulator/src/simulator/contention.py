"""Writes that are under way at once, and which of them the shop's database gives up (a deadlock: empty 500).

Measured on PrestaShop 8.2.1: 42 of 80 parallel PUTs of one product fail, none of distinct products; of 200
parallel DELETEs, 3. In a deadlock one write goes on, so the last of those under way is never given up.
"""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from simulator.outline import CHANGING, Outline

# Of eight writes of one product at once, seven may fail: 0.6 of those are 42 of 80.
SHARE_OF_PARALLEL_WRITES = 0.6
SHARE_OF_PARALLEL_DELETES = 0.015


@dataclass(slots=True)
class Contention:
    """The writes of products that are under way."""

    writes: Counter[int] = field(default_factory=Counter)
    deletes: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 (a play, no secret)

    @contextmanager
    def under_way(self, outline: Outline) -> Iterator[None]:
        """Hold the products of a request until it is done."""
        deletes = int(outline.method == "DELETE")
        self.writes.update(outline.ids)
        self.deletes += deletes
        try:
            yield
        finally:
            self.writes.subtract(outline.ids)
            self.writes += Counter()  # forgets those at zero
            self.deletes -= deletes

    def given_up(self, outline: Outline) -> frozenset[int]:
        """Which of a request's products it loses to the others that are under way."""
        if outline.method in CHANGING:
            share = SHARE_OF_PARALLEL_WRITES
            contested = [number for number in sorted(outline.ids) if self.writes[number] > 1]
        else:
            share = SHARE_OF_PARALLEL_DELETES
            contested = sorted(outline.ids) if self.deletes > 1 else []
        return frozenset(number for number in contested if self.chance.random() < share)


def contends(outline: Outline) -> bool:
    """Whether a request can deadlock: it changes or deletes products."""
    return outline.resource == "products" and (outline.method in CHANGING or outline.method == "DELETE")
