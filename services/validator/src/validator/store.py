"""All SQL of the validator."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from common.messages import ChunkSubmitted, ShopSnapshot, decode
from common.messaging.envelope import Received, envelope_from_headers
from validator.verdict import Claim


async def load_snapshots(connection: asyncpg.Connection, shops: Collection[str]) -> list[ShopSnapshot]:
    """The newest snapshot of each of these shops that has one."""
    rows = await connection.fetch("select body from snapshots where shop = any($1::text[])", list(shops))
    return [ShopSnapshot.model_validate_json(row["body"]) for row in rows]


async def save_snapshots(connection: asyncpg.Connection, snapshots: Iterable[ShopSnapshot]) -> set[str]:
    """Keep those that are newer than what is there; return their shops."""
    newest: dict[str, ShopSnapshot] = {}
    for snapshot in sorted(snapshots, key=lambda s: s.taken_at):
        newest[snapshot.shop] = snapshot
    rows = await connection.fetch(
        """
        insert into snapshots (shop, taken_at, body)
        select * from unnest($1::text[], $2::timestamptz[], $3::bytea[]) order by 1
        on conflict (shop) do update
        set taken_at = excluded.taken_at, saved_at = excluded.saved_at, body = excluded.body
        where snapshots.taken_at < excluded.taken_at
        returning shop
        """,
        list(newest),
        [snapshot.taken_at for snapshot in newest.values()],
        [snapshot.to_json() for snapshot in newest.values()],
    )
    return {row["shop"] for row in rows}


async def claim(connection: asyncpg.Connection, claims: Mapping[Claim, int]) -> dict[Claim, int]:
    """Claim references for positions; return who holds each: this one, or whoever came before.

    Rows are inserted in order, so that two instances never wait for each other crosswise.
    """
    if not claims:
        return {}
    submissions = [submission for submission, _ in claims]
    references = [reference for _, reference in claims]
    await connection.execute(
        """
        insert into claims (submission_id, reference, position)
        select * from unnest($1::text[], $2::text[], $3::integer[]) order by 1, 2
        on conflict do nothing
        """,
        submissions,
        references,
        list(claims.values()),
    )
    rows = await connection.fetch(
        """
        select submission_id, reference, position
        from claims join unnest($1::text[], $2::text[]) as wanted (submission_id, reference)
            using (submission_id, reference)
        """,
        submissions,
        references,
    )
    return {(row["submission_id"], row["reference"]): row["position"] for row in rows}


async def forget_claims(connection: asyncpg.Connection, older_than_days: int, *, limit: int = 10_000) -> int:
    """Forget claims of long ago; return how many, at most `limit`."""
    status: str = await connection.execute(
        """
        delete from claims where ctid = any(array(
            select ctid from claims where claimed_at < now() - make_interval(days => $1) limit $2
        ))
        """,
        older_than_days,
        limit,
    )
    return int(status.rsplit(" ", 1)[1])


@dataclass(frozen=True)
class Waiting:
    """A chunk that needs a snapshot newer than `newer_than`."""

    received: Received[ChunkSubmitted]
    newer_than: datetime


async def park(connection: asyncpg.Connection, waiting: Sequence[Waiting]) -> None:
    """Keep chunks until there is a snapshot that can judge them."""
    if not waiting:
        return
    envelopes = [w.received.envelope for w in waiting]
    await connection.execute(
        """
        insert into waiting_chunks (message_id, tenant, shop, newer_than, headers, body)
        select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::bytea[])
        on conflict do nothing
        """,
        [envelope.message_id for envelope in envelopes],
        [w.received.message.chunk.tenant for w in waiting],
        [w.received.message.chunk.shop for w in waiting],
        [w.newer_than for w in waiting],
        [envelope.headers() for envelope in envelopes],
        [w.received.message.to_json() for w in waiting],
    )


async def take_judgeable(connection: asyncpg.Connection, limit: int) -> list[Received[ChunkSubmitted]]:
    """Take up to `limit` waiting chunks whose snapshot has come, in the order of their submission."""
    rows = await connection.fetch(
        """
        delete from waiting_chunks where message_id = any(array(
            select w.message_id
            from waiting_chunks w join snapshots s on s.shop = w.shop and s.taken_at > w.newer_than
            order by w.waiting_since
            limit $1
            for update of w skip locked
        ))
        returning message_id, headers, body
        """,
        limit,
    )
    return sorted((_received(row) for row in rows), key=_by_submission)


def _received(row: Any) -> Received[ChunkSubmitted]:  # Any: asyncpg's Record is untyped
    envelope = envelope_from_headers(row["message_id"], ChunkSubmitted.message_type, row["headers"])
    message = decode(ChunkSubmitted.message_type, row["body"])
    assert isinstance(message, ChunkSubmitted)  # noqa: S101 - tells the type checker what decode() found
    return Received(message, envelope)


def _by_submission(received: Received[ChunkSubmitted]) -> tuple[datetime, str, int]:
    chunk = received.message.chunk
    return chunk.submitted_at, chunk.submission_id, chunk.partition


@dataclass(frozen=True)
class SnapshotRequest:
    """A shop whose waiting chunks need a newer snapshot. `times` counts requests without an answer."""

    tenant: str
    shop: str
    newer_than: datetime
    times: int
    chunks: int
    waiting_since: datetime


async def request_snapshots(
    connection: asyncpg.Connection, *, pause_seconds: float, overdue_seconds: float
) -> list[SnapshotRequest]:
    """Note for which shops a newer snapshot is to be asked now.

    A shop has one request in flight: the next follows when the last was answered and the pause is over, or
    when the last is overdue. Any snapshot that was saved since counts as the answer: where the clocks of two
    machines differ, it may still be too old for the chunk, and is simply asked for again.
    """
    rows = await connection.fetch(
        """
        with lacking as (
            select w.shop, min(w.tenant) as tenant, max(w.newer_than) as newer_than,
                   count(*) as chunks, min(w.waiting_since) as waiting_since
            from waiting_chunks w left join snapshots s on s.shop = w.shop
            where s.shop is null or s.taken_at <= w.newer_than
            group by w.shop
        ), due as (
            select l.*, coalesce(s.saved_at > r.asked_at, false) as answered
            from lacking l
                left join snapshots s on s.shop = l.shop
                left join snapshot_requests r on r.shop = l.shop
            where r.shop is null
               or (s.saved_at > r.asked_at and r.asked_at <= now() - make_interval(secs => $1))
               or r.asked_at <= now() - make_interval(secs => $2)
        ), noted as (
            insert into snapshot_requests as r (shop, newer_than, asked_at)
            select shop, newer_than, now() from due order by shop
            on conflict (shop) do update
            set newer_than = excluded.newer_than,
                asked_at = excluded.asked_at,
                times = case
                    when (select answered from due where due.shop = r.shop) then 1 else r.times + 1
                end
            returning shop, times
        )
        select due.tenant, due.shop, due.newer_than, noted.times, due.chunks, due.waiting_since
        from due join noted using (shop)
        """,
        pause_seconds,
        overdue_seconds,
    )
    return [SnapshotRequest(**row) for row in rows]


async def count_waiting(connection: asyncpg.Connection) -> int:
    """How many chunks wait for a snapshot."""
    count: int = await connection.fetchval("select count(*) from waiting_chunks")
    return count


async def drop_waiting(connection: asyncpg.Connection, shops: Collection[str]) -> None:
    """Forget what waits for the snapshots of these shops."""
    await connection.execute("delete from waiting_chunks where shop = any($1::text[])", list(shops))
    await connection.execute("delete from snapshot_requests where shop = any($1::text[])", list(shops))
