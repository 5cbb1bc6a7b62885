"""The SQL of the record of inbound webhooks, read."""

from dataclasses import dataclass
from datetime import datetime

from gateway.inbound.attempt_filter import AttemptFilter, Outcome
from gateway.paging import Page
from gateway.store import Connection

MAX_COUNTED = 10_000

_FITS = """
    tenant = $1
    and ($2::text is null or source = $2)
    and ($3::text is null or delivery_id = $3)
    and ($4::text is null or outcome = $4)
    and ($5::timestamptz is null or at >= $5)
    and ($6::timestamptz is null or at < $6)
"""


@dataclass(frozen=True)
class RecordedAttempt:
    """One webhook at the door that a secret of the tenant's vouches for."""

    attempt_id: int
    at: datetime
    address: str
    source: str
    delivery_id: str | None
    event: str | None
    bytes: int | None
    outcome: Outcome
    status: int
    reason: str | None
    submission_id: str | None


async def find_attempts(
    connection: Connection, tenant: str, wanted: AttemptFilter, page: Page
) -> tuple[list[RecordedAttempt], int]:
    """A page of the tenant's, the newest first; how many there are, counted up to `MAX_COUNTED`."""
    parameters = (
        tenant,
        wanted.source,
        wanted.delivery_id,
        None if wanted.outcome is None else wanted.outcome.value,
        wanted.since,
        wanted.until,
    )
    total: int = await connection.fetchval(
        f"select count(*) from (select from inbound_attempts where {_FITS} limit {MAX_COUNTED}) as found",  # noqa: S608 - constants
        *parameters,
    )
    rows = await connection.fetch(
        f"""
        select attempt_id, at, address, source, delivery_id, event, bytes, outcome, status, reason,
            submission_id
        from inbound_attempts where {_FITS} order by attempt_id desc limit $7 offset $8
        """,  # noqa: S608 - constants
        *parameters,
        page.size,
        page.offset,
    )
    return [RecordedAttempt(**dict(row) | {"outcome": Outcome(row["outcome"])}) for row in rows], total
