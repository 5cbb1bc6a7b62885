"""Many schedules of the create protocol, on all processors of this machine."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context

from bench.create_simulation import play
from bench.naive_protocols import PROTOCOLS

SEEDS_AT_ONCE = 2_000

Note = Callable[[int], None]
"""Told how many schedules more have come to their end."""


@dataclass
class Figures:
    """What some schedules have come to. `met`: schedules by what went wrong in them; `problems` by seed."""

    schedules: int = 0
    products: int = 0
    doubled: int = 0
    met: Counter[str] = field(default_factory=Counter)
    problems: dict[int, str] = field(default_factory=dict)

    def add(self, other: "Figures") -> None:
        self.schedules += other.schedules
        self.products += other.products
        self.doubled += other.doubled
        self.met += other.met
        self.problems |= other.problems


def play_some(seeds: range, protocol: str) -> Figures:
    """Play these schedules, one after the other, with a protocol by its name."""
    found = Figures()
    for seed in seeds:
        schedule = play(seed, PROTOCOLS[protocol]())
        found.schedules += 1
        found.products += schedule.products
        found.doubled += schedule.products > 1
        found.met.update(schedule.met)
        if schedule.problem:
            found.problems[seed] = schedule.problem
    return found


def play_all(
    wanted: Sequence[tuple[str, range]], note: Note, processes: int = os.cpu_count() or 1
) -> dict[str, Figures]:
    """Play the schedules of each protocol side by side; the same seeds give the same figures."""
    found = {name: Figures() for name, _ in wanted}
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        playing = {
            pool.submit(play_some, part, name): name for name, seeds in wanted for part in parts_of(seeds)
        }
        for done in as_completed(playing):
            figures = done.result()
            found[playing[done]].add(figures)
            note(figures.schedules)
    return found


def parts_of(seeds: range) -> Iterator[range]:
    """The seeds in pieces that one process plays without a word."""
    return (seeds[start : start + SEEDS_AT_ONCE] for start in range(0, len(seeds), SEEDS_AT_ONCE))
