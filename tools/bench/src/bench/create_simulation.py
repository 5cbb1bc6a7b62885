"""The create protocol in simulated time, under everything that goes wrong: one seed is one schedule. Pure.

Two writers bring one product to a shop. Every wait between two steps may end in a kill or last longer; the
shop may fail before or after it has written, write long after the writer has given up, or be away for minutes
and carry on where it stood. The decisions are those of the real writer (`create_protocol`); only the database
and the shop are variables (`create_world`).
"""

import heapq
import math
import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import count

from bench.create_world import LEASE, PATIENCE, PROTOCOL, Event, Outage, Rules, World, post_product
from common.create_protocol import Absent, Adopt, Answer, Post, Wait, after_answer

HORIZON = 100_000.0
FAILURES_IN_A_ROW, FIRST_PROBE, LONGEST_PROBE = 5, 5.0, 300.0  # those of the shop client's breaker

Steps = Iterator[float]
"""A writer: it yields how long its next step takes. A negative time is one that nothing may lengthen."""

Pass = Generator[float, None, float]
"""The steps of a pass; it returns the pause before the next one."""


@dataclass(frozen=True)
class Schedule:
    """How a schedule ended. `met`: what went wrong in it; `problem` is empty where one product was made."""

    seed: int
    products: int
    met: frozenset[str]
    problem: str
    story: tuple[Event, ...] = ()


@dataclass
class Link:
    """A process's own knowledge of the shop: its breaker, and what it still has to tell."""

    failures: int = 0
    is_open: bool = False
    has_told: bool = False
    has_to_tell: bool = False

    def succeeded(self) -> None:
        """The first success after a start or an outage is told."""
        self.failures = 0
        self.has_to_tell |= self.is_open or not self.has_told
        self.is_open, self.has_told = False, True


def writer(world: World, name: str) -> Steps:
    """One process: pass after pass until the product is live."""
    link = Link()
    while not world.live:
        if link.is_open:
            yield from probe(world, name, link)
        if link.has_to_tell:
            link.has_to_tell = False
            world.restart_waits(name)
        if world.held_until > world.now:
            yield 1.0
            continue
        world.epoch += 1
        world.held_until = world.now + LEASE
        epoch = world.epoch
        pause = yield from one_pass(world, name, epoch, link)
        world.release(epoch)
        yield pause
        if link.failures:
            yield from ask_again(world, name, link)


def ask_again(world: World, name: str, link: Link) -> Steps:
    """After a failure: ask until the shop answers or is given up."""
    while world.is_away:
        yield world.failed_seconds()
        link.failures += 1
        if link.failures >= FAILURES_IN_A_ROW:
            link.is_open = True
            notice(world, name)
            return
        yield 1.0
    yield 0.05
    link.succeeded()


def notice(world: World, name: str) -> None:
    """The breaker has opened."""
    if world.is_away and world.outage is not None:
        world.outage.noticed = True
        world.met.add("outage noticed")
        world.tell(name, "gives the shop up")
    if world.rules.when_noticed:
        world.restart_waits(name)


def probe(world: World, name: str, link: Link) -> Steps:
    """Ask a shop that is away at growing distances."""
    wait = FIRST_PROBE
    while True:
        yield wait
        if not world.is_away:
            break
        yield world.failed_seconds()
        wait = min(2 * wait, LONGEST_PROBE)
    link.succeeded()
    world.tell(name, "finds the shop back")


def one_pass(world: World, name: str, epoch: int, link: Link) -> Pass:
    """Look up, decide, create."""
    yield 0.01
    began, post = world.time(world.now), world.post
    if not world.renew(epoch):
        return 0.1
    if world.is_away:
        yield world.failed_seconds()
        link.failures += 1
        world.tell(name, "looks up: no answer")
        return 1.0
    yield 0.05
    if world.chance(0.1):
        world.tell(name, "looks up: failed")
        return 1.0
    link.succeeded()
    found = any(world.written_at(row) <= world.now for row in world.rows)
    verdict = world.rules.judge(post, found=found, epoch=epoch, now=began, patience=PATIENCE)
    yield 0.01
    if not world.is_held(epoch):
        world.tell(name, f"has lost lease {epoch}: records nothing")
        return 0.1
    match verdict:
        case Adopt():
            world.tell(name, "looks up: found, adopts it")
            world.live = True
        case Wait(post=still_out, look_at=look_at):
            world.post = still_out
            pause = max((look_at - world.time(world.now)).total_seconds(), 0.0)
            world.tell(name, f"looks up: not found, looks again in {pause:.1f} s")
            return pause
        case Absent():
            world.tell(name, f"looks up: not there; intent under lease {epoch}")
            world.post = Post(epoch)
            yield from send(world, name, epoch)
    return 1.0


