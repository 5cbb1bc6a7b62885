"""The `Prefer` header (RFC 7240): how long a caller wants to wait for its result."""

import re
from dataclasses import dataclass

_WAIT = re.compile(r"^wait\s*=\s*\"?([0-9]{1,6})\"?$", re.ASCII)


@dataclass(frozen=True)
class Patience:
    """Seconds to wait, and what of the caller's preference that honours (`Preference-Applied`)."""

    seconds: float
    applied: str | None = None


def patience(prefer: str, *, at_most: float) -> Patience:
    """`wait=n` is honoured up to `at_most`, `respond-async` alone means not to wait; the rest is ignored."""
    preferences = [part.strip().lower() for part in re.split(r"[,;]", prefer)]
    for preference in preferences:
        if found := _WAIT.match(preference):
            seconds = min(float(found[1]), at_most)
            return Patience(seconds, f"wait={seconds:g}")
    if "respond-async" in preferences:
        return Patience(0, "respond-async")
    return Patience(at_most)
