"""Shops registered over HTTP: checked, kept sealed, told to the other services, removed."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aio_pika
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from common.messages import ChunkCompleted, ShopRegistered, ShopRemoved, decode
from common.messaging.topology import CHUNKS
from common.registered_shops.findings import CHECK_PATH, MissingRight, ShopFindings, ShopProblem
from common.shops import ShopTerms
from gateway.access.scopes import Role
from gateway.answers.shops import ShownTerms
from gateway.inbound.sources import InboundSource
from gateway.settings import GatewaySettings
from gateway.testing import Answer, Running, StartGateway, eventually, logged_in, nothing_yet

SHOPS = "/api/v1/shops"
KEY, NEXT_KEY = "9DV2UJM8C4RX7ZKPL3BNQ6TWHY5GFA1E", "1EV2UJM8C4RX7ZKPL3BNQ6TWHY5GFZ9Q"
TOKEN = "fN4xQ8zL2vB6mK0tR5wY1cJ7hD3gS9pA"
SECRET, NEXT_SECRET = "zR4mB8vQ1xK6tW3yN9pL5sD2fG7hJ0cV", "uT5nC9wR2yL7vX4zP0qM6aE3gH8jK1dB"
MODENA = {"name": "Acme Modena", "url": "https://modena.example.com/", "key": KEY}
PRODUCT = {"operation": "create", "reference": "A", "name": "Machine", "price": 10.5, "quantity": 3}
LACKING = MissingRight(
    resource="combinations",
    verbs=("POST",),
    needed_for="sell products in variants",
    required=False,
    fix="Advanced Parameters → Webservice → your key → in the row combinations tick Add (POST).",
)

FOUND = ShopFindings(version="8.2.1", languages=("it",), can=("set stocks",), missing=(LACKING,))


@dataclass
class Writer:
    """What prestashop-writer finds, and what it was asked."""

    findings: ShopFindings = FOUND
    asked: list[dict[str, str]] = field(default_factory=list)

    async def check(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        self.asked.append(await request.json())
        return web.json_response(self.findings.model_dump(mode="json"))


@pytest.fixture
async def writer() -> Writer:
    return Writer()


@pytest.fixture
async def settings(settings: GatewaySettings, writer: Writer) -> AsyncIterator[GatewaySettings]:
    app = web.Application()
    app.router.add_post(CHECK_PATH, writer.check)
    async with TestServer(app) as server:
        yield settings.model_copy(
            update={
                "writer_url": str(server.make_url("/")),
                "internal_token": SecretStr(TOKEN),
                "shops_sealing_secret": SecretStr(SECRET),
            }
        )


@dataclass
class Told:
    """What the other services are told of shops, as it travels."""

    bodies: list[bytes] = field(default_factory=list)
    messages: list[ShopRegistered | ShopRemoved] = field(default_factory=list)
    ids: list[str | None] = field(default_factory=list)

    async def take(self, delivery: aio_pika.abc.AbstractIncomingMessage) -> None:
        message = decode(delivery.type or "", delivery.body)
        assert isinstance(message, ShopRegistered | ShopRemoved)
        self.bodies.append(delivery.body)
        self.messages.append(message)
        self.ids.append(delivery.message_id)

    async def of(self, count: int) -> list[ShopRegistered | ShopRemoved]:
        async def heard() -> bool:
            return len(self.messages) >= count

        await eventually(heard)
        return self.messages


@pytest.fixture
async def told(gateway: Running) -> AsyncIterator[Told]:
    channel = await gateway.stations.broker.connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    for subject in ("shop.registered.#", "shop.removed.#"):
        await queue.bind(CHUNKS, subject)
    heard = Told()
    await queue.consume(heard.take, no_ack=True)
    yield heard
    await channel.close()


def fields_of(answer: Answer) -> set[str]:
    assert answer.status == 422, answer.body
    return {detail["field"] for detail in answer.body["error"]["details"]}


async def registered(gateway: Running, **more: Any) -> dict[str, Any]:
    answer = await gateway.client.post(f"{SHOPS}?check=later", MODENA | more)
    assert answer.status == 201, answer.body
    data: dict[str, Any] = answer.body["data"]
    return data


async def test_a_shop_is_registered_looked_at_and_sent_to_without_a_restart(
    gateway: Running, writer: Writer, told: Told
) -> None:
    wanted = MODENA | {"settings": {"concurrency": 2, "owners": {"description": "shop"}}}
    answer = await gateway.client.post(SHOPS, wanted)

    shop = answer.body["data"]
    assert (answer.status, answer.headers["Location"]) == (201, f"{SHOPS}/acme-modena")
    assert (
        shop.items()
        >= {
            "id": "acme-modena",
            "url": "https://modena.example.com",
            "managed_by": "tenant",
            "key_end": KEY[-4:],
        }.items()
    )
    assert shop["settings"].items() >= {"concurrency": 2, "home_category": 2}.items()
    assert shop["check"]["state"] == "ready"
    assert shop["check"]["can"] == ["set stocks"]
    assert shop["check"]["missing"][0]["fix"] == LACKING.fix
    assert [(one["url"], one["shop"]) for one in writer.asked] == [(shop["url"], shop["id"])]

    (message,) = await told.of(1)
    assert isinstance(message, ShopRegistered)
    assert (message.tenant, message.shop, message.sequence) == ("acme", "acme-modena", 1)
    assert message.settings.items() >= {"concurrency": 2, "url": shop["url"], "test": False}.items()

    sent = await gateway.client.post("/api/products/sync?shop=acme-modena", PRODUCT)
    assert sent.status == 200
    assert gateway.stations.submitted[0].chunk.shop == "acme-modena"


async def test_no_key_lies_in_clear_in_rows_messages_or_answers(
    gateway: Running, writer: Writer, told: Told
) -> None:
    answers = [
        await gateway.client.post(SHOPS, MODENA),
        await gateway.client("PATCH", f"{SHOPS}/acme-modena", json={"key": NEXT_KEY}),
        await gateway.client.get(SHOPS),
        await gateway.client.post(f"{SHOPS}/acme-modena/check", {}),
    ]
    await told.of(2)
    tables = await gateway.database.pool.fetch("select tablename from pg_tables where schemaname = 'gateway'")
    dump = [
        str(await gateway.database.pool.fetchval(f"select json_agg(t)::text from {row['tablename']} t"))
        for row in tables
    ]
    seen = [*dump, str(told.bodies), str(writer.asked), str([answer.body for answer in answers])]
    for key in (KEY, NEXT_KEY):
        assert not any(key in text for text in seen)
    assert "acme-modena" in "".join(dump)


async def test_a_shop_that_cannot_be_used_is_not_stored(gateway: Running, writer: Writer) -> None:
    problems = [ShopProblem(field="url", message="Nobody."), ShopProblem(field="key", message="Unknown.")]
    for problem in problems:
        writer.findings = ShopFindings(problem=problem)
        assert fields_of(await gateway.client.post(SHOPS, MODENA)) == {problem.field}
    assert [shop["id"] for shop in (await gateway.client.get(SHOPS)).body["data"]["shops"]] == [
        "milano", "roma", "lab",
    ]  # fmt: skip

    later = await registered(gateway)
    assert later["check"] | {"state": "unchecked", "can": []} == later["check"]
    looked = await gateway.client.post(f"{SHOPS}/{later['id']}/check", {})
    assert looked.status == 200
    assert looked.body["data"]["check"]["state"] == "failed"
    assert looked.body["data"]["check"]["problem"]["field"] == "key"

    writer.findings = ShopFindings(version="8.2.1", missing=(LACKING.model_copy(update={"required": True}),))
    again = await gateway.client.post(f"{SHOPS}/{later['id']}/check", {})
    assert again.body["data"]["check"]["state"] == "incomplete"


async def test_every_mistake_is_told_with_its_field(gateway: Running) -> None:
    wrong = {
        "id": "No Id", "name": "", "url": 5, "key": "short", "tenant": "other",
        "settings": {"concurrency": 100, "owners": {"images": "shop"}, "colour": "red"},
    }  # fmt: skip
    answer = await gateway.client.post(SHOPS, wrong)
    assert fields_of(answer) == {
        "id", "name", "url", "key", "tenant",
        "settings.concurrency", "settings.owners", "settings.colour",
    }  # fmt: skip
    assert "short" not in str(answer.body)
    assert (await gateway.client.post(SHOPS, [])).status == 400
    for url in ("http://modena.example.com", "https://127.0.0.1", "https://x.example.com/?a=1", "modena"):
        assert fields_of(await gateway.client.post(SHOPS, MODENA | {"url": url})) == {"url"}, url
    assert fields_of(await gateway.client.post(f"{SHOPS}?check=never", MODENA)) == {"check"}


async def test_an_id_is_one_shops_in_whichever_tenant_and_never_given_again(gateway: Running) -> None:
    spy = await logged_in(gateway, "spy@example.com", Role.ADMIN, tenant="other")
    await registered(gateway, id="modena")
    theirs = MODENA | {"url": "https://theirs.example.com", "id": "modena"}

    async def taken() -> bool:
        answer = await spy.post(f"{SHOPS}?check=later", theirs)
        return (answer.status, answer.body["error"]["code"]) == (409, "shop_id_taken")

    assert await taken()
    assert (await spy.post(f"{SHOPS}?check=later", theirs | {"id": "milano"})).status == 409
    assert (await gateway.client("DELETE", f"{SHOPS}/modena")).status == 204
    assert await taken()
    named = await spy.post(f"{SHOPS}?check=later", {**theirs, "id": None, "name": "Módena!"})
    assert named.body["data"]["id"] == "m-dena"


async def test_a_name_that_is_taken_gets_a_number_and_an_address_has_one_shop(gateway: Running) -> None:
    await registered(gateway)
    second = await registered(gateway, url="https://two.example.com")
    assert second["id"] == "acme-modena-2"
    again = await gateway.client.post(
        f"{SHOPS}?check=later", MODENA | {"url": "https://two.example.com/api/"}
    )
    assert (again.status, again.body["error"]["code"]) == (409, "shop_url_taken")
    moved = await gateway.client(
        "PATCH", f"{SHOPS}/{second['id']}?check=later", json={"url": "https://modena.example.com", "key": KEY}
    )
    assert (moved.status, moved.body["error"]["code"]) == (409, "shop_url_taken")


async def test_shops_of_another_tenant_are_not_found(gateway: Running) -> None:
    spy = await logged_in(gateway, "spy@example.com", Role.ADMIN, tenant="other")
    shop = await registered(gateway)
    for shop_id in (shop["id"], "milano", "never"):
        path = f"{SHOPS}/{shop_id}"
        answers = [
            await spy.get(path),
            await spy("PATCH", path, json={"name": "x"}),
            await spy("DELETE", f"{path}?force=true"),
            await spy.post(f"{path}/check", {}),
        ]
        assert [answer.status for answer in answers] == [404] * 4
        assert {answer.body["error"]["message"] for answer in answers} == {"There is no such shop."}
    assert [one["id"] for one in (await spy.get(SHOPS)).body["data"]["shops"]] == ["oslo"]


async def test_shops_of_the_operator_are_shown_looked_at_and_left_alone(
    gateway: Running, writer: Writer
) -> None:
    milano = (await gateway.client.get(f"{SHOPS}/milano")).body["data"]
    assert (milano["managed_by"], milano["key_end"], milano["check"]["state"]) == (
        "operator",
        None,
        "unchecked",
    )
    for method in ("PATCH", "DELETE"):
        answer = await gateway.client(method, f"{SHOPS}/milano", json={"name": "x"})
        assert (answer.status, answer.body["error"]["code"]) == (409, "configured")
    looked = await gateway.client.post(f"{SHOPS}/milano/check", {})
    assert looked.body["data"]["check"]["version"] == "8.2.1"
    assert writer.asked[0]["url"] == "http://127.0.0.1:1"
    assert (await gateway.client.get(f"{SHOPS}/milano")).body["data"]["check"]["state"] == "ready"


async def test_what_a_change_leaves_out_stays(gateway: Running, writer: Writer, told: Told) -> None:
    shop = await registered(gateway, settings={"concurrency": 2, "verify_writes": True})
    path = f"{SHOPS}/{shop['id']}"
    changed = await gateway.client("PATCH", path, json={"name": "New", "settings": {"concurrency": 3}})
    data = changed.body["data"]
    assert (data["name"], data["url"], data["key_end"]) == ("New", shop["url"], shop["key_end"])
    assert (data["settings"]["concurrency"], data["settings"]["verify_writes"]) == (3, True)
    assert writer.asked == []  # neither address nor key is another one

    rotated = await gateway.client("PATCH", path, json={"key": NEXT_KEY})
    assert rotated.body["data"]["key_end"] == NEXT_KEY[-4:]
    assert len(writer.asked) == 1
    messages = await told.of(3)
    assert [message.sequence for message in messages] == [1, 2, 3]


async def test_a_key_is_only_sent_to_the_host_it_was_given_for(gateway: Running, writer: Writer) -> None:
    shop = await registered(gateway)
    path = f"{SHOPS}/{shop['id']}"
    elsewhere = await gateway.client("PATCH", path, json={"url": "https://evil.example.com"})
    assert fields_of(elsewhere) == {"key"}
    assert writer.asked == []
    moved = await gateway.client("PATCH", path, json={"url": "https://modena.example.com/shop"})
    assert (moved.status, moved.body["data"]["url"]) == (200, "https://modena.example.com/shop")


async def test_test_shops_are_only_where_the_operator_has_one(
    gateway: Running, start_gateway: StartGateway
) -> None:
    test = MODENA | {"test": True}
    assert fields_of(await gateway.client.post(f"{SHOPS}?check=later", test)) == {"test"}
    scopes = {"name": "k", "scopes": ["admin:*"]}
    key = (await gateway.client.post("/api/v1/auth/api-keys", scopes)).body["data"]["key"]
    live = {"headers": {"Authorization": f"Bearer {key}"}}
    assert (await gateway.client.post(f"{SHOPS}?check=later", test, **live)).status == 403
    seen = (await gateway.client.get(SHOPS, **live)).body["data"]["shops"]
    assert "lab" not in [shop["id"] for shop in seen]

    lenient = await start_gateway(shops_allow_http=True, shops_allow_private=True)
    spy = await logged_in(lenient, "spy@example.com", Role.ADMIN, tenant="other")
    added = await spy.post(f"{SHOPS}?check=later", test | {"url": "http://127.0.0.1:4/"})
    assert (added.status, added.body["data"]["test"]) == (201, True)
    away = {"url": "http://127.0.0.1:1", "key": KEY}
    answer = await spy("PATCH", f"{SHOPS}/{added.body['data']['id']}", json=away)
    assert fields_of(answer) == {"test"}


async def test_work_that_is_open_keeps_a_shop_until_somebody_insists(gateway: Running, told: Told) -> None:
    shop = (await registered(gateway))["id"]
    gateway.stations.script = nothing_yet
    sent = await gateway.client.post(
        f"/api/products/sync?shop={shop}", PRODUCT, headers={"Prefer": "respond-async"}
    )
    assert sent.status == 202
    kept = await gateway.client("DELETE", f"{SHOPS}/{shop}")
    assert (kept.status, kept.body["error"]["code"]) == (409, "shop_at_work")

    assert (await gateway.client("DELETE", f"{SHOPS}/{shop}?force=true")).status == 204
    status: Any = None

    async def settled() -> bool:
        nonlocal status
        status = (await gateway.client.get(sent.headers["Location"])).body
        return bool(status["data"]["status"] == "failed")

    await eventually(settled)
    assert "shop_removed" in str(status)
    assert isinstance((await told.of(2))[-1], ShopRemoved)
    assert (await gateway.client.get(f"{SHOPS}/{shop}")).status == 404
    refused = await gateway.client.post(f"/api/products/sync?shop={shop}", PRODUCT)
    assert refused.status == 422
    row = await gateway.database.pool.fetchrow("select * from registered_shops")
    assert (row["sealed_key"], row["settings"]) == ("", {})


async def test_the_end_of_removed_work_is_told_as_any_other(gateway: Running) -> None:
    shop = (await registered(gateway))["id"]
    gateway.stations.script = nothing_yet
    items = [PRODUCT | {"reference": f"R{number}"} for number in range(3)]
    channel = await gateway.stations.broker.connection.channel()
    queue = await channel.declare_queue(exclusive=True)
    await queue.bind(CHUNKS, "chunk.completed.#")
    sent = await gateway.client.post(f"/api/products/bulk?shop={shop}", {"items": items})
    assert (await gateway.client("DELETE", f"{SHOPS}/{shop}?force=true")).status == 204
    async with asyncio.timeout(20):
        async with queue.iterator(no_ack=True) as deliveries:
            delivery = await anext(deliveries)
    await channel.close()
    completed = decode(delivery.type or "", delivery.body)
    assert isinstance(completed, ChunkCompleted)
    assert completed.chunk.submission_id == sent.body["data"]["bulkId"]
    assert [outcome.reasons[0].code for outcome in completed.outcomes] == ["shop_removed"] * 3


async def test_every_shop_is_told_again_at_each_start_and_sealed_with_the_present_secret(
    gateway: Running, told: Told, start_gateway: StartGateway
) -> None:
    await registered(gateway)
    gone = (await registered(gateway, url="https://two.example.com"))["id"]
    assert (await gateway.client("DELETE", f"{SHOPS}/{gone}")).status == 204
    await told.of(3)
    other = await start_gateway()
    messages = await told.of(5)
    assert messages[3:] == [messages[0], messages[2]]
    assert told.ids[3:] == [told.ids[0], told.ids[2]]  # so that nobody takes them in twice

    shop = (await registered(gateway, url="https://three.example.com", id="soon"))["id"]

    async def known() -> bool:
        return shop in other.runtime.shops.by_id

    await eventually(known)  # in every replica

    rotated = await start_gateway(
        shops_sealing_secret=SecretStr(NEXT_SECRET), shops_sealing_previous_secrets=SecretStr(SECRET)
    )

    async def sealed_anew() -> bool:
        return any(message.sequence == 2 for message in told.messages if isinstance(message, ShopRegistered))

    await eventually(sealed_anew)
    last = next(m for m in told.messages if isinstance(m, ShopRegistered) and m.sequence == 2)
    alone = rotated.runtime.settings.model_copy(update={"shops_sealing_previous_secrets": SecretStr("")})
    keys = alone.shop_keys()
    assert keys is not None
    assert keys.open(last.sealed_key, "acme", last.shop).get_secret_value() == KEY


async def test_without_a_writer_or_a_secret_nothing_is_stored(
    start_gateway: StartGateway, gateway: Running
) -> None:
    alone = await start_gateway(writer_url="http://127.0.0.1:1")
    answer = await alone.client.post(SHOPS, MODENA)
    assert answer.status == 503
    assert "check=later" in answer.body["error"]["message"]
    unset = await start_gateway(shops_sealing_secret=SecretStr(""))
    assert (await unset.client.post(f"{SHOPS}?check=later", MODENA)).status == 503
    assert await gateway.database.pool.fetchval("select count(*) from registered_shops") == 0


async def test_a_source_of_webhooks_outlives_its_shop(gateway: Running, start_gateway: StartGateway) -> None:
    shop = (await registered(gateway))["id"]
    secret = "Qm7vX2rT9kLs4wZc8pBn5yHd3jFg6aUe"
    source = InboundSource(name="erp", shop=shop, secrets=(SecretStr(secret),))
    asked = await start_gateway(inbound_webhooks=(source,))
    assert (await delivered(asked, secret, "first")).status == 200
    assert (await asked.client("DELETE", f"{SHOPS}/{shop}?force=true")).status == 204
    for running in (asked, await start_gateway(inbound_webhooks=(source,))):
        answer = await delivered(running, secret, "second")
        assert (answer.status, answer.body["error"]) == (
            410,
            "The shop that this secret speaks for was removed.",
        )
    shown = await gateway.client.get("/api/v1/inbound-webhooks?outcome=refused&source=erp")
    found = [(one["delivery_id"], one["reason"]) for one in shown.body["data"]["inbound_webhooks"]]
    assert found == [("second", "shop_removed")] * 2


async def delivered(running: Running, secret: str, delivery_id: str) -> Answer:
    body, at = json.dumps(PRODUCT).encode(), str(int(time.time()))
    signature = hmac.digest(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
    headers = {
        "Content-Type": "application/json",
        "X-GeSmart-Signature": f"sha256={signature}",
        "X-GeSmart-Timestamp": at,
        "X-GeSmart-Delivery": delivery_id,
        "X-GeSmart-Event": "product.created",
    }
    return await running.client("POST", "/api/webhooks/gesmart/products", data=body, headers=headers)


def test_every_term_of_a_shop_is_shown() -> None:
    assert ShownTerms.__annotations__.keys() == ShopTerms.model_fields.keys()
