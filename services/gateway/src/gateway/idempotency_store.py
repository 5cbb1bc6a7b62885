"""The SQL of idempotency keys."""

from collections.abc import Mapping

import asyncpg

from gateway.idempotency import GivenAnswer, KeyedRequest, KnownKey
from gateway.store import Connection

_FORGET_BATCH = 1000


async def claim(
    connection: asyncpg.Connection,
    submission_id: str,
    *,
    request: KeyedRequest,
    running_seconds: float,
    keep_seconds: float,
) -> bool:
    """Take the key for a submission; False where another request has it or is taking it at this moment.

    None waits for the other's commit, so that many requests with one key keep no connections from others.
    """
    claimed: bool | None = await connection.fetchval(
        """
        with turn as materialized (
            select pg_try_advisory_xact_lock(
                hashtextextended(concat_ws(chr(31), $1::text, $2::text, $3::text, $4::text), 0)
            ) as is_ours
        )
        insert into idempotency_keys (tenant, method, path, key, fingerprint, submission_id, running_until)
        select $1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7) from turn where is_ours
        on conflict (tenant, method, path, key) do update set
            fingerprint = excluded.fingerprint, submission_id = excluded.submission_id,
            created_at = now(), running_until = excluded.running_until,
            status = null, headers = null, body = null
        where idempotency_keys.created_at < now() - make_interval(secs => $8)
        returning true
        """,
        *_key(request),
        request.fingerprint,
        submission_id,
        running_seconds,
        keep_seconds,
    )
    return claimed is True


async def find(connection: Connection, request: KeyedRequest, *, keep_seconds: float) -> KnownKey | None:
    """What is kept of an earlier request with the key."""
    row = await connection.fetchrow(
        """
        select fingerprint, submission_id, running_until > now() as is_running, status, headers, body
        from idempotency_keys
        where (tenant, method, path, key) = ($1, $2, $3, $4)
            and created_at >= now() - make_interval(secs => $5)
        """,
        *_key(request),
        keep_seconds,
    )
    if row is None:
        return None
    headers: Mapping[str, str] = row["headers"] or {}
    answer = None if row["status"] is None else GivenAnswer(row["status"], headers, row["body"])
    return KnownKey(row["fingerprint"], row["submission_id"], row["is_running"], answer)


async def take_over(connection: Connection, request: KeyedRequest, *, running_seconds: float) -> bool:
    """Become the one who answers, where nobody does any more; False where somebody else was faster."""
    taken: bool | None = await connection.fetchval(
        """
        update idempotency_keys set running_until = now() + make_interval(secs => $5)
        where (tenant, method, path, key) = ($1, $2, $3, $4) and status is null and running_until <= now()
        returning true
        """,
        *_key(request),
        running_seconds,
    )
    return taken is True


async def save_answer(connection: Connection, request: KeyedRequest, answer: GivenAnswer) -> None:
    """Keep the answer for whoever sends the request again; the first one counts."""
    await connection.execute(
        """
        update idempotency_keys set status = $5, headers = $6, body = $7
        where (tenant, method, path, key) = ($1, $2, $3, $4) and status is null
        """,
        *_key(request),
        answer.status,
        dict(answer.headers),
        answer.body,
    )


async def give_up(connection: Connection, request: KeyedRequest) -> None:
    """Nobody answers any more: the next request with the key does."""
    await connection.execute(
        """
        update idempotency_keys set running_until = now()
        where (tenant, method, path, key) = ($1, $2, $3, $4) and status is null
        """,
        *_key(request),
    )


async def forget(connection: Connection, *, keep_seconds: float) -> bool:
    """Remove a batch of keys that are too old to count; False where none is left."""
    done = await connection.execute(
        """
        delete from idempotency_keys where ctid in (
            select ctid from idempotency_keys
            where created_at < now() - make_interval(secs => $1) limit $2
        )
        """,
        keep_seconds,
        _FORGET_BATCH,
    )
    return str(done) == f"DELETE {_FORGET_BATCH}"


def _key(request: KeyedRequest) -> tuple[str, str, str, str]:
    return request.tenant, request.method, request.path, request.key
