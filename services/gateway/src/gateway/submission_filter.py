"""Which synchronizations a list is to show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.messages import Reason
from gateway.changes import MAX_REFERENCE
from gateway.errors import violated
from gateway.moments import MOMENT_FORM, moment
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
    times = {name: moment(query[name]) for name in ("since", "until") if name in query}
    for name, time in times.items():
        if time is None:
            wrong.append(Reason(code="time_form", field=name, message=MOMENT_FORM))
    if wrong:
        raise violated(wrong)
    return SubmissionFilter(reference, Status(status) if status else None, **times)


def _one_of(status: type[Status]) -> str:
    return ", ".join(one.value for one in status)
