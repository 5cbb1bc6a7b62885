"""Faults on demand: a shop that is slow, fails before or after it has written, hangs up, or is off."""

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Fault:
    """One fault that is switched on.

    `match` is a regular expression over `METHOD /path`. `times` counts down (0 = until it is switched off).
    `status` answers instead of the shop, `drop` closes the connection without an answer: both `before` the
    shop
    does anything or `after` it has written.
    """

    match: re.Pattern[str]
    delay_seconds: float = 0.0
    status: int = 0
    drop: bool = False
    when: str = "before"
    times: int = 0
    retry_after_seconds: int = 0
    used: int = 0


@dataclass(slots=True)
class Faults:
    """All the faults of a shop, and whether its webservice is on."""

    faults: list[Fault] = field(default_factory=list)
    unavailable: bool = False

    def change(self, wanted: dict[str, Any]) -> None:
        """Switch faults: `{"clear": true}`, `{"unavailable": true}`, or a fault. ValueError when wrong."""
        if wanted.get("clear"):
            self.faults.clear()
            self.unavailable = False
        if "unavailable" in wanted:
            self.unavailable = bool(wanted["unavailable"])
        if {"delay_seconds", "status", "drop"} & wanted.keys():
            self.faults.append(read_fault(wanted))

    def take(self, method: str, path: str) -> list[Fault]:
        """The faults that hit this request, counted down."""
        hit = [fault for fault in self.faults if fault.match.search(f"{method} {path}")]
        for fault in hit:
            fault.used += 1
        self.faults = [fault for fault in self.faults if not fault.times or fault.used < fault.times]
        return hit

    def describe(self) -> dict[str, object]:
        """What is switched on."""
        return {
            "unavailable": self.unavailable,
            "faults": [
                {
                    "match": fault.match.pattern,
                    "delay_seconds": fault.delay_seconds,
                    "status": fault.status,
                    "drop": fault.drop,
                    "when": fault.when,
                    "times": fault.times,
                    "used": fault.used,
                }
                for fault in self.faults
            ],
        }


def read_fault(wanted: dict[str, Any]) -> Fault:
    """A fault from its JSON. ValueError says what is wrong with it."""
    when = str(wanted.get("when", "before"))
    if when not in ("before", "after"):
        raise ValueError('"when" is "before" or "after"')
    # `drop` may be true, or say when by itself.
    drop = wanted.get("drop", False)
    if drop in ("before", "after"):
        when, drop = str(drop), True
    elif drop and "when" not in wanted:
        when = "after"
    try:
        match = re.compile(str(wanted.get("match", "")))
        return Fault(
            match=match,
            delay_seconds=float(wanted.get("delay_seconds", 0)),
            status=int(wanted.get("status", 0)),
            drop=bool(drop),
            when=when,
            times=int(wanted.get("times", 0)),
            retry_after_seconds=int(wanted.get("retry_after_seconds", 0)),
        )
    except (re.error, TypeError) as error:
        raise ValueError(str(error)) from None
