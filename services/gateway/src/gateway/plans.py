"""What is kept of the plan that a dry run tells: bounded, however much a shop or a product holds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from common.messages import FieldChange, ItemOutcome, Reason, ShopRequests

MOST_CHARACTERS = 2_000
"""Of one text."""

MOST_BYTES = 32 * 1024
"""Of all changes of one item, as JSON."""

MOST_KINDS = 200
"""Of requests: there are four methods and a handful of resources."""


@dataclass(frozen=True)
class KeptPlan:
    """The changes of an item, and its warnings; what was left out is one of them."""

    changes: tuple[FieldChange, ...]
    warnings: tuple[Reason, ...]


def kept_plan(outcome: ItemOutcome) -> KeptPlan:
    """As many changes as the bounds allow, in their order, with long texts cut."""
    kept: list[FieldChange] = []
    left = MOST_BYTES
    for change in outcome.changes:
        short = FieldChange(field=change.field, before=_cut(change.before), after=_cut(change.after))
        left -= len(json.dumps(short.model_dump(mode="json")))
        if left < 0:
            break
        kept.append(short)
    left_out = len(outcome.changes) - len(kept)
    if not left_out:
        return KeptPlan(tuple(kept), outcome.warnings)
    message = (
        f"{left_out} further changes are not shown: the plan of one item has at most {MOST_BYTES} bytes."
    )
    return KeptPlan(tuple(kept), (*outcome.warnings, Reason(code="plan_cut", field="", message=message)))


def _cut(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and len(value) > MOST_CHARACTERS:
        return value[: MOST_CHARACTERS - 1] + "…"
    return value


def added(requests: Sequence[ShopRequests]) -> tuple[ShopRequests, ...]:
    """One entry for each method and resource, in the order in which they first stand."""
    found: dict[tuple[str, str], ShopRequests] = {}
    for one in requests:
        key = (one.method, one.resource)
        other = found.get(key, ShopRequests(method=one.method, resource=one.resource, requests=0, entities=0))
        found[key] = other.model_copy(
            update={
                "requests": other.requests + one.requests,
                "entities": other.entities + one.entities,
            }
        )
    return tuple(found.values())[:MOST_KINDS]
