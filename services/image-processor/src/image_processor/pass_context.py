"""What a pass over one shop has at hand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.create_protocol import Absent, Adopt, Post, Wait, judge
from common.database import Database, UnitOfWork
from common.database.lease import Lease
from common.shop_link import ShopLink
from image_processor.preparing import Preparing
from image_processor.render import RenderLimits
from image_processor.settings import ImageSettings


class PassOver(Exception):
    """The shop went away or the service stops: what is left is for another pass."""


@dataclass(frozen=True)
class Pass:
    """One pass. `now` is the database's time at its beginning; nothing new is begun once `over` is set.

    `sending` has a place for each request that the client sends at once.
    """

    link: ShopLink
    lease: Lease
    database: Database
    preparing: Preparing
    settings: ImageSettings
    limits: RenderLimits
    now: datetime
    over: asyncio.Event
    sending: asyncio.Semaphore
    progressed: Callable[[Sequence[str]], None] = field(repr=False)

    @property
    def shop_id(self) -> str:
        return self.link.shop.id

    @property
    def patience(self) -> timedelta:
        """How long the shop may still carry out a request that was given up."""
        return timedelta(seconds=self.link.shop.late_commit_seconds + self.lease.seconds)

    @property
    def post(self) -> Post:
        """An upload that is sent in this pass."""
        return Post(self.lease.epoch)

    def judge(self, post: Post | None, *, found: bool) -> Adopt | Absent | Wait:
        """What looking at the shop's pictures in this pass says about an unanswered upload."""
        return judge(post, found=found, epoch=self.lease.epoch, now=self.now, patience=self.patience)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn to ask the shop. Raises `PassOver` instead of another request to a shop that went away.

        Whoever has it does not wait in the client, so that an upload goes out right after its intent was
        recorded: its time counts from then.
        """
        async with self.sending:
            if self.over.is_set():
                raise PassOver
            yield

    @asynccontextmanager
    async def fenced(self) -> AsyncIterator[UnitOfWork]:
        """One transaction that only commits while the shop is ours. Raises `LeaseLost`."""
        async with self.database.unit_of_work() as work:
            await self.lease.check(work.connection)
            yield work
