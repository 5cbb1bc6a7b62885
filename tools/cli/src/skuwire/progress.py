"""How far a bulk is, computed from what the gateway tells: items past each station, results, reasons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

RESULTS = ("created", "updated", "unchanged", "deleted", "refused")
FINISHED = frozenset({"completed", "failed", "cancelled"})


@dataclass(frozen=True)
class Progress:
    """Items past each station; `settled` ones have their result. Refused at the door counts as past all."""

    total: int
    validated: int
    written: int
    settled: int
    results: Mapping[str, int]
    pictures: int
    chunks: int
    chunks_completed: int
    finished: bool
    trace_id: str | None = None


@dataclass(frozen=True)
class RefusedItem:
    """An item that was refused and every reason, as (field, code, sentence)."""

    position: int
    name: str
    reasons: tuple[tuple[str, str, str], ...]


def progress_of(data: Mapping[str, Any]) -> Progress:
    """The progress in an answer of `GET /api/products/bulk/{bulkId}` (its `data`)."""
    chunks = data["chunks"]
    at_the_door: int = data["refusedAtTheDoor"]

    def past(*stations: str) -> int:
        """A station passes a chunk as a whole; one that leaves nothing open ends the chunk's way."""
        counted = (*stations, "completedAt")
        passed: list[int] = [one["totalItems"] for one in chunks if any(one.get(at) for at in counted)]
        return at_the_door + sum(passed)

    return Progress(
        total=data["totalItems"],
        validated=past("validatedAt", "writtenAt"),
        written=past("writtenAt"),
        settled=data["totalItems"] - data["open"],
        results={result: data.get(result, 0) for result in RESULTS},
        pictures=data["imagesProcessed"],
        chunks=len(chunks),
        chunks_completed=sum(chunk["status"] == "completed" for chunk in chunks),
        finished=data["status"] in FINISHED,
        trace_id=data.get("traceId"),
    )


def refused_items(items: Iterable[Mapping[str, Any]]) -> list[RefusedItem]:
    """The refused ones among the items of a bulk, in their order."""
    return [
        RefusedItem(
            position=item["index"],
            name=item.get("reference") or (f"id {item['id']}" if item.get("id") else f"item {item['index']}"),
            reasons=tuple((error["field"], error["code"], error["message"]) for error in item["errors"]),
        )
        for item in items
        if item["result"] == "refused"
    ]
