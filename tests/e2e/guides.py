"""Reads the guides: their examples, and whether an answer is the one that is shown."""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
VARYING_NUMBERS = {"id", "productId", "presta_id", "seconds"}
ANYTHING = "…"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """What stands between two fences."""

    language: str
    text: str


def blocks(guide: str) -> list[Block]:
    """All that is fenced in a guide, in its order."""
    text = (GUIDES / f"{guide}.md").read_text()
    return [Block(language, content) for language, content in _FENCE.findall(text)]


def script(parts: Sequence[Block]) -> str:
    """All examples of a guide as one script for bash; the output of each goes to `out.<place>`."""
    lines = ["set -Eeuo pipefail", """trap 'echo "failed: $BASH_COMMAND" >&2' ERR"""]
    for place, part in enumerate(parts):
        if part.language == "sh":
            lines.append(f"{{\n{part.text}}} > out.{place}")
        elif part.language == "python" and _is_followed_by_its_answer(parts, place):
            lines.append(f"\"$PYTHON\" - > out.{place} <<'EXAMPLE'\n{part.text}EXAMPLE")
    return "\n".join(lines)


def _is_followed_by_its_answer(parts: Sequence[Block], place: int) -> bool:
    return place + 1 < len(parts) and parts[place + 1].language == "json"


def differences(shown: Any, told: Any, path: str = "") -> list[str]:
    """Where an answer is not the one that is shown.

    "…" in a text of the guide stands for anything; ids that the services count are any number.
    """
    if isinstance(shown, dict) and isinstance(told, dict):
        odd = [
            f"{path}.{key}: is only {'shown' if key in shown else 'told'}"
            for key in shown.keys() ^ told.keys()
        ]
        same = [key for key in shown if key in told]
        return odd + [line for key in same for line in differences(shown[key], told[key], f"{path}.{key}")]
    if isinstance(shown, list) and isinstance(told, list) and len(shown) == len(told):
        pairs = enumerate(zip(shown, told, strict=True))
        return [line for place, pair in pairs for line in differences(*pair, f"{path}[{place}]")]
    return (
        []
        if _is_the_same(shown, told, path.rpartition(".")[2])
        else [f"{path}: {shown!r} is shown, {told!r} told"]
    )


def _is_the_same(shown: Any, told: Any, name: str) -> bool:
    if shown == ANYTHING:
        return True
    if isinstance(shown, str) and ANYTHING in shown and isinstance(told, str):
        pattern = re.sub(r"([\[?*])", r"[\1]", shown).replace(ANYTHING, "*")
        return fnmatch.fnmatchcase(told, pattern)
    if name in VARYING_NUMBERS and isinstance(shown, int | float):
        return isinstance(told, int | float)
    return bool(shown == told)
