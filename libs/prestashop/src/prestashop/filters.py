"""How a question to the shop is written: display, filter, sort and limit. Pure.

The filter language has no escape character. What the shop makes of a value (measured on PrestaShop 8.2.1; the
rest is read in its ``getSQLRetrieveFilter``):

- ``[A]`` and ``A`` are equality, ``[A|B]`` either, ``[1,3]`` a range, ``[A]%`` a beginning, ``%[A]`` an end
  and ``%[A]%`` a part; all ignore case.
- A value with ``|`` or ``,`` is therefore asked for without brackets, where neither means anything.
- With ``[`` before ``]`` the brackets are always taken for syntax, and a filter that then makes no sense is
  ignored, so that everything matches; ``<`` and what follows is stripped. Of such a value its longest
  harmless stretch is asked for, as a beginning, an end or a part.

The answer may thus hold more than was asked for, never less: whoever asks compares on its own side.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from prestashop.names import checked

Display = Sequence[str] | Literal["full"]
Filter = str | int | Sequence[str | int]

_AMBIGUOUS_IN_A_LIST: Final = re.compile(r"[\[\]|,<\x00-\x1f]")
_AMBIGUOUS_ALONE: Final = re.compile(r"\[.*\]|[<\x00-\x1f]", re.DOTALL)
_HARMLESS_IN_A_PATTERN: Final = re.compile(r"[^\[\]<\\\x00-\x1f]+")
_SORT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*_(ASC|DESC)")


@dataclass(frozen=True, slots=True)
class LookUp:
    """One request of a look-up: the text of its filter, and the values that it asks for."""

    filter_text: str
    values: tuple[str, ...]


def look_ups(values: Sequence[str], *, most_values: int, most_bytes: int) -> Iterator[LookUp]:
    """Ask for all values in the fewest requests, each bounded in values and in bytes of URL.

    Raises ValueError for an empty value, which an empty filter would not look for.
    """
    batch: list[str] = []
    size = 0
    for value in dict.fromkeys(values):
        if not value:
            raise ValueError("an empty value cannot be looked up")
        if _AMBIGUOUS_IN_A_LIST.search(value):
            yield LookUp(_alone(value), (value,))
            continue
        length = len(quote(value, safe="")) + len("%7C")
        if batch and (len(batch) == most_values or size + length > most_bytes):
            yield LookUp(_either(batch), tuple(batch))
            batch, size = [], 0
        batch.append(value)
        size += length
    if batch:
        yield LookUp(_either(batch), tuple(batch))


def query(
    *,
    display: Display | None = None,
    filters: Mapping[str, Filter] | None = None,
    raw_filters: Mapping[str, str] | None = None,
    sort: Sequence[str] = (),
    limit: int | tuple[int, int] | None = None,
) -> str:
    """Write the query string of a GET, percent-encoded.

    ``filters`` are values to equal, or several of which one is to be equal; ``raw_filters`` are filter texts.
    ``sort`` names fields as ``id_ASC``. ``limit`` is a number of entities, or an offset and a number.
    Raises ValueError for a name or a value that the filter language cannot express.
    """
    parts: list[tuple[str, str]] = []
    if display is not None:
        parts.append(("display", display if isinstance(display, str) else _listed(display)))
    parts += [(f"filter[{checked(name)}]", _filter_text(value)) for name, value in (filters or {}).items()]
    parts += [(f"filter[{checked(name)}]", text) for name, text in (raw_filters or {}).items()]
    if sort:
        if not all(_SORT.fullmatch(by) for by in sort):
            raise ValueError(f"sort names fields as id_ASC or id_DESC, not {sort!r}")
        parts.append(("sort", f"[{','.join(sort)}]"))
    if limit is not None:
        offset_and_number = limit if isinstance(limit, tuple) else (limit,)
        parts.append(("limit", ",".join(str(int(number)) for number in offset_and_number)))
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parts)


def available_fields(message: str) -> list[str]:
    """Read the names in ``Unable to display this field "x". However, these are available: id, name, ...``."""
    _, _, names = message.partition("these are available:")
    return [name.strip() for name in names.split(",") if name.strip()]


def _listed(fields: Sequence[str]) -> str:
    return f"[{','.join(checked(field) for field in dict.fromkeys(fields))}]"


def _filter_text(value: Filter) -> str:
    values = [str(v) for v in ([value] if isinstance(value, str | int) else value)]
    if not values or (len(values) > 1 and "" in values):
        raise ValueError("a filter needs values")
    if any(_AMBIGUOUS_IN_A_LIST.search(v) for v in values):
        if len(values) == 1 and not _AMBIGUOUS_ALONE.search(values[0]):
            return values[0]
        raise ValueError("the filter language cannot express this value; use find()")
    return _either(values)


def _either(values: Sequence[str]) -> str:
    return f"[{'|'.join(values)}]"


def _alone(value: str) -> str:
    if not _AMBIGUOUS_ALONE.search(value):
        return value
    stretches = list(_HARMLESS_IN_A_PATTERN.finditer(value))
    if not stretches:
        return f"[{'_' * len(value)}]%"
    longest = max(stretches, key=lambda stretch: len(stretch[0]))
    before = "" if longest.start() == 0 else "%"
    after = "" if longest.end() == len(value) else "%"
    return f"{before}[{longest[0]}]{after}"
