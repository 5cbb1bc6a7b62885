"""The cells of the fault matrix: every fault of the shop against every kind of write. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RATE = 0.15
"""Share of the matching requests that a fault hits, beside the first one, which it always hits."""

LATE_SECONDS = 1.0
"""How long after the client gave up a `late_commit` is written."""

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "500_before": {},
    "500_after": {},
    "drop_before": {},
    "drop_after": {},
    "never_answer": {},
    "late_commit": {"commit_after_seconds": LATE_SECONDS},
    "429": {"retry_after_seconds": 1},
    "503": {"retry_after_seconds": 1},
    "html_200": {},
    "slow_drip": {},
    "giant_answer": {"size_bytes": 40_000_000},  # above the client's limit of 32 MiB
}

WRITES_UNSEEN = ("500_after", "drop_after", "never_answer", "late_commit")
"""Faults after which the shop has written although it said nothing of it: who repeats, writes twice."""


QUIET_SECONDS = 0.5
"""How long the shop is left alone before its tables are read: what comes late must not be overlooked."""


@dataclass(frozen=True)
class Kind:
    """A kind of write: the requests that carry it, and how many products one cell brings.

    `slow` kinds make a request for each entity, so that only two of them are hit. `changes`: the products
    are brought without a fault first and changed under it.
    """

    name: str
    match: str
    products: int = 200
    slow: bool = False
    changes: bool = False


KINDS = (
    Kind("brands", r"^POST /api/manufacturers$"),
    Kind("features", r"^POST /api/product_features$"),
    Kind("values", r"^POST /api/product_feature_values$"),
    Kind("creates", r"^POST /api/products$"),
    Kind("changes", r"^PATCH /api/products$", changes=True),
    Kind("stock", r"^PATCH /api/stock_availables$", changes=True),
    Kind("variants", r"^POST /api/combinations$"),
    Kind("variant_stock", r"^PATCH /api/stock_availables$", changes=True),
    Kind("discounts", r"^(POST|PATCH|DELETE) /api/specific_prices"),
    Kind("pictures", r"^POST /api/images/products/", slow=True),
)


@dataclass(frozen=True)
class Cell:
    """One fault against one kind of write. The same seed deals the same faults to the same requests."""

    kind: Kind
    fault: str
    seed: int

    @property
    def prefix(self) -> str:
        """What every reference and name of the cell begins with; no cell's is the beginning of another's."""
        return f"{self.kind.name}.{self.fault}.{self.seed}."

    @property
    def quiet_seconds(self) -> float:
        """What the shop may still write is written then."""
        return QUIET_SECONDS + (LATE_SECONDS if self.fault == "late_commit" else 0)

    def switches(self) -> list[dict[str, Any]]:
        """What the simulated shop is told: the first request is hit for certain, others by chance."""
        extra = FAULTS[self.fault]
        rule = {"fault": self.fault, "match": self.kind.match, "times": 2 if self.kind.slow else 1, **extra}
        if self.kind.slow:
            return [rule]
        chance = {"seed": self.seed, "rates": {self.fault: RATE}, "match": self.kind.match, **extra}
        return [rule, chance]


def cells(seeds: Iterable[int], kinds: Iterable[str] = (), faults: Iterable[str] = ()) -> list[Cell]:
    """The matrix, or the part of it that is named. ValueError for a name that is not known."""
    wanted_kinds, wanted_faults = set(kinds), set(faults)
    unknown = wanted_kinds - {kind.name for kind in KINDS} | wanted_faults - FAULTS.keys()
    if unknown:
        raise ValueError(f"not known: {', '.join(sorted(unknown))}")
    return [
        Cell(kind, fault, seed)
        for seed in seeds
        for kind in KINDS
        if not wanted_kinds or kind.name in wanted_kinds
        for fault in FAULTS
        if not wanted_faults or fault in wanted_faults
    ]
