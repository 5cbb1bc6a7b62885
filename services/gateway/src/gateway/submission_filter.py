"""Which synchronizations a list is to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from common.messages import Reason
from gateway.changes import MAX_REFERENCE
from gateway.errors import violated
from gateway.submissions import Status

KNOWN = ("reference", "status", "since", "until", "page", "per_page")


@dataclass(frozen=True)
class SubmissionFilter:
    """None leaves a question open. `since` counts, `until` does no more."""

    reference: str | None = None
    status: Status | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class VisibleShops:
    """Shops whose submissions a caller may see: `only` these, where it is not None, and `never` those."""

    only: Sequence[str] | None = None
    never: Sequence[str] = ()


def read_filter(query: Mapping[str, str]) -> SubmissionFilter:
    """What a query asks for. Raises `Refusal` (422) with every violation."""
    wrong = [
        Reason(code="field_unknown", field=name, message=f"Is none of {', '.join(KNOWN)}.")
        for name in query
        if name not in KNOWN
    ]
    status, reference = query.get("status"), query.get("reference")
    if status is not None and status not in list(Status):
        wrong.append(Reason(code="value_unknown", field="status", message=f"Must be {_one_of(Status)}."))
    if reference is not None and (len(reference) > MAX_REFERENCE or not reference.isprintable()):
        message = f"Must be at most {MAX_REFERENCE} printable characters."
        wrong.append(Reason(code="reference_too_long", field="reference", message=message))
    times = {name: _time(query[name]) for name in ("since", "until") if name in query}
    for name, time in times.items():
        if time is None:
            message = "Must be a time such as 2026-05-01T08:00:00Z."
            wrong.append(Reason(code="time_form", field=name, message=message))
    if wrong:
        raise violated(wrong)
    return SubmissionFilter(reference, Status(status) if status else None, **times)


def _time(text: str) -> datetime | None:
    """A moment in ISO 8601; without an offset it is UTC."""
    try:
        time = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign that was not encoded
    except ValueError:
        return None
    if not 1970 <= time.year <= 9000:  # an offset must not lead beyond what can be told
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _one_of(status: type[Status]) -> str:
    return ", ".join(one.value for one in status)