def send(world: World, name: str, epoch: int) -> Steps:
    """Send the create, perhaps long after its intent: other bodies of the pass come first."""
    while world.chance(0.3):
        yield world.dice.uniform(0, 40)
        if not world.renew(epoch):
            return
    if not world.renew(epoch):
        return
    if world.chance(0.05):
        world.met.add("writer frozen")
        world.tell(name, "freezes before the socket")
        yield -world.dice.uniform(0, LEASE)  # between the check of the lease and the socket
    if world.is_held(epoch):
        world.tell(name, f"sends the create under lease {epoch}")
    else:
        world.met.add("create sent after its lease")
        world.tell(name, f"sends the create, although lease {epoch} is lost")
    answer, seconds = post_product(world)
    yield seconds
    if answer is Answer.NONE:
        world.met.add("answer lost")
    world.tell(name, f"answer: {answer}")
    if world.is_held(epoch):
        world.live = answer is Answer.WRITTEN
        world.post = None if world.live else after_answer(Post(epoch), answer)


def play(seed: int, rules: Rules = PROTOCOL, *, telling: bool = False) -> Schedule:
    """Run one schedule to its end. `telling` keeps its story."""
    dice = random.Random(seed)  # noqa: S311 - a schedule, not a secret
    world = World(dice, rules, _outage(dice), [] if telling else None)
    order = count()
    waiting: list[tuple[float, int, str, Steps]] = []
    for name, begins in (("A", 0.0), ("B", dice.uniform(0, 5))):
        heapq.heappush(waiting, (begins, next(order), name, writer(world, name)))
    while waiting and world.now < HORIZON:
        world.now, _, name, steps = heapq.heappop(waiting)
        if world.chance(0.02):
            world.met.add("writer killed")
            back = dice.uniform(1, 90)
            world.tell(name, f"is killed; its supervisor starts it in {back:.0f} s")
            heapq.heappush(waiting, (world.now + back, next(order), name, writer(world, name)))
            continue
        seconds = next(steps, None)
        if seconds is None:
            continue
        frozen = 0.0
        if seconds > 0 and world.chance(0.01):
            frozen = dice.uniform(0, 3 * LEASE)
            world.met.add("writer frozen")
            world.tell(name, f"freezes for {frozen:.0f} s")
        # A negative time is a freeze that nothing may lengthen: longer ones are beyond the protocol.
        heapq.heappush(waiting, (world.now + abs(seconds) + frozen, next(order), name, steps))
    return _ended(seed, world)


def _outage(dice: random.Random) -> Outage | None:
    if dice.random() >= 0.3:
        return None
    begins = dice.choice((dice.uniform(0, 2), dice.expovariate(1 / 120)))
    return Outage(begins, begins + dice.uniform(1, 900), refusing=dice.random() < 0.5)


def _ended(seed: int, world: World) -> Schedule:
    if world.outage is not None and world.outage.begins <= world.now:
        world.met.add("outage")
    written = sorted(at for at in map(world.written_at, world.rows) if at < math.inf)
    if world.story is not None:
        told = [Event(at, "shop", "has written a product") for at in written]
        if world.outage is not None and "outage" in world.met:
            told += [
                Event(world.outage.begins, "shop", "is away"),
                Event(world.outage.ends, "shop", "is back"),
            ]
        world.story = sorted([*world.story, *told], key=lambda event: event.at)
    problem = "" if len(written) == 1 else f"{len(written)} products"
    if not world.live:
        problem = "it does not come to its end"
    return Schedule(seed, len(written), frozenset(world.met), problem, tuple(world.story or ()))
