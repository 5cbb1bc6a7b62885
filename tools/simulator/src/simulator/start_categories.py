"""The categories that a shop is born with, besides Root (1) and Home (2): a number of them, or a file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOME = 2


@dataclass(frozen=True, slots=True)
class StartCategory:
    """One category: a name per language (the last one serves the rest), and where it hangs.

    `id` None = the next free one. A parent has to come before its children.
    """

    names: tuple[str, ...]
    parent: int = HOME
    id: int | None = None


def read_categories(wanted: str, languages: tuple[str, ...]) -> tuple[StartCategory, ...]:
    """What `--categories` means: a number, a text file with a name per line, or a JSON file.

    Lines may give a name per language, split by `|`. JSON is a list of
    `{"id": 3, "id_parent": 2, "name": {"en": "Shoes", "it": "Scarpe"}}`, where only the name has to be there.
    ValueError (also for JSON) or OSError when it cannot be read.
    """
    if not wanted or wanted.isdigit():
        return tuple(StartCategory((f"Category {number}",)) for number in range(1, int(wanted or 0) + 1))
    content = Path(wanted).read_text(encoding="utf-8")
    if Path(wanted).suffix == ".json":
        return tuple(from_json(entry, languages) for entry in json.loads(content))
    lines = (line for line in content.splitlines() if line.strip())
    return tuple(StartCategory(tuple(part.strip() for part in line.split("|"))) for line in lines)


def from_json(entry: dict[str, Any], languages: tuple[str, ...]) -> StartCategory:
    """One category of a JSON file."""
    try:
        given = entry["name"]
        names = (given,) if isinstance(given, str) else tuple(given[iso] for iso in languages if iso in given)
        if not names:
            raise ValueError(f"a category has no name in any of {', '.join(languages)}: {entry}")
        number = entry.get("id")
        return StartCategory(
            names, int(entry.get("id_parent", HOME)), None if number is None else int(number)
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"a category is not as expected: {entry}") from error
