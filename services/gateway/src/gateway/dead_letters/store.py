"""The SQL of dead letters, their edits and their history."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from common.messaging.dead_letter import DeadLetter
from gateway.dead_letters.letters import Asker, Edit, HistoryEntry, Letter, LetterFilter, LetterState
from gateway.paging import Page
from gateway.store import Connection

SETTLED_KEPT_DAYS = 30
"""So long a letter that was sent back or discarded is kept: shorter than an inbox knows its message."""

MAX_COUNTED = 10_000
_FORGET_BATCH = 1000

# A letter that waits already was copied twice, or two copies of its message died: no further life.
_KEEP = """
    with known as (
        select coalesce((select letter_id from dead_letter_edits where edit_id = $1), $1) as letter_id
    ), before as (
        select letter_id from dead_letters join known using (letter_id) where state = 'waiting'
    ), kept as (
        insert into dead_letters
            (letter_id, message_id, message_type, service, attempts, reason, traceback, headers, body,
             shop, submission_id, state, replayed_at, settled_at)
        select letter_id, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11,
            case when $12 then 'replayed' else 'waiting' end,
            case when $12 then now() end, case when $12 then now() end
        from known
        on conflict (letter_id) do update set
            attempts = dead_letters.attempts
                + case when dead_letters.state = 'waiting' then 0 else excluded.attempts end,
            reason = excluded.reason, traceback = excluded.traceback, headers = excluded.headers,
            last_seen = now(), state = excluded.state, settled_at = excluded.settled_at,
            replayed_at = coalesce(excluded.replayed_at, dead_letters.replayed_at)
        returning letter_id, tenant
    )
    insert into dead_letter_history (letter_id, tenant, event, reason, attempts)
    select letter_id, tenant, case when $12 then 'redriven' else 'parked' end, $6, $5 from kept
    where $12 or not exists (select from before)
"""

_LETTER = """
    letter_id, message_id, message_type, service, attempts, reason, traceback, headers, dead_letters.body,
    dead_letters.tenant, shop, submission_id, state, first_seen, last_seen, replayed_at
"""
_LIST = _LETTER.replace(
    "traceback, headers, dead_letters.body", "'' as traceback, headers, ''::bytea as body"
)

# $1 to $9: tenant, service, type, part of the reason, shop, since, until, state
FITS = """
    ($1::text is null or dead_letters.tenant = $1)
    and ($2::text is null or service = $2)
    and ($3::text is null or message_type = $3)
    and ($4::text is null or position(lower($4) in lower(reason)) > 0)
    and ($5::text is null or shop = $5)
    and ($6::timestamptz is null or first_seen >= $6)
    and ($7::timestamptz is null or first_seen < $7)
    and ($8::text is null or state = $8)
"""


def fitting(asker: Asker, wanted: LetterFilter) -> tuple[object, ...]:
    """The parameters of `FITS`."""
    return (
        asker.tenant,
        wanted.service,
        wanted.message_type,
        wanted.reason,
        wanted.shop,
        wanted.since,
        wanted.until,
        None if wanted.state is None else wanted.state.value,
    )


async def keep(connection: Connection, letter: DeadLetter, *, redriven: bool) -> None:
    """Keep a parked message; one that is known, edited or not, has come back."""
    await connection.execute(
        _KEEP,
        letter.letter_id,
        letter.message_id,
        letter.message_type,
        letter.service,
        letter.attempt,
        letter.reason,
        letter.traceback,
        json.dumps(letter.headers),
        letter.body,
        *(_text(letter.headers.get(name)) for name in ("shop", "correlation-id")),
        redriven,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


async def find_letters(
    connection: Connection, asker: Asker, wanted: LetterFilter, page: Page
) -> tuple[list[Letter], int]:
    """A page of letters, those that were parked last first, without bodies; how many there are, counted up to
    `MAX_COUNTED`.
    """
    parameters = fitting(asker, wanted)
    total: int = await connection.fetchval(
        f"select count(*) from (select from dead_letters where {FITS} limit {MAX_COUNTED}) as found",  # noqa: S608 - constants
        *parameters,
    )
    rows = await connection.fetch(
        f"select {_LIST}, null as edited_at from dead_letters where {FITS}"  # noqa: S608 - constants
        " order by first_seen desc, letter_id limit $9 offset $10",
        *parameters,
        page.size,
        page.offset,
    )
    return [_letter(row) for row in rows], total


async def load_letter(connection: Connection, asker: Asker, letter_id: UUID) -> Letter | None:
    """A letter with its body, its last edit and its history; None for another tenant's."""
    row = await connection.fetchrow(
        f"""
        select {_LETTER}, edit.body as edited_body, edited_by, edited_at
        from dead_letters left join lateral (
            select body, edited_by, edited_at from dead_letter_edits
            where dead_letter_edits.letter_id = dead_letters.letter_id
            order by edited_at desc limit 1
        ) as edit on true
        where letter_id = $1 and ($2::text is null or dead_letters.tenant = $2)
        """,  # noqa: S608 - a constant
        letter_id,
        asker.tenant,
    )
    if row is None:
        return None
    history = await connection.fetch(
        "select at, event, by, reason, attempts from dead_letter_history"
        " where letter_id = $1 order by entry_id",
        letter_id,
    )
    return _letter(row, [HistoryEntry(**dict(entry)) for entry in history])


