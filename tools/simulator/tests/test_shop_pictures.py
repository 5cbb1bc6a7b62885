"""Pictures as the shop keeps them: encoded anew, one file for each."""

from typing import Any

import aiohttp
import pytest
import pyvips  # type: ignore[import-untyped]  # it ships no types

AUTHORIZED = {"Authorization": aiohttp.encode_basic_auth("K" * 32, "")}
PRODUCT = (
    "<prestashop><product><price>1</price><name><language id='1'>A</language></name></product></prestashop>"
)


def picture(suffix: str) -> bytes:
    encoded: bytes = pyvips.Image.black(40, 30).linear(1, [90, 60, 30], uchar=True).write_to_buffer(suffix)
    return encoded


async def upload(shop: Any, path: str, content: bytes, suffix: str) -> bytes:
    """Upload a picture and return the bytes that the shop shows."""
    form = aiohttp.FormData()
    form.add_field("image", content, filename=f"a{suffix}", content_type="image/jpeg")
    url = f"{shop.url}/api/images/products/1{path}"
    async with shop.client.post(url, data=form, headers=AUTHORIZED) as answer:
        assert answer.status == 200
        return await answer.read()


async def shown(shop: Any) -> bytes:
    async with shop.client.get(f"{shop.url}/api/images/products/1/1", headers=AUTHORIZED) as answer:
        return await answer.read()


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
async def test_a_replaced_picture_is_a_jpg_and_the_only_one(shop: Any, suffix: str) -> None:
    await shop.call("POST", "/api/products", PRODUCT)
    await upload(shop, "", picture(".png"), ".png")

    answered = await upload(shop, "/1?ps_method=PUT", picture(suffix), suffix)

    assert answered.startswith(b"\xff\xd8")
    assert await shown(shop) == answered


async def test_a_png_stays_as_it_came_and_a_jpg_is_encoded_anew(shop: Any) -> None:
    await shop.call("POST", "/api/products", PRODUCT)

    await upload(shop, "", picture(".png"), ".png")
    assert await shown(shop) == picture(".png")

    jpg = await upload(shop, "?output_format=JSON", picture(".jpg"), ".jpg")
    assert jpg != picture(".jpg")
    assert b"gd-jpeg" in jpg
