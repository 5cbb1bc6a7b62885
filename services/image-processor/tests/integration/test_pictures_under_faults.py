"""What goes wrong in the shop, the service and in between: every picture is shown exactly once."""

import asyncio
import io
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from image_processor.renderer import Renderer, RendererEnded

World = Any  # the fixture of conftest.py, which tests cannot import
UPLOAD = "POST /api/images/products"


async def test_an_upload_whose_answer_is_lost_after_the_write_is_not_repeated(
    world: World,
) -> None:
    (product,) = await world.products(1)
    world.faults.change({"drop": "after", "times": 1, "match": UPLOAD})
    async with world.service():
        outcome = await world.bring(product, *await world.pictures("red", "green"))
        assert world.asked().uploads == 2
    assert outcome.images_processed == 2
    assert await world.shown(product) == ["red", "green"]
    assert await world.cover(product) == "red"


@pytest.mark.usefixtures("impatient")
async def test_a_persons_picture_is_never_taken_for_an_unanswered_upload(world: World) -> None:
    (product,) = await world.products(1)
    world.faults.change({"drop": "before", "times": 1, "match": UPLOAD})
    async with world.service():
        chunk = world.written([(product, await world.pictures("red"))])
        await world.send(chunk)
        while not world.asked().uploads:  # noqa: ASYNC110 - the shop's log is no event
            await asyncio.sleep(0.01)
        await world.client.upload_image(product, world.bytes_of("grey"), "persons.jpg", "image/jpeg")
        outcome = (await world.completed(chunk)).outcomes[0]
        assert outcome.images_processed == 1
        assert await world.shown(product) == ["grey", "red"]
        assert await world.cover(product) == "red"

        await world.bring(product)  # all of ours go away, the person's stays
    assert await world.shown(product) == ["grey"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_shop_that_breaks_off_is_looked_at_before_anything_is_sent_again(
    world: World, when: str
) -> None:
    (product,) = await world.products(1)
    world.faults.change({"status": 500, "when": when, "times": 1, "match": UPLOAD})
    async with world.service():
        await world.bring(product, *await world.pictures("red", "green"))
        assert world.asked().uploads == (3 if when == "before" else 2)
    assert await world.shown(product) == ["red", "green"]


async def test_a_shop_that_always_breaks_off_ends_in_a_warning(world: World) -> None:
    (product,) = await world.products(1)
    world.settings.attempts = 2
    world.faults.change({"status": 500, "match": UPLOAD})
    async with world.service():
        outcome = await world.bring(product, *await world.pictures("red", "green"))
        assert [w.code for w in outcome.warnings] == ["shop_failed", "shop_failed"]
        world.faults.change({"clear": True})
        again = await world.bring(product, *await world.pictures("red", "green"))
    assert (again.images_processed, again.warnings) == (2, ())


async def test_a_shop_that_is_away_is_waited_for(world: World) -> None:
    made = await world.products(8)
    images = await world.pictures("red", "green")
    world.faults.change({"unavailable": True})
    async with world.service():
        chunk = world.written([(product, images) for product in made])
        await world.send(chunk)
        while not world.asked().everything:  # noqa: ASYNC110 - the shop's log is no event
            await asyncio.sleep(0.01)
        asked_while_away = world.asked().everything
        assert asked_while_away <= 4  # what was on its way, and not once for each product
        assert not world.completions(chunk)
        world.faults.change({"clear": True})
        done = await world.completed(chunk)
    assert [outcome.images_processed for outcome in done.outcomes] == [2] * 8
    for product in made:
        assert await world.shown(product) == ["red", "green"]


@pytest.mark.usefixtures("impatient")
async def test_a_service_killed_amid_thirty_products_brings_every_picture_exactly_once(world: World) -> None:
    made = await world.products(30)
    images = await world.pictures("red", "green")
    chunk = world.written([(product, images) for product in made])
    async with world.process() as process:
        await world.until_consuming()
        await world.send(chunk)
        while world.asked().uploads < 15:  # noqa: ASYNC110 - the shop's log is no event
            await asyncio.sleep(0.005)
        children = renderers_of(process.pid)
        process.kill()
        await process.wait()
    assert not world.completions(chunk)
    assert children
    async with asyncio.timeout(30):
        while any(map(is_alive, children)):  # noqa: ASYNC110 - they are not our children
            await asyncio.sleep(0.05)
    async with world.process():
        done = await world.completed(chunk, 60)  # it starts, waits for the lease, and then for lost uploads
    assert [outcome.images_processed for outcome in done.outcomes] == [2] * 30
    for product in made:
        assert await world.shown(product) == ["red", "green"]
        assert await world.cover(product) == "red"
    assert len(world.completions(chunk)) == 1


async def test_a_renderer_that_dies_costs_nothing_but_time(world: World) -> None:
    made = await world.products(6)
    pictures = [
        await world.picture(noise(seed), f"{seed}.jpg") for seed in range(6)
    ]  # large enough to be caught while being rendered
    async with world.service():
        before = renderers_of(os.getpid())
        chunk = world.written([(product, (image,)) for product, image in zip(made, pictures, strict=True)])
        await world.send(chunk)
        while not world.asked().uploads:  # noqa: ASYNC110 - the shop's log is no event
            await asyncio.sleep(0.005)
        for child in before or renderers_of(os.getpid()):
            os.kill(child, 9)
        done = await world.completed(chunk)
    assert [(o.images_processed, o.warnings) for o in done.outcomes] == [(1, ())] * 6


@pytest.mark.parametrize("part", ["render", "shows_the_same"])
async def test_a_machine_too_busy_to_compare_uploads_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    (product,) = await world.products(1)
    to_end = [part]

    async def too_busy(self: Renderer, work: Any, *arguments: Any) -> Any:
        if world.asked().uploads and to_end[:1] == [work.__name__]:
            to_end.pop(0)
            raise RendererEnded("TimeoutError")
        return await run(self, work, *arguments)

    run = Renderer._run
    monkeypatch.setattr(Renderer, "_run", too_busy)
    monkeypatch.setattr("image_processor.drive.BLIND_PAUSE_SECONDS", 0.2)
    world.faults.change({"status": 500, "when": "after", "times": 1, "match": UPLOAD})
    async with world.service():
        outcome = await world.bring(product, *await world.pictures("red"))
        assert world.asked().uploads == 1
    assert to_end == []
    assert outcome.images_processed == 1
    assert await world.shown(product) == ["red"]


async def test_the_service_ends_in_order_while_pictures_are_rendered(world: World) -> None:
    made = await world.products(12)
    chunk = world.written(
        [(product, (await world.picture(noise(at), "n.jpg"),)) for at, product in enumerate(made)]
    )
    async with world.service():
        await world.send(chunk)
        while not world.asked().uploads:  # noqa: ASYNC110 - the shop's log is no event
            await asyncio.sleep(0.005)
    assert not world.completions(chunk)
    assert world.asked().uploads < 12
    async with world.service():
        await world.completed(chunk)
    assert [len(world.ids(product)) for product in made] == [1] * 12


@pytest.mark.parametrize("world", ["1.7.8.11", "1.7.8.11-notices"], indirect=True)
async def test_on_a_shop_without_patch_the_first_picture_becomes_the_cover_as_well(world: World) -> None:
    (product,) = await world.products(1)
    red, green = await world.pictures("red", "green")
    async with world.service():
        await world.bring(product, red, green)
        assert await world.cover(product) == "red"
        await world.bring(product, green, red)
        assert await world.cover(product) == "green"
    assert await world.shown(product) == ["red", "green"]


def noise(seed: int) -> bytes:
    """A photograph's worth of work."""
    image = Image.effect_noise((1200, 900), 60 + seed).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def renderers_of(pid: int) -> list[int]:
    """The processes that render for a service."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


async def test_a_shop_that_always_breaks_off_over_the_cover_holds_no_item_up(world: World) -> None:
    (product,) = await world.products(1)
    red, green = await world.pictures("red", "green")
    world.settings.attempts = 2
    async with world.service():
        await world.bring(product, red)
        world.faults.change({"match": "PATCH /api/products", "status": 500})
        outcome = await world.bring(product, green, red)
    assert outcome.images_processed == 2
    assert await world.shown(product) == ["red", "green"]


@pytest.fixture
def long_in_doubt(world: World, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent after a lost request is long there before the shop carries that one out."""
    monkeypatch.setattr("common.shop_driver.RETRY_SECONDS", 0.05)
    shops_file = world.settings.shops_file
    shops_file.write_text(
        shops_file.read_text().replace("late_commit_seconds = 0.2", "late_commit_seconds = 60")
    )


async def let_the_doubt_end(runtime: Any) -> None:
    """As if the minute were over."""
    await runtime.database.pool.execute("update products set repeat_at = now() where repeat_at is not null")


@pytest.mark.usefixtures("long_in_doubt")
async def test_a_cover_that_the_shop_sets_late_is_set_once_more(world: World, eventually: Any) -> None:
    (product,) = await world.products(1)
    red, green = await world.pictures("red", "green")
    async with world.service() as runtime:
        await world.bring(product, red, green)
        first, second = world.ids(product)
        world.faults.change({"match": "PATCH /api/products", "delay_seconds": 5, "times": 1})
        await world.send(world.written([(product, (green, red))]))  # given up after one second
        await eventually(lambda: world.faults.dealt["delay"] == 1)
        await world.bring(product, red, green)

        await eventually(lambda: world.state(product)["cover_id"] == second)  # there it is
        await let_the_doubt_end(runtime)
        await eventually(lambda: world.state(product)["cover_id"] == first)


@pytest.mark.usefixtures("long_in_doubt")
async def test_pictures_of_a_variant_that_the_shop_links_late_are_linked_once_more(
    world: World, eventually: Any
) -> None:
    (product,) = await world.products(1)
    (variant,) = await world.combinations(product, "S")
    red, green = await world.pictures("red", "green")
    shows_red, shows_green = (
        (variant.model_copy(update={"file_names": (image.file_name,)}),) for image in (red, green)
    )
    async with world.service() as runtime:
        await world.bring(product, red, green, variants=shows_red)
        first, second = world.ids(product)
        world.faults.change({"match": "PATCH /api/combinations", "delay_seconds": 5, "times": 1})
        older = world.written([(product, ())])
        (work,) = older.pictures
        update = {"keeps_images": True, "variants": shows_green}
        await world.send(older.model_copy(update={"pictures": (work.model_copy(update=update),)}))
        await eventually(lambda: world.faults.dealt["delay"] == 1)
        await world.bring(product, keeps_images=True, variants=shows_red)

        await eventually(lambda: world.linked(variant) == [second])  # there it is
        await let_the_doubt_end(runtime)
        await eventually(lambda: world.linked(variant) == [first])


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_cover_whose_answer_is_lost_is_not_taken_for_the_old_one(
    world: World, eventually: Any, when: str
) -> None:
    (product,) = await world.products(1)
    red, green = await world.pictures("red", "green")
    async with world.service():
        await world.bring(product, red, green)
        world.faults.change({"match": "PATCH /api/products", "drop": when, "times": 1})
        lost = world.written([(product, (green, red))])
        await world.send(lost)
        await eventually(lambda: world.faults.dealt[f"drop_{when}"] == 1)
        await world.bring(product, red, green)
    assert await world.cover(product) == "red"
