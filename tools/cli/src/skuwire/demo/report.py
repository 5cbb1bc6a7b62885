"""The demo's report and its judgement: every figure that was promised, and which of them is off."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skuwire.demo.shop_figures import Traffic
from skuwire.progress import Progress, RefusedItem

MOST_PRICE_STOCK_WRITES = 4
MOST_CREATE_REQUESTS_PER_PRODUCT = 0.5
# Products Bulk, update examples: product 9999 gets category 2, then 15 and then 20 pieces in a warehouse.
EXAMPLE_QUANTITY = 20
EXAMPLE_CATEGORIES = [2]


@dataclass(frozen=True)
class Pass:
    """One bulk of the demo, followed to its end, and what the shop was asked meanwhile."""

    name: str
    progress: Progress
    refused: Sequence[RefusedItem]
    traffic: Traffic
    seconds: float
    items: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    @property
    def written(self) -> int:
        """Items that the shop now has as they were sent."""
        return self.progress.settled - self.progress.results["refused"]


@dataclass(frozen=True)
class Expected:
    """What was sent and what must become of it."""

    items: int
    refused: Mapping[int, str]  # reason's code by position
    pictures: int
    changed_prices: int
    changed_quantities: int
    products: int  # in the shop at the end


@dataclass(frozen=True)
class ShopAtTheEnd:
    """What the shop shows when all is done."""

    products: int
    pictures: int
    duplicate_references: Sequence[str]
    changed_prices: int
    changed_quantities: int
    example: Mapping[str, Any]  # the product that the update examples speak of


@dataclass(frozen=True)
class Webhooks:
    """Deliveries about chunks, each counted once."""

    expected: int
    received: int
    verified: int
    chunks: int
    repeats: int


@dataclass(frozen=True)
class SyncAnswer:
    """How one synchronization was answered; `first_status` is 202 when it took longer than the wait."""

    status: int
    first_status: int
    trace_id: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """Everything that the demo found out."""

    expected: Expected
    create: Pass
    again: Pass
    changes: Pass
    shop: ShopAtTheEnd
    webhooks: Webhooks
    sync: SyncAnswer
    seconds: float
    extras: Mapping[str, Any]


def report_of(outcome: Outcome) -> dict[str, Any]:
    """The content of demo-report.json."""
    create, again, changes = outcome.create, outcome.again, outcome.changes
    asked = create.traffic.reads + create.traffic.writes
    return {
        "sent": outcome.expected.items,
        "written": create.written,
        "refused": create.progress.results["refused"],
        "images_uploaded": outcome.shop.pictures,
        "images_expected": outcome.expected.pictures,
        "second_pass_shop_writes": again.traffic.writes + again.traffic.picture_writes,
        "price_stock_pass_shop_writes": changes.traffic.writes + changes.traffic.picture_writes,
        "create_shop_requests_per_product": round(asked / max(create.written, 1), 3),
        "chunk_webhooks_received": outcome.webhooks.received,
        "chunk_webhooks_verified": outcome.webhooks.verified,
        "sync_answer_status": outcome.sync.status,
        "seconds": round(outcome.seconds, 1),
        "chunks_expected": outcome.webhooks.expected,
        "chunks_told": outcome.webhooks.chunks,
        "webhook_repeats": outcome.webhooks.repeats,
        "products_in_shop": outcome.shop.products,
        "products_expected": outcome.expected.products,
        "duplicate_references_in_shop": len(outcome.shop.duplicate_references),
        "second_pass_unchanged": again.progress.results["unchanged"],
        "second_pass_refused": again.progress.results["refused"],
        "price_stock_pass_refused": changes.progress.results["refused"],
        "prices_in_shop_as_sent": outcome.shop.changed_prices,
        "quantities_in_shop_as_sent": outcome.shop.changed_quantities,
        "update_examples_in_shop": {
            key: outcome.shop.example.get(key) for key in ("reference", "quantity", "categories")
        },
        "reasons_of_the_refused": reasons_counted(create.refused),
        "refused_otherwise_than_expected": unexpected_refusals(outcome.expected.refused, create.refused),
        "sync_first_answer_status": outcome.sync.first_status,
        "sync_answer": outcome.sync.body,
        "trace_id": outcome.sync.trace_id,
        "shop_requests": {one.name: dict(one.traffic.by_kind) for one in (create, again, changes)},
        "seconds_of_passes": {one.name: round(one.seconds, 1) for one in (create, again, changes)},
        **outcome.extras,
    }


def what_is_off(report: Mapping[str, Any], expected: Expected) -> list[str]:
    """A sentence for each figure that is not as promised; none when all is well."""
    promises = [
        _equal(report, "sent", expected.items),
        _equal(report, "written", expected.items - len(expected.refused)),
        _equal(report, "refused", len(expected.refused)),
        _equal(report, "refused_otherwise_than_expected", {}),
        _equal(report, "products_in_shop", expected.products),
        _equal(report, "duplicate_references_in_shop", 0),
        _equal(report, "images_expected", expected.pictures),
        _equal(report, "images_uploaded", expected.pictures),
        _equal(report, "second_pass_shop_writes", 0),
        _equal(report, "second_pass_unchanged", expected.items - len(expected.refused)),
        _equal(report, "price_stock_pass_refused", 0),
        _equal(report, "prices_in_shop_as_sent", expected.changed_prices),
        _equal(report, "quantities_in_shop_as_sent", expected.changed_quantities),
        _equal(
            report,
            "update_examples_in_shop",
            report["update_examples_in_shop"]
            | {"quantity": EXAMPLE_QUANTITY, "categories": EXAMPLE_CATEGORIES},
        ),
        _at_most(report, "price_stock_pass_shop_writes", MOST_PRICE_STOCK_WRITES),
        _at_most(report, "create_shop_requests_per_product", MOST_CREATE_REQUESTS_PER_PRODUCT),
        _equal(report, "chunks_told", report["chunks_expected"]),
        _equal(report, "chunk_webhooks_received", report["chunks_expected"]),
        _equal(report, "chunk_webhooks_verified", report["chunk_webhooks_received"]),
        _equal(report, "sync_answer_status", 200),
    ]
    return [f"{key} is {report[key]}, promised is {promised}" for key, promised, kept in promises if not kept]


def unexpected_refusals(expected: Mapping[int, str], refused: Sequence[RefusedItem]) -> dict[str, str]:
    """By item: refused instead of written, written instead of refused, or refused for another reason."""
    codes = {item.position: [code for _, code, _ in item.reasons] for item in refused}
    names = {item.position: item.name for item in refused}
    found = {}
    for position in sorted(expected.keys() | codes.keys()):
        wanted, got = expected.get(position), codes.get(position, [])
        if wanted not in got if wanted else got:
            name = f"{position} {names.get(position, '')}".strip()
            found[name] = f"{', '.join(got) or 'written'} instead of {wanted or 'written'}"
    return found


def reasons_counted(refused: Sequence[RefusedItem]) -> dict[str, int]:
    """How many items were refused for each reason; an item with several counts for each."""
    return dict(sorted(Counter(code for item in refused for code in {c for _, c, _ in item.reasons}).items()))


def _equal(report: Mapping[str, Any], key: str, promised: object) -> tuple[str, object, bool]:
    return key, promised, report[key] == promised


def _at_most(report: Mapping[str, Any], key: str, most: float) -> tuple[str, object, bool]:
    return key, f"at most {most}", report[key] <= most
