"""Faults on demand: a shop that is slow, fails before or after it has written, hangs up, lies, or is off.

Faults come by rule (`match` over the request, so many `times`) or by chance (rates, drawn from a seed).
"""

import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

UNANSWERED_SECONDS = 600.0  # how long a client that never gives up is kept waiting


class Effect(Enum):
    """What a fault does."""

    DELAY = auto()  # waits, then goes on
    ANSWER = auto()  # answers in the shop's place
    DROP = auto()  # closes the connection without an answer
    HOLD = auto()  # never answers, until the client gives up
    LATE_COMMIT = auto()  # never answers; writes some time after the client gave up
    DRIP = auto()  # sends the answer in drops
    GIANT = auto()  # sends an answer that does not end


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `after`: the shop has written what the request asked for; else it has done nothing yet."""

    name: str
    effect: Effect
    after: bool = False
    status: int = 0
    retry_after_seconds: int = 0
    page: bool = False  # an HTML page in place of an empty body
    seconds: float = 0.0
    bytes_per_second: float = 0.0
    size_bytes: int = 0


KNOWN = {
    one.name: one
    for one in (
        Fault("500_before", Effect.ANSWER, status=500),
        Fault("500_after", Effect.ANSWER, after=True, status=500),
        Fault("drop_before", Effect.DROP),
        Fault("drop_after", Effect.DROP, after=True),
        Fault("never_answer", Effect.HOLD, after=True, seconds=UNANSWERED_SECONDS),
        Fault("late_commit", Effect.LATE_COMMIT, seconds=30.0),
        Fault("429", Effect.ANSWER, status=429, retry_after_seconds=1),
        Fault("503", Effect.ANSWER, status=503, retry_after_seconds=5, page=True),
        Fault("html_200", Effect.ANSWER, status=200, page=True),
        Fault("slow_drip", Effect.DRIP, after=True, bytes_per_second=10.0),
        Fault("giant_answer", Effect.GIANT, after=True, size_bytes=1_000_000_000),
    )
}
# The JSON name of what may be changed of a fault, and its field.
CHANGEABLE = {
    "retry_after_seconds": "retry_after_seconds",
    "commit_after_seconds": "seconds",
    "bytes_per_second": "bytes_per_second",
    "size_bytes": "size_bytes",
}
RULE_KEYS = (
    frozenset({"fault", "match", "times", "delay_seconds", "status", "drop", "when"}) | CHANGEABLE.keys()
)
CHANCE_KEYS = frozenset({"seed", "rates", "match"}) | CHANGEABLE.keys()
SWITCH_KEYS = frozenset({"clear", "unavailable", "speed"})


@dataclass(slots=True)
class Rule:
    """A fault for every request that matches; `times` counts down, 0 = until cleared."""

    match: re.Pattern[str]
    fault: Fault
    times: int = 0
    used: int = 0


@dataclass(slots=True)
class Chance:
    """Faults by chance: one draw for each matching request, in the order in which they arrive."""

    seed: int
    rates: dict[str, float]
    match: re.Pattern[str]
    faults: dict[str, Fault]
    draws: random.Random

    def draw(self) -> Fault | None:
        """The fault of the next request, or none."""
        left = self.draws.random()
        for name, rate in self.rates.items():
            left -= rate
            if left < 0:
                return self.faults[name]
        return None


@dataclass(slots=True)
class Faults:
    """All the faults of a shop, whether its webservice is on, and whether it takes a real shop's time."""

    rules: list[Rule] = field(default_factory=list)
    chance: Chance | None = None
    unavailable: bool = False
    measured_speed: bool = False
    dealt: Counter[str] = field(default_factory=Counter)

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Switch, as `POST /_simulator/faults` asks. ValueError says what is wrong; nothing changes then."""
        rest = wanted.keys() - SWITCH_KEYS
        if wanted.get("speed") not in (None, "measured", "none"):
            raise ValueError('"speed" is "measured" or "none"')
        chance = read_chance(wanted, rest) if "rates" in wanted else None
        rule = read_rule(wanted, rest) if rest and chance is None else None
        if wanted.get("clear"):
            self.rules, self.chance, self.unavailable = [], None, False
        self.unavailable = bool(wanted.get("unavailable", self.unavailable))
        if "speed" in wanted:
            self.measured_speed = wanted["speed"] == "measured"
        self.chance = chance or self.chance
        if rule:
            self.rules.append(rule)

    def take(self, method: str, path: str) -> list[Fault]:
        """The faults that hit this request, counted."""
        asked = f"{method} {path}"
        hit = []
        for rule in self.rules:
            if rule.match.search(asked):
                rule.used += 1
                hit.append(rule.fault)
        self.rules = [rule for rule in self.rules if not rule.times or rule.used < rule.times]
        if self.chance and self.chance.match.search(asked) and (drawn := self.chance.draw()):
            hit.append(drawn)
        self.dealt.update(fault.name for fault in hit)
        return hit

    def describe(self) -> dict[str, object]:
        """What is switched on, and how often each fault was dealt since the shop opened."""
        return {
            "speed": "measured" if self.measured_speed else "none",
            "unavailable": self.unavailable,
            "faults": [
                {
                    "fault": rule.fault.name,
                    "match": rule.match.pattern,
                    "times": rule.times,
                    "used": rule.used,
                    "seconds": rule.fault.seconds,
                }
                for rule in self.rules
            ],
            "seed": self.chance.seed if self.chance else None,
            "rates": self.chance.rates if self.chance else {},
            "dealt": dict(self.dealt),
        }


def read_rule(wanted: Mapping[str, Any], keys: set[str]) -> Rule:
    """A rule from its JSON. ValueError says what is wrong with it."""
    refuse_unknown(keys, RULE_KEYS)
    fault = read_named(wanted) if "fault" in wanted else read_plain(wanted)
    return Rule(read_pattern(wanted), fault, int(wanted.get("times", 0)))


def read_named(wanted: Mapping[str, Any]) -> Fault:
    """A fault by its name: `{"fault": "late_commit", "commit_after_seconds": 5}`."""
    name = str(wanted["fault"])
    if name not in KNOWN:
        raise ValueError(f"{name} is none of {', '.join(KNOWN)}")
    return changed(KNOWN[name], wanted)


def read_plain(wanted: Mapping[str, Any]) -> Fault:
    """A fault by its parts: `{"delay_seconds": 2}`, `{"status": 404, "when": "after"}`, `{"drop": true}`."""
    when, drop = wanted.get("when"), wanted.get("drop", False)
    if drop in ("before", "after"):
        when, drop = drop, True
    if when not in (None, "before", "after"):
        raise ValueError('"when" is "before" or "after"')
    if drop:
        return KNOWN["drop_before" if when == "before" else "drop_after"]
    if "status" in wanted:
        status = int(wanted["status"])
        if not 200 <= status <= 599:
            raise ValueError('"status" is between 200 and 599')
        return changed(Fault(f"{status}", Effect.ANSWER, after=when == "after", status=status), wanted)
    if "delay_seconds" not in wanted:
        raise ValueError("a fault has a name, a status, a delay, or drops")
    seconds = float(wanted["delay_seconds"])
    return Fault("delay", Effect.DELAY, after=when == "after", seconds=seconds)


def read_chance(wanted: Mapping[str, Any], keys: set[str]) -> Chance:
    """Rates from their JSON: `{"seed": 7, "rates": {"500_after": 0.05}}`."""
    refuse_unknown(keys, CHANCE_KEYS)
    rates = {str(name): float(rate) for name, rate in dict(wanted["rates"]).items()}
    refuse_unknown(set(rates), frozenset(KNOWN))
    if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
        raise ValueError("rates are shares of all requests: none below 0, not more than 1 together")
    seed = int(wanted.get("seed", 0))
    faults = {name: changed(KNOWN[name], wanted) for name in rates}
    return Chance(seed, rates, read_pattern(wanted), faults, random.Random(seed))  # noqa: S311 (a play, no secret)


def refuse_unknown(keys: set[str], known: frozenset[str]) -> None:
    """ValueError for a name that means nothing."""
    if unknown := sorted(keys - known):
        raise ValueError(f"{', '.join(unknown)}: known are {', '.join(sorted(known))}")


def read_pattern(wanted: Mapping[str, Any]) -> re.Pattern[str]:
    """Which requests: a regular expression over `METHOD /path`."""
    try:
        return re.compile(str(wanted.get("match", "")))
    except re.error as error:
        raise ValueError(f'"match": {error}') from None


def changed(fault: Fault, wanted: Mapping[str, Any]) -> Fault:
    """A fault with the seconds and sizes that were asked for, where it has any."""
    values = {
        name: type(getattr(fault, name))(wanted[key])
        for key, name in CHANGEABLE.items()
        if key in wanted and (fault.effect is Effect.ANSWER or getattr(fault, name))
    }
    return replace(fault, **values)
