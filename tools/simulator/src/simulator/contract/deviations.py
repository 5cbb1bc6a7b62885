"""The differences from the recordings that were accepted, each with its reason."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Deviation:
    """Why one exchange may differ; `only_picture` = in the bytes of a picture and in nothing else."""

    reason: str
    only_picture: bool = False


Deviations = dict[tuple[str, int], Deviation]


def read_deviations(path: Path) -> Deviations:
    """(`version/scenario`, step) → why. ValueError when an entry has no reason or appears twice."""
    found: Deviations = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["deviation"]:
        if not entry.get("reason"):
            raise ValueError(f"an accepted deviation has no reason: {entry}")
        only = entry.get("only", "")
        if only not in ("", "picture"):
            raise ValueError(f'"only" is "picture" or left out: {entry}')
        for version in entry["versions"]:
            for step in entry["steps"]:
                key = (f"{version}/{entry['scenario']}", step)
                if key in found:
                    raise ValueError(f"step {step} of {key[0]} is listed twice")
                found[key] = Deviation(entry["reason"], only == "picture")
    return found
