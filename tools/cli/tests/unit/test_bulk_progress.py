from typing import Any

from skuwire.progress import progress_of, refused_items

AT = "2026-01-01T12:00:00+00:00"


def chunk(items: int, *stations: str) -> dict[str, Any]:
    times = {
        f"{station}At": AT if station in stations else None
        for station in ("validated", "written", "completed")
    }
    return {"totalItems": items, "status": "completed" if "completed" in stations else "processing", **times}


def bulk(*chunks: dict[str, Any], at_the_door: int = 0, open_items: int = 0, **other: Any) -> dict[str, Any]:
    return {
        "status": "processing",
        "totalItems": sum(one["totalItems"] for one in chunks) + at_the_door,
        "open": open_items,
        "refusedAtTheDoor": at_the_door,
        "imagesProcessed": 0,
        "chunks": list(chunks),
        **other,
    }


def test_each_station_counts_the_items_of_the_chunks_that_have_passed_it() -> None:
    progress = progress_of(
        bulk(
            chunk(50, "validated", "written", "completed"),
            chunk(50, "validated", "written"),
            chunk(50, "validated"),
            chunk(20),
            open_items=100,
        )
    )
    assert (progress.total, progress.validated, progress.written, progress.settled) == (170, 150, 100, 70)
    assert not progress.finished


def test_a_chunk_that_the_validator_refused_whole_has_passed_every_station() -> None:
    progress = progress_of(bulk(chunk(3, "completed"), at_the_door=2, status="completed", refused=5))
    assert (progress.validated, progress.written, progress.settled) == (5, 5, 5)
    assert progress.results["refused"] == 5
    assert progress.finished


def test_a_refused_item_is_named_by_what_its_sender_knows_of_it() -> None:
    errors = [{"field": "price", "code": "type_wrong", "message": "Must be a number."}]
    rest = {"result": "refused", "errors": errors}
    items = [
        {"index": 0, "reference": "A-1", "id": 7, **rest},
        {"index": 1, "reference": "A-2", "id": 8, "result": "created", "errors": []},
        {"index": 2, "reference": None, "id": 9, **rest},
        {"index": 3, "reference": None, "id": None, **rest},
    ]
    refused = refused_items(items)
    assert [item.name for item in refused] == ["A-1", "id 9", "item 3"]
    assert refused[0].reasons == (("price", "type_wrong", "Must be a number."),)
