"""What every step of a pass over a shop needs: the shop, its lease, its languages, the database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from common.create_protocol import Absent, Adopt, Answer, Post, Wait, judge
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
from prestashop_writer.plan import Name
from prestashop_writer.settings import WriterSettings
from prestashop_writer.target import ShopProfile


class Turns:
    """What the lots of a pass do one after the other.

    `naming`: two lots may need the same new name; whoever has the turn brings the names along that those who
    wait for it have told to be wanted. `deleting`: parallel DELETEs run into deadlocks (3 of 200,
    measured on PrestaShop 8.2.1). `sending` has a place for each request that the client sends at once, and
    one to follow: a create is recorded as outstanding right before it is sent, so that a writer that dies
    leaves few of them to be looked up.
    """

    def __init__(self, concurrency: int) -> None:
        self.naming = asyncio.Lock()
        self._wanted: dict[Name, Any] = {}
        self.deleting = asyncio.Lock()
        self.sending = asyncio.Semaphore(concurrency + 1)

    def want_names(self, names: Mapping[Name, Any]) -> None:
        """Tell names that a lot needs, with their details, before it waits for its turn."""
        self._wanted |= names

    def take_wanted_names(self) -> dict[Name, Any]:
        """The names that are wanted now; whoever takes them brings them."""
        wanted, self._wanted = self._wanted, {}
        return wanted


@dataclass(frozen=True)
class Pass:
    """One pass over one shop.

    `now` is the database's time after the lease was taken, and for a lot at its beginning. Once `is_to_end`
    says so, no further lot is taken.
    """

    link: ShopLink
    lease: Lease
    database: Database
    profile: ShopProfile
    settings: WriterSettings
    now: datetime
    turns: Turns
    is_to_end: Callable[[], bool] = lambda: False

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
    def patience(self) -> timedelta:
        """How long the shop may still carry out a request that this or an earlier pass gave up."""
        return timedelta(seconds=self.link.shop.late_commit_seconds + self.settings.lease_seconds)

    @property
    def post(self) -> Post:
        """A create that is sent in this pass."""
        return Post(self.lease.epoch)

    def judge(self, post: Post | None, *, found: bool) -> Adopt | Absent | Wait:
        """What a look-up of this pass says about something that is to be created."""
        return judge(post, found=found, epoch=self.lease.epoch, now=self.now, patience=self.patience)

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

    async def make_sure_the_shop_works(self) -> None:
        """End the pass, by raising its error, where the shop fails on a small question too: it is away.

        Asked before a failure counts against products: an empty 500, a page or a firewall's no may be about
        what was sent, or be all that the shop has to say.
        """
        await self.link.ask()


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
    dislikes a text: whether the shop fails on everything, `make_sure_the_shop_works` finds out.
    """
    if isinstance(outcome.error, ShopCrashed | ShopBlocked):
        return False
    return not outcome.sent or is_failure(outcome.error)
