"""A dry run changes nothing and tells what a real run then does."""

from collections import Counter
from typing import Any

import pytest

from common.messages import ChunkWritten, Result, ShopLanguage, ShopRequests, ShopSnapshot

World = Any  # the fixture of conftest.py, which tests cannot import

TABLES = ("products", "ledger", "variants", "chunks", "open_items")


def as_dry_run(chunk: ChunkWritten) -> ChunkWritten:
    update = {"dry_run": True, "chunk_id": f"{chunk.chunk.chunk_id}0"}
    return chunk.model_copy(update={"chunk": chunk.chunk.model_copy(update=update)})


def asked(world: World) -> Counter[str]:
    """The requests since `forget_requests`, as a dry run names them.

    Without those by which the client finds out, once, that PrestaShop 1.7 has no PATCH.
    """
    allowed = [(method, path) for method, path, status in world.requests() if status != 405]
    return Counter(f"{method} {path.split('/')[2]}" for method, path in allowed)


def planned(requests: tuple[ShopRequests, ...]) -> Counter[str]:
    return Counter({f"{one.method} {one.resource}": one.requests for one in requests})


@pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11"], indirect=True)
async def test_a_dry_run_tells_the_requests_that_the_real_run_sends(world: World) -> None:
    new, known, same = await world.products(3)
    (variant,) = await world.combinations(known, "L")
    red, green, blue = await world.pictures("red", "green", "blue")
    async with world.service() as runtime:
        await world.send(
            ShopSnapshot(
                tenant="acme",
                shop="shop",
                taken_at="2026-01-01T00:00:00Z",
                version=world.version,
                languages=(ShopLanguage(id=1, iso_code="en"),),
                categories=(2,),
            )
        )
        await world.bring(known, red, green)
        await world.bring(same, red)

        real = world.written([(new, (red, green)), (known, (blue, green)), (same, (red,))], Result.UPDATED)
        created, changed, unchanged = real.pictures
        created = created.model_copy(
            update={"outcome": created.outcome.model_copy(update={"result": Result.CREATED})}
        )
        shows = variant.model_copy(update={"file_names": ("blue.jpg",)})
        changed = changed.model_copy(update={"variants": (shows,)})
        unchanged = unchanged.model_copy(
            update={"outcome": unchanged.outcome.model_copy(update={"result": Result.UNCHANGED})}
        )
        already = ShopRequests(method="POST", resource="products", requests=1, entities=1)
        real = real.model_copy(update={"pictures": (created, changed, unchanged)})
        before = {table: await rows_of(runtime, table) for table in TABLES}
        world.forget_requests()

        dry = as_dry_run(real).model_copy(update={"planned_requests": (already,)})
        await world.send(dry)
        told = await world.completed(dry)

        assert asked(world) == Counter()
        assert {table: await rows_of(runtime, table) for table in TABLES} == before
        assert [outcome.position for outcome in told.outcomes] == [0, 1, 2]
        assert [outcome.result.value for outcome in told.outcomes] == ["created", "updated", "unchanged"]
        fields = [[change.field for change in outcome.changes] for outcome in told.outcomes]
        assert fields == [["images"], ["images", "variants.L.images"], []]

        await world.send(real)
        await world.completed(real)
        assert planned(told.planned_requests) == asked(world) + Counter({"POST products": 1})


async def rows_of(runtime: Any, table: str) -> list[str]:
    rows = await runtime.database.pool.fetch(f"select t::text as row from {table} t order by 1")
    return [row["row"] for row in rows]
