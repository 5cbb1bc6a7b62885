"""What every step of a pass over a shop needs: the shop, its lease, its languages, the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from common.database import Database, UnitOfWork
from common.database.lease import Lease
from common.shop_link import ShopLink
from prestashop import Outcome, Shop, ShopCrashed, Unknown, is_failure
from prestashop_writer.settings import WriterSettings
from prestashop_writer.target import ShopProfile


@dataclass(frozen=True)
class Pass:
    """One pass over one shop. `now` is the database's time at its beginning."""

    link: ShopLink
    lease: Lease
    database: Database
    profile: ShopProfile
    settings: WriterSettings
    now: datetime

    @property
    def shop_id(self) -> str:
        return self.link.shop.id

    @property
    def client(self) -> Shop:
        return self.link.client

    @property
    def pool(self) -> asyncpg.Pool:
        return self.database.pool

    def conclusive_at(self, posted_at: datetime) -> datetime:
        """From when on "not found" means that a create was not written.

        The shop may write for `late_commit_seconds` after we gave up, and the create may have been sent as
        late as the end of the lease that recorded the intent.
        """
        seconds = self.link.shop.late_commit_seconds + self.settings.lease_seconds
        return posted_at + timedelta(seconds=seconds)

    def is_conclusive(self, posted_at: datetime) -> bool:
        return self.now >= self.conclusive_at(posted_at)

    @asynccontextmanager
    async def fenced(self) -> AsyncIterator[UnitOfWork]:
        """A unit of work that only a holder of the lease can commit. Raises `LeaseLost`."""
        async with self.database.unit_of_work() as work:
            await self.lease.check(work.connection)
            yield work

    def stop_where_the_shop_failed(self, outcomes: Sequence[Outcome]) -> None:
        """End the pass, by raising its error, where the shop is away rather than unwilling."""
        for outcome in outcomes:
            if isinstance(outcome, Unknown) and speaks_against_the_shop(outcome):
                raise outcome.error


def speaks_against_the_shop(outcome: Unknown) -> bool:
    """Whether the shop is away; a crash over one entity (an empty 500) says nothing about the others."""
    if isinstance(outcome.error, ShopCrashed):
        return False
    return not outcome.sent or is_failure(outcome.error)
