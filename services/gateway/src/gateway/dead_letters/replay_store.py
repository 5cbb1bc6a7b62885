"""The SQL of replays: many letters that are sent back one after the other.

`next_at` is both the rate and the claim: whoever goes on with a replay sets it to a time by which it will
have said how it went; a replica that dies leaves no more behind than that wait.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from gateway.dead_letters import store
from gateway.dead_letters.letters import (
    Asker,
    Letter,
    Replay,
    WantedReplay,
    filter_as_json,
    filter_of_json,
)
from gateway.store import Connection

MAX_LISTED = 100

_REPLAY = """
    replay_id, tenant, filter, rate, state, total, sent, failed, started_by, started_at, ended_at
"""


@dataclass(frozen=True)
class Turn:
    """A replay that may go on, and after which letter."""

    replay: Replay
    claimed_at: datetime
    after_time: Any  # a datetime, or asyncpg's own way to say -infinity
    after_id: UUID


async def add_replay(connection: Connection, replay_id: str, asker: Asker, wanted: WantedReplay) -> Replay:
    """Start with the letters that wait now."""
    total = await connection.fetchval(
        f"select count(*) from dead_letters where {store.FITS}",  # noqa: S608 - a constant
        *store.fitting(asker, wanted.filter),
    )
    row = await connection.fetchrow(
        f"""
        insert into dead_letter_replays (replay_id, tenant, filter, rate, total, started_by)
        values ($1, $2, $3, $4, $5, $6) returning {_REPLAY}
        """,  # noqa: S608 - a constant
        replay_id,
        asker.tenant,
        filter_as_json(wanted.filter),
        wanted.rate,
        total,
        asker.name,
    )
    return _replay(row)


async def load_replays(connection: Connection, asker: Asker) -> list[Replay]:
    """The newest replays that the asker may see."""
    rows = await connection.fetch(
        f"select {_REPLAY} from dead_letter_replays where $1::text is null or tenant = $1"  # noqa: S608 - a constant
        " order by started_at desc limit $2",
        asker.tenant,
        MAX_LISTED,
    )
    return [_replay(row) for row in rows]


async def load_replay(connection: Connection, asker: Asker, replay_id: str) -> Replay | None:
    """One of these."""
    row = await connection.fetchrow(
        f"select {_REPLAY} from dead_letter_replays"  # noqa: S608 - a constant
        " where replay_id = $2 and ($1::text is null or tenant = $1)",
        asker.tenant,
        replay_id,
    )
    return None if row is None else _replay(row)


async def stop_replay(connection: Connection, asker: Asker, replay_id: str) -> None:
    """Send nothing more of it; what has ended stays as it ended."""
    await connection.execute(
        """
        update dead_letter_replays set state = 'stopped', ended_at = now()
        where replay_id = $2 and ($1::text is null or tenant = $1) and state = 'running'
        """,
        asker.tenant,
        replay_id,
    )


async def claim_turn(connection: Connection, seconds: float) -> Turn | None:
    """The replay whose turn it is, for so many seconds; None where none is due."""
    row = await connection.fetchrow(
        f"""
        update dead_letter_replays set next_at = clock_timestamp() + make_interval(secs => $1)
        where replay_id = (
            select replay_id from dead_letter_replays
            where state = 'running' and next_at <= clock_timestamp()
            order by next_at limit 1 for update skip locked
        )
        returning {_REPLAY}, clock_timestamp() as claimed_at, after_time, after_id
        """,  # noqa: S608 - a constant
        seconds,
    )
    if row is None:
        return None
    return Turn(_replay(row), row["claimed_at"], row["after_time"], row["after_id"])


async def next_letter(connection: Connection, turn: Turn) -> Letter | None:
    """The letter after that of the turn before: only what waited when the replay began, each once."""
    replay = turn.replay
    asker = Asker(replay.started_by, replay.tenant)
    row = await connection.fetchrow(
        f"""
        select letter_id from dead_letters
        where {store.FITS} and last_seen < $9 and (first_seen, letter_id) > ($10, $11)
        order by first_seen, letter_id limit 1
        """,  # noqa: S608 - a constant
        *store.fitting(asker, replay.filter),
        replay.started_at,
        turn.after_time,
        turn.after_id,
    )
    return None if row is None else await store.load_letter(connection, asker, row["letter_id"])


async def end_turn(connection: Connection, turn: Turn, letter: Letter, *, sent: bool) -> None:
    """Say how it went, and when it goes on."""
    await connection.execute(
        """
        update dead_letter_replays set
            sent = sent + $2, failed = failed + 1 - $2, after_time = $3, after_id = $4,
            next_at = $5::timestamptz + make_interval(secs => 1 / rate)
        where replay_id = $1
        """,
        turn.replay.replay_id,
        int(sent),
        letter.first_seen,
        letter.letter_id,
        turn.claimed_at,
    )


async def put_off(connection: Connection, turn: Turn, seconds: float) -> None:
    """Go on with the same letter later."""
    await connection.execute(
        "update dead_letter_replays set next_at = clock_timestamp() + make_interval(secs => $2)"
        " where replay_id = $1",
        turn.replay.replay_id,
        seconds,
    )


async def finish(connection: Connection, turn: Turn) -> None:
    """All was dealt with."""
    await connection.execute(
        "update dead_letter_replays set state = 'finished', ended_at = now()"
        " where replay_id = $1 and state = 'running'",
        turn.replay.replay_id,
    )


async def seconds_to_next(connection: Connection) -> float | None:
    """How long no replay is due; None where none is running."""
    seconds: float | None = await connection.fetchval(
        "select extract(epoch from min(next_at) - clock_timestamp())::float8"
        " from dead_letter_replays where state = 'running'"
    )
    return seconds


def _replay(row: asyncpg.Record | None) -> Replay:
    assert row is not None  # noqa: S101 - the statement returns one
    values = {name: row[name] for name in Replay.__dataclass_fields__}
    return Replay(**values | {"filter": filter_of_json(row["filter"])})
