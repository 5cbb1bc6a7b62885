"""The services' JSON log lines of one trace, in time order."""

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

SHOWN_BY_THEMSELVES = frozenset({"timestamp", "level", "service", "event", "trace_id", "span_id"})


@dataclass(frozen=True, order=True)
class LogLine:
    """One line. `facts` are its keys besides those that every line has."""

    at: datetime
    service: str
    level: str
    event: str
    facts: tuple[tuple[str, str], ...]


def lines_of_trace(texts: Iterable[str], trace_id: str) -> Iterator[LogLine]:
    """The lines that carry the trace id; what is not one of our JSON lines is passed over."""
    for text in texts:
        if trace_id in text and (line := read_line(text, trace_id)) is not None:
            yield line


def read_line(text: str, trace_id: str) -> LogLine | None:
    """The line, if it is one of that trace."""
    try:
        told: dict[str, Any] = json.loads(text)
        if told["trace_id"] != trace_id:
            return None
        return LogLine(
            at=datetime.fromisoformat(told["timestamp"]),
            service=told["service"],
            level=told.get("level", "info"),
            event=told["event"],
            facts=tuple(
                (key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
                for key, value in told.items()
                if key not in SHOWN_BY_THEMSELVES and value is not None
            ),
        )
    except (ValueError, KeyError, TypeError):
        return None


def read_trace(folders: Iterable[Path], trace_id: str) -> list[LogLine]:
    """The trace's lines in the log files of these folders, rotated ones included."""
    files = [file for folder in folders for file in sorted(folder.glob("*.log*"))]
    return list(heapq.merge(*(sorted(_lines_in(file, trace_id)) for file in files)))


def _lines_in(file: Path, trace_id: str) -> Iterator[LogLine]:
    with file.open(encoding="utf-8", errors="replace") as lines:
        yield from lines_of_trace(lines, trace_id)
