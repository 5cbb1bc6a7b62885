"""The create protocol under crashes, freezes, lost answers and late writes: one seed is one schedule.

Two writers and one product in simulated time. Every wait between two steps may end in a crash or last longer;
the shop may fail before or after it has written, or write long after the writer has given up. The decisions
are those of the real writer (`create_protocol`); only the database and the shop are lists here.
"""

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from prestashop_writer.create_protocol import Absent, Adopt, Answer, Post, Wait, after_answer, judge

SEEDS = range(20_000)
LEASE, TIMEOUT, MARGIN, LATE = 60.0, 20.0, 2.0, 120.0
PATIENCE = timedelta(seconds=LATE + LEASE)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
HORIZON = 100_000.0
QUIET_AFTER = 4_000.0  # no faults any more: everything must come to its end

Judge = Callable[..., Adopt | Absent | Wait]
Steps = Iterator[float]
"""A writer: it yields how long its next step takes."""


@dataclass
class World:
    """The database's row, the lease, and the shop's products."""

    dice: random.Random
    judge: Judge
    now: float = 0.0
    epoch: int = 0
    held_until: float = -1.0
    post: Post | None = None
    live: bool = False
    rows: list[float] = field(default_factory=list)  # when each product of the shop was written

    def chance(self, probability: float) -> bool:
        return self.now < QUIET_AFTER and self.dice.random() < probability

    def time(self, seconds: float) -> datetime:
        return BEGINNING + timedelta(seconds=seconds)

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


def writer(world: World) -> Steps:
    """Pass after pass until the product is live."""
    while not world.live:
        if world.held_until > world.now:
            yield 1.0
            continue
        world.epoch += 1
        world.held_until = world.now + LEASE
        epoch = world.epoch
        pause = yield from one_pass(world, epoch)
        world.release(epoch)
        yield pause


def one_pass(world: World, epoch: int) -> Iterator[float]:
    """Look up, decide, create; returns the pause before the next pass."""
    yield 0.01
    began, post = world.time(world.now), world.post
    if not world.renew(epoch):
        return 0.1
    yield 0.05
    if world.chance(0.1):
        return 1.0  # the look-up failed
    found = any(written <= world.now for written in world.rows)
    verdict = world.judge(post, found=found, epoch=epoch, now=began, patience=PATIENCE)
    yield 0.01
    if not world.is_held(epoch):
        return 0.1
    match verdict:
        case Adopt():
            world.live = True
        case Wait(post=still_out, look_at=look_at):
            world.post = still_out
            return max((look_at - world.time(world.now)).total_seconds(), 0.0)
        case Absent():
            world.post = Post(epoch)
            yield from send(world, epoch)
    return 1.0


def send(world: World, epoch: int) -> Steps:
    """Send the create, perhaps long after its intent: other bodies of the pass come first."""
    while world.chance(0.3):
        yield world.dice.uniform(0, 40)
        if not world.renew(epoch):
            return
    if not world.renew(epoch):
        return
    if world.chance(0.05):
        yield -world.dice.uniform(0, LEASE)  # frozen between the check of the lease and the socket
    answer, seconds = post_product(world)
    yield seconds
    if world.is_held(epoch):
        assert world.post is not None
        world.live = answer is Answer.WRITTEN
        world.post = None if world.live else after_answer(world.post, answer)


def post_product(world: World) -> tuple[Answer, float]:
    """The shop's side of a create: its answer and how long that takes."""
    taken = world.dice.uniform(0.02, 1.0)
    if world.chance(0.1):
        return Answer.NOT_WRITTEN, 0.01  # no connection
    if world.chance(0.1):
        return Answer.STOPPED, taken  # 500 before it has written
    if world.chance(0.1):
        return Answer.NONE, TIMEOUT  # lost on its way there
    late = world.chance(0.2)
    world.rows.append(world.now + (world.dice.uniform(0, TIMEOUT + LATE) if late else taken))
    if late:
        return Answer.NONE, TIMEOUT
    if world.chance(0.1):
        return Answer.STOPPED, taken  # 500 after it has written
    return (Answer.NONE, TIMEOUT) if world.chance(0.1) else (Answer.WRITTEN, taken)


def products_after(seed: int, judge_by: Judge = judge) -> int:
    """Run one schedule to its end; how many products the shop has then."""
    world = World(random.Random(seed), judge_by)
    order = count()
    waiting: list[tuple[float, int, Steps]] = []
    for begins in (0.0, world.dice.uniform(0, 5)):
        heapq.heappush(waiting, (begins, next(order), writer(world)))
    while waiting:
        world.now, _, steps = heapq.heappop(waiting)
        assert world.now < HORIZON, f"seed {seed} does not come to its end"
        if world.chance(0.02):  # killed; its supervisor starts it again
            heapq.heappush(waiting, (world.now + world.dice.uniform(1, 90), next(order), writer(world)))
            continue
        seconds = next(steps, None)
        if seconds is None:
            continue
        frozen = world.dice.uniform(0, 3 * LEASE) if seconds > 0 and world.chance(0.01) else 0.0
        # A negative time is a freeze that nothing may lengthen: longer ones are beyond the protocol.
        heapq.heappush(waiting, (world.now + abs(seconds) + frozen, next(order), steps))
    assert world.live
    return len(world.rows)


def test_no_schedule_makes_a_second_product_and_each_comes_to_its_end() -> None:
    assert [seed for seed in SEEDS if products_after(seed) != 1] == []


def test_the_same_schedules_show_the_duplicates_of_writers_that_wait_less() -> None:
    def at_once(post: Post | None, *, found: bool, **_: object) -> Adopt | Absent:
        return Adopt(ours=True) if found else Absent()

    def never_looking(post: Post | None, **_: object) -> Absent:
        return Absent()

    some = range(1_000)
    looking_first = sum(products_after(seed, at_once) > 1 for seed in some)
    naive = sum(products_after(seed, never_looking) > 1 for seed in some)
    assert naive > 2 * looking_first > 20  # of 1,000


def test_a_wait_that_is_counted_from_the_intent_may_end_too_early() -> None:
    """Under a lease that was renewed meanwhile the request is sent long after its intent."""
    intents: dict[int, datetime] = {}

    def from_the_intent(
        post: Post | None, *, found: bool, epoch: int, now: datetime, patience: timedelta
    ) -> Adopt | Absent | Wait:
        since = intents.setdefault(post.epoch, now) if post and post.epoch is not None else None
        if found:
            return Adopt(ours=post is not None)
        if since is None or now >= since + patience:
            intents[epoch] = now
            return Absent()
        assert post is not None
        return Wait(post, min(since + patience, now + timedelta(seconds=5)))

    def doubled(seed: int) -> bool:
        intents.clear()
        return products_after(seed, from_the_intent) > 1

    assert any(doubled(seed) for seed in SEEDS)
