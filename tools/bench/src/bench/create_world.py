"""The world of the create protocol's simulation: the database's row, the lease, and the shop. Pure.

What the shop may do is what the protocol is made for: a request is written at the latest `LATE` seconds after
it was given up. An outage lengthens that only where a writer has noticed it, because a freeze that nobody
notices has to fit into `late_commit_seconds`.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from common.create_protocol import Absent, Adopt, Answer, Post, Wait, judge

LEASE, TIMEOUT, MARGIN, LATE = 60.0, 20.0, 2.0, 120.0
PATIENCE = timedelta(seconds=LATE + LEASE)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
QUIET_AFTER = 4_000.0  # no faults any more: everything must come to its end

Judge = Callable[..., Adopt | Absent | Wait]


@dataclass(frozen=True)
class Rules:
    """What is simulated: the protocol, or something in its place.

    `restart`: what an outage makes of an outstanding create, or None where outages are not heeded;
    `when_noticed`: whether that is written down as soon as a writer notices, or only once the shop is back.
    """

    judge: Judge = judge
    restart: Callable[[Post, datetime], Post] | None = lambda post, _: Post(post.epoch)
    when_noticed: bool = True


PROTOCOL = Rules()


@dataclass
class Outage:
    """The shop's machine stands still, silent or refusing connections; then it carries on."""

    begins: float
    ends: float
    refusing: bool
    noticed: bool = False


@dataclass(frozen=True)
class Row:
    """A product that the shop makes: the request's arrival, and how long the shop takes to write it."""

    sent: float
    takes: float


@dataclass(frozen=True)
class Event:
    """A line of a schedule's story: when, and which of `A`, `B` and `shop` does what."""

    at: float
    who: str
    does: str


@dataclass
class World:
    """The database's row, the lease, and the shop."""

    dice: random.Random
    rules: Rules
    outage: Outage | None
    story: list[Event] | None = None
    now: float = 0.0
    epoch: int = 0
    held_until: float = -1.0
    post: Post | None = None
    live: bool = False
    rows: list[Row] = field(default_factory=list)
    met: set[str] = field(default_factory=set)

    def chance(self, probability: float) -> bool:
        return self.now < QUIET_AFTER and self.dice.random() < probability

    def time(self, seconds: float) -> datetime:
        return BEGINNING + timedelta(seconds=seconds)

    def tell(self, who: str, does: str) -> None:
        if self.story is not None:
            self.story.append(Event(self.now, who, does))

    def is_held(self, epoch: int) -> bool:
        return self.epoch == epoch and self.held_until > self.now

    def renew(self, epoch: int) -> bool:
        """What precedes every request: the lease outlasts it."""
        if not self.is_held(epoch):
            return False
        if self.held_until - self.now < TIMEOUT + MARGIN:
            self.held_until = self.now + LEASE
        return True

    def release(self, epoch: int) -> None:
        if self.epoch == epoch:
            self.held_until = -1.0

    @property
    def is_away(self) -> bool:
        return self.outage is not None and self.outage.begins <= self.now < self.outage.ends

    def failed_seconds(self) -> float:
        """How long a request to a shop that is away takes."""
        return 0.01 if self.outage is not None and self.outage.refusing else TIMEOUT

    def written_at(self, row: Row) -> float:
        """When the shop writes a product; infinite where it never does."""
        due, outage = row.sent + row.takes, self.outage
        if outage is None or outage.begins > min(due, self.now) or row.sent >= outage.ends:
            return due
        if outage.noticed:
            return due + outage.ends - max(outage.begins, row.sent)
        return max(due, outage.ends) if outage.ends <= row.sent + TIMEOUT + LATE else math.inf

    def restart_waits(self, who: str) -> None:
        """A create that is outstanding is waited for anew."""
        if self.rules.restart is not None and self.post is not None and self.post.epoch is not None:
            self.post = self.rules.restart(self.post, self.time(self.now))
            self.tell(who, "the wait begins anew")


def post_product(world: World) -> tuple[Answer, float]:
    """The shop's side of a create: its answer and how long that takes."""
    taken = world.dice.uniform(0.02, 1.0)
    if world.chance(0.1) or (world.is_away and world.failed_seconds() < TIMEOUT):
        return Answer.NOT_WRITTEN, 0.01  # no connection
    if world.chance(0.1):
        return Answer.STOPPED, taken  # 500 before it has written
    if world.chance(0.1):
        return Answer.NONE, TIMEOUT  # lost on its way there
    late = world.chance(0.2)
    write(world, world.dice.uniform(0, TIMEOUT + LATE) if late else taken)
    if late or (world.outage is not None and world.outage.begins <= world.now + taken < world.outage.ends):
        return Answer.NONE, TIMEOUT
    if world.chance(0.1):
        return Answer.STOPPED, taken  # 500 after it has written
    return (Answer.NONE, TIMEOUT) if world.chance(0.1) else (Answer.WRITTEN, taken)


def write(world: World, seconds: float) -> None:
    """The shop has begun a product and writes it in so many seconds, an outage left out."""
    world.rows.append(Row(world.now, seconds))
    if seconds > TIMEOUT:
        world.met.add("late commit")
    world.tell("shop", f"begins product {len(world.rows)}, writes it in {seconds:.1f} s")
