"""Chunks in, pictures in the shop out: real PostgreSQL, RabbitMQ and blob folder, a simulated shop."""

from typing import Any

from common.messages import ImageReference, Result

World = Any  # the fixture of conftest.py, which tests cannot import


async def test_a_new_products_pictures_go_up_in_order_without_a_question(world: World) -> None:
    first, second = await world.products(2)
    async with world.service():
        chunk = world.written(
            [(first, await world.pictures("red", "green", "blue")), (second, await world.pictures("yellow"))]
        )
        await world.send(chunk)
        done = await world.completed(chunk)

        assert [outcome.images_processed for outcome in done.outcomes] == [3, 1]
        assert [outcome.warnings for outcome in done.outcomes] == [(), ()]
        assert world.asked().everything == world.asked().uploads == 4
    assert await world.shown(first) == ["red", "green", "blue"]
    assert await world.cover(first) == "red"
    assert await world.shown(second) == ["yellow"]


async def test_the_same_list_again_costs_no_request(world: World) -> None:
    (product,) = await world.products(1)
    images = await world.pictures("red", "green")
    async with world.service():
        await world.bring(product, *images)
        world.forget_requests()

        again = await world.bring(product, *images, result=Result.UNCHANGED)

        assert (again.images_processed, again.result) == (2, Result.UNCHANGED)
        assert world.asked().everything == 0


async def test_a_list_that_changes_is_followed_with_the_fewest_requests(world: World) -> None:
    (product,) = await world.products(1)
    red, green, blue = await world.pictures("red", "green", "blue")
    async with world.service():
        await world.bring(product, red, green, blue)

        world.forget_requests()  # shortened: two go away, and with them the cover
        shorter = await world.bring(product, blue, result=Result.UNCHANGED)
        assert (shorter.images_processed, shorter.result) == (1, Result.UPDATED)
        asked = world.asked()
        assert (asked.deletes, asked.patches, asked.everything) == (2, 1, 3)
        assert await world.shown(product) == ["blue"]
        assert await world.cover(product) == "blue"

        world.forget_requests()  # longer, with a new first one
        await world.bring(product, green, blue)
        asked = world.asked()
        assert (asked.lists, asked.uploads, asked.patches, asked.everything) == (1, 1, 1, 3)
        assert await world.cover(product) == "green"

        world.forget_requests()  # another order: the cover alone
        await world.bring(product, blue, green)
        assert world.asked().patches == world.asked().everything == 1
        assert await world.cover(product) == "blue"

        world.forget_requests()  # an old first one with a new last one: the cover still moves
        await world.bring(product, green, blue, red)
        assert (world.asked().uploads, world.asked().patches) == (1, 1)
        assert await world.cover(product) == "green"

        await world.bring(product)
        assert world.ids(product) == []


async def test_identical_bytes_twice_in_a_list_go_up_once(world: World) -> None:
    (product,) = await world.products(1)
    red, green = await world.pictures("red", "green")
    async with world.service():
        outcome = await world.bring(product, red, green, red.model_copy(update={"file_name": "again.jpg"}))
    assert outcome.images_processed == 2
    assert await world.shown(product) == ["red", "green"]


async def test_a_picture_that_cannot_be_shown_is_named_with_what_to_do_and_the_others_are_shown(
    world: World,
) -> None:
    (product,) = await world.products(1)
    red, green = await world.pictures("red", "green")
    damaged = await world.picture(b"\xff\xd8\xff\xe0 no more than a beginning", "damaged.jpg")
    huge = await world.picture(b"\xff\xd8\xff" + bytes(10_000_001), "huge.jpg")
    lost = ImageReference(file_name="lost.jpg", sha256="0" * 64)
    async with world.service():
        outcome = await world.bring(product, damaged, red, huge, lost, green)
        assert world.asked().uploads == 2
    assert outcome.images_processed == 2
    assert [(w.code, w.field) for w in outcome.warnings] == [
        ("picture_unreadable", "images[0]"),
        ("picture_too_large", "images[2]"),
        ("media_unknown", "images[3]"),
    ]
    assert outcome.warnings[0].message == (
        "damaged.jpg: The JPEG picture is damaged or cut off and cannot be decoded. "
        "Export it again and send it anew."
    )
    assert outcome.warnings[2].message == "lost.jpg: Its bytes are not stored; send it again."
    assert await world.cover(product) == "red"


async def test_bytes_that_were_missing_are_tried_again_when_they_are_sent_again(world: World) -> None:
    (product,) = await world.products(1)
    (red,) = await world.pictures("red")
    path = world.folder / "blobs" / red.sha256[:2] / red.sha256
    data = path.read_bytes()
    path.unlink()
    async with world.service():
        assert [w.code for w in (await world.bring(product, red)).warnings] == ["media_unknown"]
        await world.store(data)
        outcome = await world.bring(product, red)
    assert (outcome.images_processed, outcome.warnings) == (1, ())


async def test_a_product_that_was_made_anew_gets_its_pictures_anew(world: World) -> None:
    old, new = await world.products(2)
    images = await world.pictures("red", "green")
    async with world.service():
        await world.bring(old, *images)
        moved = world.written([(new, images)])
        late = world.written([(old, await world.pictures("blue"))])
        same_product = {"reference": f"R-{old}"}

        def as_the_same(message: Any, sequence: int) -> Any:
            (work,) = message.pictures
            update = same_product | {"sequence": sequence}
            outcome = work.outcome.model_copy(update=update)
            return message.model_copy(update={"pictures": (work.model_copy(update={"outcome": outcome}),)})

        for message in (as_the_same(moved, 100), as_the_same(late, 50)):  # the older one comes last
            await world.send(message)
            await world.completed(message)
    assert await world.shown(new) == ["red", "green"]
    assert await world.shown(old) == ["red", "green"]


async def test_progress_is_told_while_the_pictures_of_a_chunk_go_up(world: World) -> None:
    made = await world.products(6)
    images = await world.pictures("red", "green")
    world.faults.change({"delay_seconds": 0.15, "match": "POST /api/images"})
    async with world.service():
        chunk = world.written([(product, images) for product in made])
        await world.send(chunk)
        await world.completed(chunk)
    told = world.progress(chunk)
    assert told
    assert {fact.station for fact in told} == {"image-processor"}
    counts = [(fact.items_done, fact.pictures_done) for fact in told]
    assert counts == sorted(counts)
    assert counts[0][1] > 0
    assert counts[-1][0] < 6
    assert counts[-1][1] <= 12


async def test_a_deleted_product_is_forgotten_with_the_items_that_waited_for_its_pictures(
    world: World,
) -> None:
    first, second = await world.products(2)
    red, green = await world.pictures("red", "green")
    async with world.service() as runtime:
        await world.bring(first, red)
        world.faults.change({"match": "POST /api/images", "status": 503})
        waiting = world.written([(first, (red, green)), (second, (red,))])
        await world.send(waiting)
        world.forget_requests()

        deletion = world.written([(first, ()), (second, ())], Result.DELETED)
        await world.send(deletion)
        done = await world.completed(deletion)
        assert [outcome.result for outcome in done.outcomes] == [Result.DELETED] * 2
        assert len((await world.completed(waiting)).outcomes) == 2
        for kept in ("products", "open_items", "chunks", "ledger where image_id is not null"):
            assert await runtime.database.pool.fetchval(f"select count(*) from {kept}") == 0, kept
    assert world.asked().deletes == 0  # the shop's pictures went with the product
