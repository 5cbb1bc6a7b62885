"""Changes whose answer was lost: the shop may carry them out later, over what was written since.

A field that a pass finds in doubt at its beginning was sent in such a change, or by a writer that died. It is
written again at once, and once more when the shop can no longer be at work on the lost one: by then the shop
may hold the old value again, and nothing would tell.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

import asyncpg

RENEW_EVERY = timedelta(seconds=10)
"""A product that stays in doubt is not marked anew in every pass."""


async def expect_late_writes(connection: asyncpg.Connection, shop: str, patience: timedelta) -> None:
    """Mark what is in doubt: until `patience` has passed, the shop may still carry it out."""
    await connection.execute(
        """
        update products
        set unanswered = array(select distinct unnest(unanswered || doubtful) except select unnest(repeated)),
            unanswered_until = now() + $2::interval
        where shop = $1 and doubtful <> '{}' and not doubtful <@ repeated
          and (unanswered_until is null or due and unanswered_until < now() + $2::interval - $3::interval)
        """,
        shop,
        patience,
        RENEW_EVERY,
    )


async def repeat_what_may_be_undone(connection: asyncpg.Connection, shop: str) -> None:
    """Put fields in doubt again whose lost changes are over by now, so that the pass writes them."""
    await connection.execute(
        """
        update products
        set doubtful = array(select distinct unnest(doubtful || unanswered)),
            repeated = array(select distinct unnest(repeated || unanswered)),
            unanswered = '{}', unanswered_until = null,
            not_before = case when due then not_before else now() end, due = true
        where shop = $1 and unanswered_until <= now()
        """,
        shop,
    )


async def doubt_gaps(connection: asyncpg.Connection, shop: str, gaps: Mapping[str, Iterable[str]]) -> None:
    """Fields by reference that the shop holds otherwise than written: the next change sends them again.

    No lost change is behind them that would have to be waited for, and they are nothing to do by themselves:
    a shop that stores what it likes would be written to for ever.
    """
    pairs = [(reference, field) for reference, fields in gaps.items() for field in fields]
    await connection.execute(
        """
        update products p
        set doubtful = array(select distinct unnest(p.doubtful || g.fields)),
            repeated = array(select distinct unnest(p.repeated || g.fields))
        from (
            select reference, array_agg(field) as fields
            from unnest($2::text[], $3::text[]) as gap(reference, field) group by reference
        ) as g
        where p.shop = $1 and p.reference = g.reference
        """,
        shop,
        [reference for reference, _ in pairs],
        [field for _, field in pairs],
    )
