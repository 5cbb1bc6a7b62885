"""What every step of a pass over a shop needs: the shop, its lease, its languages, the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from common.database import Database, UnitOfWork
from common.database.lease import Lease
from common.shop_link import ShopLink
from prestashop import (
    Outcome,
    Refused,
    Shop,
    ShopBlocked,
    ShopCrashed,
    Unknown,
    Written,
    is_failure,
)
from prestashop_writer.create_protocol import Absent, Adopt, Answer, Post, Wait, judge
from prestashop_writer.settings import WriterSettings
from prestashop_writer.target import ShopProfile


@dataclass(frozen=True)
class Pass:
    """One pass over one shop. `now` is the database's time at its beginning, after the lease was taken."""

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

    @property
    def post(self) -> Post:
        """A create that is sent in this pass."""
        return Post(self.lease.epoch)

    def judge(self, post: Post | None, *, found: bool) -> Adopt | Absent | Wait:
        """What a look-up of this pass says about something that is to be created."""
        patience = timedelta(seconds=self.link.shop.late_commit_seconds + self.settings.lease_seconds)
        return judge(post, found=found, epoch=self.lease.epoch, now=self.now, patience=patience)

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


def answer_of(outcome: Outcome) -> Answer:
    """What the outcome of a create says about it.

    A shop that crashed has stopped working on the request, so that a look-up tells for good what was written.
    """
    match outcome:
        case Written():
            return Answer.WRITTEN
        case Refused() | Unknown(sent=False):
            return Answer.NOT_WRITTEN
        case Unknown(error=ShopCrashed()):
            return Answer.STOPPED
        case Unknown():
            return Answer.NONE


def speaks_against_the_shop(outcome: Unknown) -> bool:
    """Whether the shop is away, or closed to us.

    A crash over one entity (an empty 500) says nothing about the others, and neither does a firewall that
    dislikes a text: a shop that is behind a wall altogether does not answer look-ups either.
    """
    if isinstance(outcome.error, ShopCrashed | ShopBlocked):
        return False
    return not outcome.sent or is_failure(outcome.error)
