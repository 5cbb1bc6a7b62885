"""Rendering in other processes: what comes back, and what a picture cannot do to the service."""

import asyncio
import io
import os
from collections.abc import Iterator

import pytest
from PIL import Image, ImageDraw
from structlog.testing import capture_logs

from image_processor.render import PictureRefused, RefusalCode, RenderLimits
from image_processor.renderer import Renderer, RendererEnded, RenderProcess

LIMITS = RenderLimits()


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    renderer = Renderer(processes=1, memory_bytes=2_000_000_000, timeout_seconds=30)
    yield renderer
    renderer.close()


def encoded(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def an_article(handle_at: int = 40) -> Image.Image:
    """A mug on white, its handle at a place of its own."""
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((100, 60, 260, 260), fill=(60, 90, 140))
    draw.ellipse((240, 60 + handle_at, 330, 160 + handle_at), outline=(60, 90, 140), width=14)
    return image


async def test_a_refusal_comes_back_with_its_reason_and_breaks_no_process(renderer: Renderer) -> None:
    with capture_logs() as logs, pytest.raises(PictureRefused) as refused:
        await renderer.render(b"<svg/>", LIMITS)
    assert refused.value.code is RefusalCode.FORMAT_NOT_ALLOWED
    assert logs == []


async def test_a_picture_that_takes_too_long_is_ended_and_the_next_is_rendered() -> None:
    large = encoded(Image.linear_gradient("L").resize((5000, 5000)), quality=60)
    renderer = Renderer(processes=1, memory_bytes=2_000_000_000, timeout_seconds=0.01)
    with pytest.raises(RendererEnded):
        await renderer.render(large, LIMITS)
    renderer._timeout = 30
    assert (await renderer.render(encoded(an_article()), LIMITS)).width == 400
    renderer.close()


async def test_the_largest_picture_allowed_is_rendered_within_a_process_s_memory(renderer: Renderer) -> None:
    photo = Image.linear_gradient("L").resize((5000, 5000)).convert("RGB")
    for data in (encoded(photo, quality=50), encoded(photo, quality=50, progressive=True)):
        assert (await renderer.render(data, LIMITS)).width == 1200


async def test_a_shops_copy_is_recognised_and_another_view_of_the_article_is_not(renderer: Renderer) -> None:
    ours = encoded(an_article(), quality=82)
    shops_copy = encoded(Image.open(io.BytesIO(ours)), quality=60)
    assert await renderer.shows_the_same(ours, shops_copy)
    assert not await renderer.shows_the_same(ours, encoded(an_article(handle_at=45)))
    assert not await renderer.shows_the_same(ours, encoded(an_article().resize((200, 150))))
    assert not await renderer.shows_the_same(ours, b"no picture at all")


def a_long_answer() -> bytes:
    """More than a pipe holds."""
    return bytes(10_000_000)


def test_half_an_answer_of_a_killed_process_is_not_waited_for() -> None:
    process = RenderProcess(memory_bytes=2_000_000_000)
    process.send(a_long_answer)
    assert process._ours.poll(60)  # it has begun to answer
    process.kill()
    with pytest.raises((EOFError, OSError)):
        process.receive()


async def test_renderers_killed_all_at_once_cost_no_picture() -> None:
    renderer = Renderer(processes=4, memory_bytes=2_000_000_000, timeout_seconds=30)
    for _ in range(5):
        await renderer.warm_up()
        for process in renderer._idle:
            process.kill()  # and not waited for: some will seem to live
        assert (await renderer.render(encoded(an_article()), LIMITS)).width == 400
    renderer.close()


async def test_a_renderer_that_died_while_idle_is_not_asked(renderer: Renderer) -> None:
    await renderer.warm_up()
    (idle,) = renderer._idle
    idle.kill()
    async with asyncio.timeout(10):
        while idle.is_alive():  # noqa: ASYNC110 - a process's end is no event
            await asyncio.sleep(0.01)
    with capture_logs() as logs:
        assert (await renderer.render(encoded(an_article()), LIMITS)).width == 400
    assert logs == []


async def test_a_process_that_ends_itself_is_replaced(renderer: Renderer) -> None:
    with pytest.raises(RendererEnded):
        await renderer._run(os._exit, 1)
    assert (await renderer.render(encoded(an_article()), LIMITS)).width == 400
