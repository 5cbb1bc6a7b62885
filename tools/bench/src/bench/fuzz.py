"""What hostile requests do to a gateway that runs: nothing, is the goal."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.hostile import HANG_SECONDS, Answered, send_all
from bench.hostile_requests import HostileRequest, hostile_requests
from bench.large_pictures import AT_ONCE, send_pictures
from bench.lone_gateway import lone_gateway

MEGABYTE = 1_000_000
HOSTILE_PEAK = 300 * MEGABYTE
PICTURES_PEAK = 250 * MEGABYTE


@dataclass(frozen=True)
class FuzzResult:
    """What came of it all. Memory is that of the gateway's process, in bytes."""

    answered: Sequence[Answered]
    tracebacks: int
    hostile_peak: int
    pictures_peak: int

    @property
    def problems(self) -> list[str]:
        """Everything that should not be, in sentences."""
        found = [f"{one.name}: {one.problem}" for one in self.answered if one.problem]
        if self.tracebacks:
            found.append(f"{self.tracebacks} tracebacks in the gateway's log")
        if self.hostile_peak > HOSTILE_PEAK:
            found.append(f"{self.hostile_peak // MEGABYTE} MB of memory for hostile requests")
        if self.pictures_peak > PICTURES_PEAK:
            found.append(f"{self.pictures_peak // MEGABYTE} MB of memory for large pictures")
        return found

    def lines(self) -> list[str]:
        """The figures, for reading."""
        statuses = Counter(one.status or "closed" for one in self.answered)
        told = ", ".join(f"{count} with {status}" for status, count in sorted(statuses.items(), key=str))
        slowest = max(self.answered, key=lambda one: one.seconds)
        return [
            f"{len(self.answered)} hostile requests: {told}",
            f"slowest answer: {slowest.seconds:.1f} s ({slowest.name})",
            f"memory of the gateway: at most {self.hostile_peak // MEGABYTE} MB",
            f"four bodies of 133 MB at a time: at most {self.pictures_peak // MEGABYTE} MB",
            *(f"PROBLEM {problem}" for problem in self.problems),
            f"{len(self.problems)} problems",
        ]


async def fuzz(
    folder: Path,
    requests: Sequence[HostileRequest] | None = None,
    hang_seconds: float = HANG_SECONDS,
    bodies_at_once: int = AT_ONCE,
) -> FuzzResult:
    """Start a gateway, send it everything, end it."""
    async with lone_gateway(folder) as gateway:
        pictures_peak = await send_pictures(gateway, bodies_at_once)
        gateway.forget_peak()
        answered = await send_all(gateway.url, gateway.token, requests or hostile_requests(), hang_seconds)
        hostile_peak = gateway.peak_bytes()
        return FuzzResult(answered, gateway.tracebacks(), hostile_peak, pictures_peak)
