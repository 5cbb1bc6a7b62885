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
    matches: tuple[str, ...]
    products: int = 200
    slow: bool = False
    changes: bool = False


KINDS = (
    Kind("brands", (r"^POST /api/manufacturers$",)),
    Kind("brand_texts", (r"^PATCH /api/manufacturers",), changes=True),
    Kind("features", (r"^POST /api/product_features$",)),
    Kind("values", (r"^POST /api/product_feature_values$",)),
    Kind("creates", (r"^POST /api/products$",)),
    Kind("changes", (r"^PATCH /api/products$",), changes=True),
    Kind("deletes", (r"^DELETE /api/products/",), changes=True),
    Kind("stock", (r"^PATCH /api/stock_availables$",), changes=True),
    Kind("options", (r"^POST /api/product_options$", r"^POST /api/product_option_values$")),
    Kind("variants", (r"^POST /api/combinations$",)),
    Kind("variant_stock", (r"^PATCH /api/stock_availables$",), changes=True),
    Kind("variant_changes", (r"^PATCH /api/combinations", r"^DELETE /api/combinations/"), changes=True),
    Kind("suppliers", (r"^POST /api/suppliers$", r"^POST /api/product_suppliers$")),
    Kind(
        "supplier_changes",
        (r"^PATCH /api/product_suppliers", r"^DELETE /api/product_suppliers/"),
        changes=True,
    ),
    Kind("discounts", (r"^POST /api/specific_prices$",)),
    Kind(
        "discount_changes",
        (r"^PATCH /api/specific_prices", r"^DELETE /api/specific_prices/"),
        changes=True,
    ),
    Kind("pictures", (r"^POST /api/images/products/",), slow=True),
    Kind("picture_deletes", (r"^DELETE /api/images/products/",), slow=True, changes=True),
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
        """What the simulated shop is told: the first request of each write is hit, others by chance."""
        extra = FAULTS[self.fault]
        times = 2 if self.kind.slow else 1
        rules = [
            {"fault": self.fault, "match": match, "times": times, **extra} for match in self.kind.matches
        ]
        if self.kind.slow:
            return rules
        either = "|".join(self.kind.matches)
        return [*rules, {"seed": self.seed, "rates": {self.fault: RATE}, "match": either, **extra}]


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
