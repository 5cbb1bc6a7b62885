"""The lease on a shop: one worker of a service at a time, fenced by an epoch.

A service that drives shops makes the table `leases (shop, epoch, owner, held_until)` in its migrations.

The database's clock decides. The holder measures its own time from before it asked, so that it never
believes longer in its lease than the database does.
"""

import time
from dataclasses import dataclass, field

import asyncpg

_ACQUIRE = """
    insert into leases (shop, epoch, owner, held_until)
    values ($1, 1, $2, now() + make_interval(secs => $3))
    on conflict (shop) do update
        set epoch = leases.epoch + 1, owner = excluded.owner, held_until = excluded.held_until
        where leases.held_until < now()
    returning epoch
"""
_RENEW = """
    update leases set held_until = now() + make_interval(secs => $3)
    where shop = $1 and epoch = $2 and held_until > now() returning epoch
"""
_RELEASE = "update leases set held_until = '-infinity' where shop = $1 and epoch = $2"
_CHECK = "select true from leases where shop = $1 and epoch = $2 and held_until > now() for share"


class LeaseLost(Exception):
    """Another worker may have taken the shop over; what was being done here counts for nothing."""


@dataclass
class Lease:
    """A shop that is ours until `held_until` (monotonic seconds of this process)."""

    pool: asyncpg.Pool
    shop: str
    epoch: int
    seconds: float
    held_until: float = field(repr=False)

    async def ensure(self, seconds: float) -> None:
        """Make sure that the lease lasts that long, renewing it where needed. Raises `LeaseLost`."""
        if self.held_until - time.monotonic() >= seconds:
            return
        asked = time.monotonic()
        if await self.pool.fetchval(_RENEW, self.shop, self.epoch, self.seconds) is None:
            raise LeaseLost(self.shop)
        self.held_until = asked + self.seconds

    async def check(self, connection: asyncpg.Connection) -> None:
        """Fence a transaction: it may only write while the epoch is ours. Raises `LeaseLost`."""
        if await connection.fetchval(_CHECK, self.shop, self.epoch) is None:
            raise LeaseLost(self.shop)

    async def release(self) -> None:
        await self.pool.execute(_RELEASE, self.shop, self.epoch)


async def acquire_lease(pool: asyncpg.Pool, shop: str, owner: str, seconds: float) -> Lease | None:
    """The shop's lease, or None while another worker holds it."""
    asked = time.monotonic()
    epoch = await pool.fetchval(_ACQUIRE, shop, owner, seconds)
    return None if epoch is None else Lease(pool, shop, epoch, seconds, asked + seconds)
