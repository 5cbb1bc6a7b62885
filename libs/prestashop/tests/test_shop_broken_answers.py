"""Answers that no shop should give, and that shops give all the same: bounded, named, never believed."""

import asyncio
import gzip
import json
import zlib

import pytest
from aiohttp import web

from prestashop import (
    ClientSettings,
    Refused,
    Shop,
    ShopAnswerLost,
    ShopAnswerUnreadable,
    ShopBlocked,
    ShopCrashed,
    ShopError,
    ShopRedirected,
    ShopTimeout,
    Unknown,
    Written,
)

KEY = "S3CR3TS3CR3TS3CR3TS3CR3TS3CR3TS3"
HTML = b"<!DOCTYPE html><html><head><title>Shop</title></head><body>We will be back soon.</body></html>"
SIGNED = {"PSWS-Version": "8.2.1", "Content-Type": "text/xml;charset=utf-8"}

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">%b]>
<prestashop><products>&z;</products></prestashop>"""
ENTITIES = b"".join(
    b'<!ENTITY %c "%s">' % (char, b"&%c;" % previous * 10)
    for previous, char in zip(b"abcdefghijklmnopqrstuvwxy", b"bcdefghijklmnopqrstuvwxyz", strict=True)
)
ELSEWHERE = b"""<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<prestashop><products><product><id>1</id><name>&x;</name></product></products></prestashop>"""

UNREADABLE = {
    "a page of html": (200, HTML, {"Content-Type": "text/html"}),
    "nothing": (200, b"", SIGNED),
    "xml that ends early": (200, b"<?xml version='1.0'?><prestashop><products><product><id>1", SIGNED),
    "a text that ends its own CDATA": (
        200,
        b"<?xml version='1.0'?><prestashop><product><d><![CDATA[x]]>y<z]]></d></product></prestashop>",
        SIGNED,
    ),
    "json that nobody asked for": (200, b'{"products":[{"id":1}]}', SIGNED),
    "json after warnings of php": (
        200,
        b"<br />\n<b>Warning</b>: Undefined array key in <b>/var/www/x.php</b><br />\n"
        + json.dumps({"a": 1}).encode(),
        SIGNED,
    ),
    "an error under a status of success": (
        200,
        b"<?xml version='1.0'?><prestashop><errors><error><code>5</code></error></errors></prestashop>",
        SIGNED,
    ),
    "a billion laughs": (200, LAUGHS % ENTITIES, SIGNED),
    "an entity from a file": (200, ELSEWHERE, SIGNED),
    "a document type and nothing else wrong": (
        200,
        b"<?xml version='1.0'?><!DOCTYPE prestashop SYSTEM 'http://x.example/x.dtd'><prestashop/>",
        SIGNED,
    ),
    "bytes": (200, bytes(range(256)) * 20, SIGNED),
    "a document type in utf-16": (200, ELSEWHERE.decode().encode("utf-16"), SIGNED),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_an_answer_that_makes_no_sense_is_unreadable_and_proves_nothing(
    shop, scripted, reply, listing, answer
):
    scripted.will(reply(*answer), reply(*answer), listing())
    with pytest.raises(ShopAnswerUnreadable):
        await shop.list("products")
    (outcome,) = await shop.create("products", [{"reference": "A", "price": "1"}])
    assert isinstance(outcome, Unknown)
    assert outcome.sent
    assert scripted.asked[1:] == ["POST /api/products", "GET /api/products"]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "utf-16"])
async def test_xml_in_the_encoding_that_it_declares_is_read(shop, scripted, reply, encoding):
    listed = "<products><product><name>café</name></product></products>"
    text = f"<?xml version='1.0' encoding='{encoding}'?><prestashop>{listed}</prestashop>"
    scripted.will(reply(200, text.encode(encoding), SIGNED))
    assert await shop.list("products") == [{"name": "café"}]


@pytest.mark.parametrize("error", [ShopCrashed, ShopBlocked, ShopAnswerLost])
async def test_failures_without_words_are_told_apart_by_their_status(shop, scripted, reply, error):
    status = {ShopCrashed: 500, ShopBlocked: 403, ShopAnswerLost: 502}[error]
    for body in (b"", HTML, b'{"errors":[{"code":1}]}', b"\x00\xff"):
        scripted.will(reply(status, body))
        with pytest.raises(error):
            await shop.list("products")


async def test_php_s_words_in_front_of_an_error_do_not_hide_it(shop, scripted, recorded, reply):
    refusal = recorded("14_multi_put_and_patch", 0)
    scripted.will(reply(400, b"<br />\n<b>Notice</b>: something<br />\n" + refusal.body, SIGNED))
    (outcome,) = await shop.put("products", [{"id": 1, "price": "x"}])
    assert (type(outcome), outcome.code) == (Refused, 85)


async def streamed(request, pieces, **headers):
    response = web.StreamResponse(headers={**SIGNED, **headers})
    await response.prepare(request)
    try:
        async for piece in pieces:
            await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        pass
    return response


async def test_a_gigabyte_is_cut_at_the_limit(scripted):
    given = 0

    async def a_gigabyte():
        nonlocal given
        for _ in range(1024):
            yield b" " * 1024 * 1024
            given += 1

    scripted.will(lambda request: streamed(request, a_gigabyte()))
    async with Shop(scripted.address, KEY, settings=ClientSettings(max_answer_bytes=2_000_000)) as shop:
        with pytest.raises(ShopAnswerUnreadable, match="longer than 2000000 bytes"):
            await shop.list("products")
    assert given < 64


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_an_answer_that_unpacks_to_more_than_the_limit_is_cut_too(scripted, coding):
    packed = (gzip if coding == "gzip" else zlib).compress(bytes(60_000_000))
    assert len(packed) < 100_000

    async def bomb():
        yield packed

    scripted.will(lambda request: streamed(request, bomb(), **{"Content-Encoding": coding}))
    async with Shop(scripted.address, KEY, settings=ClientSettings(max_answer_bytes=2_000_000)) as shop:
        with pytest.raises(ShopAnswerUnreadable, match="longer than 2000000 bytes"):
            await shop.list("products")


async def test_an_answer_that_cannot_be_unpacked_is_lost(shop, scripted, reply):
    scripted.will(reply(200, b"not packed", {**SIGNED, "Content-Encoding": "gzip"}))
    with pytest.raises(ShopAnswerLost):
        await shop.list("products")


async def test_an_answer_that_drips_is_given_up_at_the_time_out(scripted):
    async def drip():
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    scripted.will(lambda request: streamed(request, drip()))
    async with Shop(scripted.address, KEY, settings=ClientSettings(read_timeout_seconds=1)) as shop:
        with pytest.raises(ShopTimeout):
            await shop.list("products")


async def test_an_answer_shorter_than_it_said_is_lost(shop, scripted):
    async def cut_off(request):
        request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<?xml")
        request.transport.close()
        return web.Response()

    scripted.will(cut_off)
    with pytest.raises(ShopAnswerLost):
        await shop.list("products")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_is_never_followed_and_the_key_never_sent_there(
    shop, scripted, reply, aiohttp_stranger, status
):
    stranger, visits = aiohttp_stranger
    scripted.will(*[reply(status, b"", {"Location": f"{stranger}/api/products?ws_key=x"})] * 2)
    with pytest.raises(ShopRedirected) as redirected:
        await shop.list("products")
    (outcome,) = await shop.create("products", [{"reference": "A", "price": "1"}])
    assert (type(outcome.error), outcome.sent) == (ShopRedirected, False)
    assert stranger in str(redirected.value)
    assert "ws_key" not in str(redirected.value)
    assert visits == []


@pytest.fixture
async def aiohttp_stranger():
    visits = []

    async def visited(request):
        visits.append(dict(request.headers))
        return web.Response(body=b"<?xml version='1.0'?><prestashop/>", headers=SIGNED)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", visited)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield "http://{}:{}".format(*runner.addresses[0][:2]), visits
    await runner.cleanup()


@pytest.mark.parametrize("body", [b"", HTML, b"\x00", b"<?xml version='1.0'?><prestashop/>"])
async def test_pictures_are_read_with_the_same_distrust(shop, scripted, reply, body):
    scripted.will(reply(200, body, SIGNED), reply(500, body))
    with pytest.raises(ShopAnswerUnreadable):
        await shop.upload_image(1, b"x", "a.jpg", "image/jpeg")
    with pytest.raises(ShopError):
        await shop.replace_image(1, 2, b"x", "a.jpg", "image/jpeg")


async def test_a_picture_is_replaced_by_a_post_that_says_put(shop, scripted, recorded):
    scripted.will(recorded("35_image_replace", 1), recorded("35_image_replace", 0))
    await shop.replace_image(1, 1, b"\xff\xd8", "small.jpg", "image/jpeg")
    with pytest.raises(ShopError, match="already exists"):
        await shop.replace_image(1, 1, b"\xff\xd8", "small.jpg", "image/jpeg")
    assert scripted.asked == ["POST /api/images/products/1/1"] * 2
    assert scripted.seen[0].query == {"ps_method": "PUT"}


async def test_a_page_in_place_of_an_answer_proves_no_deletion(shop, scripted, reply):
    page = reply(200, HTML, {"Content-Type": "text/html"})
    scripted.will(page, page, page)

    one, *others = await shop.delete("products", [4]) + await shop.delete("products", [5, 6])

    assert [isinstance(one, Unknown), *(isinstance(other, Unknown) for other in others)] == [True] * 3
    assert isinstance(one.error, ShopAnswerUnreadable)
    assert one.sent
    with pytest.raises(ShopAnswerUnreadable):
        await shop.delete_image(1, 2)


async def test_a_deletion_may_be_answered_with_nothing_at_all(shop, scripted, reply):
    scripted.will(reply(200, b"", {}), reply(200, b"", {}))  # a proxy may drop the signature

    assert await shop.delete("products", [4]) == [Written(4)]
    await shop.delete_image(1, 2)