async def save_edit(connection: Connection, letter: Letter, edited: DeadLetter, by: str) -> None:
    """Remember the body that is sent from now on, before it is: it is told by it when it dies again."""
    await connection.execute(
        """
        insert into dead_letter_edits (edit_id, letter_id, tenant, body, edited_by)
        values ($1, $2, $3, $4, $5)
        on conflict (edit_id) do update set edited_by = excluded.edited_by, edited_at = now()
        """,
        edited.letter_id,
        letter.letter_id,
        letter.tenant,
        edited.body,
        by,
    )
    await _record(connection, letter.letter_id, "edited", by)


async def mark_replayed(connection: Connection, letter: Letter, by: str) -> None:
    """It was sent back as it was found. Its time until it is forgotten runs from the first time since it
    waited last; one that has come back meanwhile waits again already.
    """
    await connection.execute(
        """
        update dead_letters set replayed_at = now(),
            state = case when last_seen = $2 then 'replayed' else state end,
            settled_at = case when last_seen <> $2 or state = 'replayed' then settled_at else now() end
        where letter_id = $1
        """,
        letter.letter_id,
        letter.last_seen,
    )
    await _record(connection, letter.letter_id, "replayed", by)


async def discard(connection: Connection, letter: Letter, by: str, reason: str) -> bool:
    """Leave it alone from now on; False where it does not wait."""
    done = await connection.execute(
        "update dead_letters set state = 'discarded', settled_at = now()"
        " where letter_id = $1 and state = 'waiting'",
        letter.letter_id,
    )
    if str(done) != "UPDATE 1":
        return False
    await _record(connection, letter.letter_id, "discarded", by, reason)
    return True


async def _record(
    connection: Connection, letter_id: UUID, event: str, by: str, reason: str | None = None
) -> None:
    await connection.execute(
        """
        insert into dead_letter_history (letter_id, tenant, event, by, reason)
        select letter_id, tenant, $2, $3, $4 from dead_letters where letter_id = $1
        """,
        letter_id,
        event,
        by,
        reason,
    )


async def count_waiting(connection: Connection) -> dict[str, int]:
    """How many letters wait, by the service that failed on them."""
    rows = await connection.fetch(
        "select service, count(*) from dead_letters where state = 'waiting' group by service"
    )
    return {row["service"]: row["count"] for row in rows}


async def forget(connection: Connection) -> bool:
    """Remove a batch of settled letters and ended replays that are old enough; False where none is left.

    What waits is never forgotten.
    """
    done = [
        await connection.execute(
            """
            delete from dead_letters where letter_id in (
                select letter_id from dead_letters
                where state <> 'waiting' and settled_at < now() - make_interval(days => $1) limit $2
            )
            """,
            SETTLED_KEPT_DAYS,
            _FORGET_BATCH,
        ),
        await connection.execute(
            """
            delete from dead_letter_replays where replay_id in (
                select replay_id from dead_letter_replays
                where ended_at < now() - make_interval(days => $1) limit $2
            )
            """,
            SETTLED_KEPT_DAYS,
            _FORGET_BATCH,
        ),
    ]
    return f"DELETE {_FORGET_BATCH}" in done


def _letter(row: asyncpg.Record, history: Sequence[HistoryEntry] = ()) -> Letter:
    edit = None
    if row["edited_at"] is not None:
        edit = Edit(body=row["edited_body"], by=row["edited_by"], at=row["edited_at"])
    of_message: dict[str, Any] = {
        name: row[name]
        for name in ("message_id", "message_type", "service", "reason", "traceback", "headers", "body")
    }
    return Letter(
        letter_id=row["letter_id"],
        parked=DeadLetter(attempt=row["attempts"], **of_message),
        tenant=row["tenant"],
        shop=row["shop"],
        submission_id=row["submission_id"],
        state=LetterState(row["state"]),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        replayed_at=row["replayed_at"],
        edit=edit,
        history=history,
    )
