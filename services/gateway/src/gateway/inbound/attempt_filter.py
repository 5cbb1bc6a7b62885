"""Which attempts of webhooks at the door a list is to show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from common.messages import Reason
from gateway.errors import violated
from gateway.moments import MOMENT_FORM, moment

MAX_TEXT = 255
KNOWN = ("source", "delivery_id", "outcome", "since", "until", "page", "per_page")


class Outcome(StrEnum):
    """How an attempt ended: products were taken in, it was known already, or it was turned away."""

    QUEUED = "queued"
    REPLAYED = "replayed"
    REFUSED = "refused"


@dataclass(frozen=True)
class AttemptFilter:
    """None leaves a question open. `since` counts, `until` does no more."""

    source: str | None = None
    delivery_id: str | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    until: datetime | None = None


def read_filter(query: Mapping[str, str]) -> AttemptFilter:
    """What a query asks for. Raises `Refusal` (422) with every violation."""
    wrong = [
        Reason(code="field_unknown", field=name, message=f"Is none of {', '.join(KNOWN)}.")
        for name in query
        if name not in KNOWN
    ]
    for name in ("source", "delivery_id"):
        if name in query and not (0 < len(query[name]) <= MAX_TEXT and query[name].isprintable()):
            message = f"Must be 1 to {MAX_TEXT} printable characters."
            wrong.append(Reason(code="value_invalid", field=name, message=message))
    outcome = query.get("outcome")
    if outcome is not None and outcome not in list(Outcome):
        message = f"Must be {', '.join(Outcome)}."
        wrong.append(Reason(code="value_unknown", field="outcome", message=message))
    times = {name: moment(query[name]) for name in ("since", "until") if name in query}
    wrong += [
        Reason(code="time_form", field=name, message=MOMENT_FORM)
        for name, time in times.items()
        if time is None
    ]
    if wrong:
        raise violated(wrong)
    return AttemptFilter(
        query.get("source"), query.get("delivery_id"), Outcome(outcome) if outcome else None, **times
    )
