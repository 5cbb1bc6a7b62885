"""The life of one request to the webservice: read, delayed, hindered, answered, logged, sent.

What the shop has begun it ends: a client that hangs up changes nothing about the write.
"""

import asyncio
import time
from dataclasses import replace
from urllib.parse import unquote

from aiohttp import web

from simulator.api_calls import read_call
from simulator.app_keys import CONTENTION, FAULTS, MACHINE, SHOP
from simulator.contention import contends
from simulator.database import now
from simulator.failures import fail
from simulator.faults import UNANSWERED_SECONDS, Effect, Fault
from simulator.images import answer_images
from simulator.outline import Outline, outline_of
from simulator.pictures import pixels_of
from simulator.request_log import LoggedRequest, log_request
from simulator.selection import value_of
from simulator.sending import given_up, send
from simulator.shop import Shop
from simulator.speed import Work, work_of
from simulator.webservice import Answer, ApiCall, answer, unknown_visitor

HUNG_UP = 0  # the status of a request that was not answered
LOCK_SECONDS = 0.001  # writes of one product meet even in a shop that takes no time
TOO_LARGE = (  # nginx says this, before PHP hears of the request
    b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n"
    b"<center><h1>413 Request Entity Too Large</h1></center>\r\n"
    b"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)
MAINTENANCE = (
    b"<!doctype html><html><head><title>Maintenance</title></head>"
    b"<body><h1>We'll be back soon.</h1><p>We are currently updating our shop.</p></body></html>"
)


async def serve_api(request: web.Request) -> web.StreamResponse:
    """One request to the webservice."""
    started, at = time.perf_counter(), now()
    try:
        call = await read_call(request)
    except web.HTTPRequestEntityTooLarge:
        return await send(request, Answer(413, TOO_LARGE, {"Content-Type": "text/html"}), started, [])
    hit = request.app[FAULTS].take(request.method, request.path)
    found = await hinder(hit, request, after=False)
    if found is None:
        found = await work(request, call)
        if (other := await hinder(hit, request, after=True)) is not None:
            found = replace(other, entities=found.entities)
    log(request, call, at, time.perf_counter() - started, found)
    return await send(request, found, started, [fault for fault in hit if fault.after])


async def hinder(hit: list[Fault], request: web.Request, *, after: bool) -> Answer | None:
    """Wait, hang up, or answer in the shop's place, as the faults of this moment say."""
    for fault in hit:
        if fault.after != after:
            continue
        match fault.effect:
            case Effect.DELAY:
                await asyncio.sleep(fault.seconds)
            case Effect.LATE_COMMIT:
                await given_up(request, UNANSWERED_SECONDS)
                await asyncio.sleep(fault.seconds)
            case Effect.DROP:
                if request.transport is not None:
                    request.transport.abort()
                return Answer(HUNG_UP)
            case Effect.HOLD:
                return Answer(HUNG_UP)
            case Effect.ANSWER:
                return stand_in(fault)
            case Effect.DRIP | Effect.GIANT:
                pass  # the shop's own answer, sent in another way
    return None


def stand_in(fault: Fault) -> Answer:
    """The answer that comes in place of the shop's."""
    headers = {"Content-Type": "text/html; charset=utf-8"}
    if fault.retry_after_seconds:
        headers["Retry-After"] = str(fault.retry_after_seconds)
    return Answer(fault.status, MAINTENANCE if fault.page else b"", headers)


async def work(request: web.Request, call: ApiCall) -> Answer:
    """Answer a request, in a real shop's time when that is switched on."""
    shop, contention = request.app[SHOP], request.app[CONTENTION]
    own_domain = shop.base_url.removeprefix("http://").rstrip("/")
    if request.headers.get("Host", "") != own_domain or value_of(call.query, "id_shop") not in (None, "1"):
        front = f"{shop.base_url}?url={'/'.join(call.segments)}"
        return Answer(302, b"", {"Content-Type": "text/html; charset=utf-8", "Location": front})
    if request.app[FAULTS].unavailable:
        text = "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office"
        return unknown_visitor(shop, call, fail(503, 22, text))
    outline = outline_of(call, shop.edition)
    if call.segments[:1] == ("images",) and call.key is not None:
        return await work_on_picture(request, call, outline)
    if not contends(outline):
        await take_time(request, work_of(outline, 0))
        return commit(shop, call)
    with contention.under_way(outline):
        await take_time(request, work_of(outline, 0))
        await asyncio.sleep(LOCK_SECONDS)
        return commit(shop, replace(call, given_up=contention.given_up(outline)))


async def take_time(request: web.Request, needed: Work) -> None:
    """Wait as long as a real shop works."""
    if request.app[FAULTS].measured_speed:
        await request.app[MACHINE].do(needed)


async def work_on_picture(request: web.Request, call: ApiCall, outline: Outline) -> Answer:
    """Pictures are decoded in a thread while the time passes."""
    pixels = await asyncio.to_thread(pixels_of, call.upload.content) if call.upload else 0
    async with asyncio.TaskGroup() as group:
        group.create_task(take_time(request, work_of(outline, pixels)))
        answering = group.create_task(answer_images(request.app[SHOP], call))
    return answering.result()


def commit(shop: Shop, call: ApiCall) -> Answer:
    """The webservice's answer, all that it writes in one transaction of the shop's file."""
    shop.connection.execute("BEGIN IMMEDIATE")
    try:
        found = answer(shop, call)
    except BaseException:
        shop.connection.execute("ROLLBACK")
        raise
    shop.connection.execute("COMMIT")
    return found


def log(request: web.Request, call: ApiCall, at: str, seconds: float, found: Answer) -> None:
    """Write the request's line in the log."""
    size = len(call.body) + (len(call.upload.content) if call.upload else 0)
    query = unquote(request.rel_url.raw_query_string)
    line = LoggedRequest(request.method, request.path, query, found.status, found.entities, seconds, size)
    log_request(request.app[SHOP], at, line)
