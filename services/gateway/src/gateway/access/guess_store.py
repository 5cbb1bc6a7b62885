"""The SQL of counted guesses."""

from collections.abc import Mapping
from datetime import datetime

from gateway.access.guessing import Count, Guesses, failures_now
from gateway.store import Connection


async def lock_guesses(
    connection: Connection, subjects: Mapping[Count, bytes]
) -> tuple[dict[Count, Guesses], datetime]:
    """What is counted for these subjects, and the database's time; nobody else counts until the end."""
    # Rows are made or locked in one order by everybody, so that none waits for another in a ring.
    rows = await connection.fetch(
        """
        insert into guesses (subject) select unnest($1::bytea[])
        on conflict (subject) do update set subject = excluded.subject
        returning subject, failures, last_at, succeeded_at, clock_timestamp() as now
        """,
        sorted(subjects.values()),
    )
    count_of = {subject: count for count, subject in subjects.items()}
    found = [Guesses(count_of[r["subject"]], r["failures"], r["last_at"], r["succeeded_at"]) for r in rows]
    return {guesses.count: guesses for guesses in found}, max(row["now"] for row in rows)


async def count_failure(
    connection: Connection, subjects: Mapping[Count, bytes], found: Mapping[Count, Guesses], now: datetime
) -> None:
    """One more for each."""
    await connection.execute(
        """
        update guesses set failures = counted.failures, last_at = $3
        from unnest($1::bytea[], $2::int[]) as counted (subject, failures)
        where guesses.subject = counted.subject
        """,
        [subjects[count] for count in found],
        [failures_now(guesses, now) + 1 for guesses in found.values()],
        now,
    )


async def take_back(connection: Connection, subjects: Mapping[Count, bytes]) -> None:
    """The attempt was right: the pair begins anew, and the other counts lose what it added."""
    await connection.execute(
        """
        update guesses set failures = case when subject = $2 then 0 else greatest(failures - 1, 0) end,
            succeeded_at = case when subject = $2 then now() else succeeded_at end
        where subject in (select subject from guesses where subject = any($1::bytea[])
                          order by subject for update)
        """,
        sorted(subjects.values()),
        subjects[Count.PAIR],
    )


async def forget_old_guesses(connection: Connection) -> None:
    """Guesses that count no more, some at a time."""
    await connection.execute(
        """
        delete from guesses where subject in (
            select subject from guesses where last_at < now() - interval '1 day'
                and (succeeded_at is null or succeeded_at < now() - interval '30 days') limit 10000)
        """
    )
