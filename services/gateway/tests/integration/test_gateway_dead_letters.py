"""Dead letters are looked at, edited, sent back and discarded, each by whom it concerns."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aio_pika
import pytest
from pydantic import SecretStr

from common.messages import ChunkCompleted, Message, ShopReachability
from common.messages.shops import Reachability
from common.messaging import inbox
from common.messaging.broker import Broker
from common.messaging.dead_letter import DeadLetter
from common.messaging.dead_letters import send_back
from common.messaging.envelope import Envelope, outgoing_envelope
from common.messaging.topology import DEAD, declare_service_queue, queue_of
from gateway.access.scopes import Role
from gateway.dead_letters import replaying, store
from gateway.settings import GatewaySettings
from gateway.testing import Client, Running, StartGateway, all_written, eventually, logged_in, nothing_yet

ALL = "/api/v1/dead-letters"
OPERATORS = "/operator/dead-letters"
OPERATOR_TOKEN = "9Xw2pLr7Tq4Vb8Zn1Kc6Hs3Yd5Gf0JmQa"
SYNC = "/api/products/sync"


@dataclass
class Office:
    """A gateway whose operator shows a token, and a service that only takes what it is sent."""

    gateway: Running
    service: str
    operator: Client
    got: list[aio_pika.abc.AbstractIncomingMessage] = field(default_factory=list)

    @property
    def client(self) -> Client:
        return self.gateway.client

    async def park(
        self,
        *,
        shop: str = "milano",
        tenant: str = "acme",
        reason: str = "KeyError: 'price'",
        message: Message | None = None,
        envelope: Envelope | None = None,
        **changed: Any,
    ) -> str:
        """Park a message as a service does after its last retry; the letter's id."""
        message = message or _told(shop, tenant)
        envelope = envelope or outgoing_envelope(message, "test")
        headers = {
            **envelope.headers(),
            "attempt": 5,
            "reason": reason,
            "traceback": "Traceback: at rules.py",
        }
        made: dict[str, Any] = {
            "message_id": str(envelope.message_id),
            "type": message.message_type,
            "headers": {name: value for name, value in headers.items() if value},
            "body": message.to_json(),
        }
        made |= changed
        service = made.pop("service", self.service)
        seen = {letter["id"]: letter["last_seen"] for letter in await self.letters()}
        count = await self.entries("parked")
        await self.gateway.stations.broker.send(aio_pika.Message(**made), exchange=DEAD, routing_key=service)

        async def is_kept() -> bool:
            return await self.entries("parked") > count

        await eventually(is_kept)
        new = [letter["id"] for letter in await self.letters() if letter["id"] not in seen]
        return str(new[0]) if new else ""

    async def entries(self, event: str) -> int:
        count: int = await self.gateway.database.pool.fetchval(
            "select count(*) from dead_letter_history where event = $1", event
        )
        return count

    async def letters(self, query: str = "", client: Client | None = None, prefix: str = OPERATORS) -> Any:
        answer = await (client or self.operator).get(f"{prefix}?per_page=100&{query}")
        assert answer.status == 200, answer.body
        return answer.body["data"]["dead_letters"]

    async def letter(self, letter_id: str) -> Any:
        return (await self.operator.get(f"{OPERATORS}/{letter_id}")).body["data"]

    async def has_got(self, count: int) -> None:
        async def got() -> bool:
            return len(self.got) >= count

        await eventually(got)


def _told(shop: str, tenant: str) -> Message:
    return ShopReachability(
        tenant=tenant, shop=shop, service="x", reachability=Reachability.RECOVERED, at=datetime.now(UTC)
    )


@pytest.fixture
def settings(settings: GatewaySettings) -> GatewaySettings:
    return settings.model_copy(update={"operator_token": SecretStr(OPERATOR_TOKEN)})


@pytest.fixture
async def office(gateway: Running) -> AsyncIterator[Office]:
    broker = gateway.stations.broker
    service = f"office-{uuid4().hex[:8]}"
    office = Office(gateway, service, Client(gateway.client.http, gateway.client.url, OPERATOR_TOKEN))
    channel = await broker.connection.channel()
    queue = await declare_service_queue(await broker.open_channel(), service, [])

    async def take(delivery: aio_pika.abc.AbstractIncomingMessage) -> None:
        office.got.append(delivery)

    await queue.consume(take, no_ack=True)
    yield office
    await channel.queue_delete(queue_of(service))


async def test_letters_are_found_by_what_is_known_of_them(office: Office) -> None:
    first = await office.park(shop="milano", reason="KeyError: 'price'")
    second = await office.park(shop="roma", reason="ValueError: no number")
    found = {
        query: {letter["id"] for letter in await office.letters(query)}
        for query in (
            "", "shop=roma", "reason=keyerror", f"service={office.service}", "service=nobody",
            "state=waiting", "state=replayed", "type=shop.reachability.v1", "type=chunk.completed.v1",
            "since=2999-01-01T00:00:00Z", "until=2999-01-01", "until=2020-01-01",
        )
    }  # fmt: skip
    both = {first, second}
    assert found[""] == found["state=waiting"] == found["type=shop.reachability.v1"] == both
    assert found[f"service={office.service}"] == found["until=2999-01-01"] == both
    assert (found["shop=roma"], found["reason=keyerror"]) == ({second}, {first})
    for query in ("service=nobody", "state=replayed", "type=chunk.completed.v1", "until=2020-01-01"):
        assert found[query] == set(), query
    page = (await office.operator.get(f"{OPERATORS}?per_page=1&page=2")).body["data"]
    assert (page["total"], page["pages"], [one["id"] for one in page["dead_letters"]]) == (2, 2, [first])


async def test_a_letter_tells_why_and_what(office: Office) -> None:
    shown = await office.letter(await office.park())
    assert shown["reason"] == "KeyError: 'price'"
    assert shown["traceback"] == "Traceback: at rules.py"
    assert (shown["attempts"], shown["state"], shown["shop"]) == (5, "waiting", "milano")
    assert shown["headers"]["tenant"] == "acme"
    assert shown["body"]["json"]["shop"] == "milano"
    assert shown["unreadable"] == []
    assert [entry["event"] for entry in shown["history"]] == ["parked"]
    unreadable = await office.letter(await office.park(body=b'{"tenant": "acme"}', message_id=""))
    assert {one["field"] for one in unreadable["unreadable"]} >= {"shop", "reachability"}
    text = await office.letter(await office.park(body=b"<xml/>\0", headers={}, type=None))
    assert text["body"] == {"bytes": 7, "json": None, "text": "<xml/>\0"}
    assert text["unreadable"][0]["message"] == "No service knows the type ''."
    assert (text["tenant"], text["shop"]) == (None, None)


async def test_a_tenants_admin_sees_its_own_and_the_operator_all(office: Office) -> None:
    own, foreign = await office.park(), await office.park(tenant="other", shop="oslo")
    nobodys = await office.park(body=b"?", headers={})
    spy = await logged_in(office.gateway, "spy@example.com", Role.ADMIN, tenant="other")
    assert [one["id"] for one in await office.letters(client=office.client, prefix=ALL)] == [own]
    assert [one["id"] for one in await office.letters(client=spy, prefix=ALL)] == [foreign]
    assert {one["id"] for one in await office.letters()} == {own, foreign, nobodys}
    never = {"method": "GET", "path": f"{ALL}/{uuid4()}"}
    nothing = await spy(**never)
    for method, path in (
        ("GET", f"{ALL}/{own}"), ("POST", f"{ALL}/{own}/replay"), ("DELETE", f"{ALL}/{own}?reason=x"),
        ("GET", f"{ALL}/{nobodys}"),
    ):  # fmt: skip
        answer = await spy(method, path)
        assert (answer.status, answer.body) == (404, nothing.body), path
    started = (await office.client.post(f"{ALL}/replay", {})).body["data"]
    assert started["total"] == 1
    assert (await spy.get(f"{ALL}/replays/{started['id']}")).status == 404
    assert (await spy("DELETE", f"{ALL}/replays/{started['id']}")).status == 404
    assert (await spy.get(f"{ALL}/replays")).body["data"]["replays"] == []
    await office.has_got(1)
    assert {one["state"] for one in await office.letters(client=spy, prefix=ALL)} == {"waiting"}


async def test_the_operator_is_known_by_the_token_alone(office: Office, start_gateway: StartGateway) -> None:
    stranger = Client(office.client.http, office.client.url)
    for token in (None, "", "x", OPERATOR_TOKEN[:-1], OPERATOR_TOKEN + "x", "é"):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        assert (await stranger.get(OPERATORS, headers=headers)).status == 401, token
    assert (await office.client.get(OPERATORS)).status == 401
    assert (await office.operator.get(ALL)).status == 401
    without = await start_gateway(operator_token=None)
    for token in ("", OPERATOR_TOKEN, "None"):
        answer = await without.client.get(OPERATORS, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 404, token


# ── one ──


async def completed(office: Office) -> tuple[str, ChunkCompleted]:
    """A synchronization whose end the gateway has not understood."""
    stations = office.gateway.stations
    stations.script = nothing_yet
    product = {"operation": "create", "reference": "A", "name": "A", "price": 1.5, "quantity": 1}
    accepted = await office.client.post(SYNC, product, headers={"Prefer": "respond-async"})
    await stations.have_got(1)
    [message] = all_written(stations.submitted[0])
    assert isinstance(message, ChunkCompleted)
    return accepted.headers["Location"], message


async def is_handled(office: Office, message_id: UUID) -> bool:
    found = await office.gateway.database.pool.fetchval(
        "select count(*) from inbox where message_id = $1", message_id
    )
    return bool(found)


async def test_a_message_that_is_sent_back_twice_has_one_effect(office: Office) -> None:
    location, message = await completed(office)
    envelope = outgoing_envelope(message, "stations")
    letter_id = await office.park(message=message, envelope=envelope, service="gateway")
    answers = [await office.client.post(f"{ALL}/{letter_id}/replay", {}) for _ in range(3)]
    assert [answer.status for answer in answers] == [202] * 3

    async def is_done() -> bool:
        return bool((await office.client.get(location)).body["data"]["status"] == "completed")

    await eventually(is_done)
    shown = await office.letter(letter_id)
    assert (shown["state"], shown["attempts"]) == ("replayed", 5)
    assert shown["replayed_at"]
    assert [entry["event"] for entry in shown["history"]] == ["parked", *["replayed"] * 3]
    rows = await office.gateway.database.pool.fetchval(
        "select count(*) from inbox where message_id = $1", envelope.message_id
    )
    assert rows == 1


async def test_a_message_that_nobody_could_read_is_repaired_and_handled_once(office: Office) -> None:
    location, message = await completed(office)
    envelope = outgoing_envelope(message, "stations")
    right = json.loads(message.to_json())
    broken = json.loads(message.to_json())
    broken["outcomes"][0]["presta_id"] = "four hundred"
    letter_id = await office.park(
        message=message, envelope=envelope, service="gateway", body=json.dumps(broken).encode()
    )
    shown = await office.letter(letter_id)
    assert [one["field"] for one in shown["unreadable"]] == ["outcomes.0.presta_id"]
    still = await office.client.post(f"{ALL}/{letter_id}/replay", {"body": broken})
    assert (still.status, still.body["error"]["details"][0]["field"]) == (422, "outcomes.0.presta_id")
    right["outcomes"][0]["presta_id"] = 400
    answer = await office.client.post(f"{ALL}/{letter_id}/replay", {"body": right})
    assert answer.status == 202
    await eventually(lambda: is_handled(office, envelope.message_id))
    assert (await office.client.get(location)).body["data"]["status"] == "completed"
    shown = await office.letter(letter_id)
    assert shown["body"]["json"] == broken
    assert shown["edit"]["json"] == right
    me = (await office.client.get("/api/auth/me")).body["data"]["user_id"]
    assert shown["edit"]["by"] == me
    assert [(entry["event"], entry["by"]) for entry in shown["history"]] == [
        ("parked", None), ("edited", me), ("replayed", me),
    ]  # fmt: skip
    # The same message under the same id: another version of it has no second effect.
    right["outcomes"][0]["presta_id"] = 401
    assert (await office.client.post(f"{ALL}/{letter_id}/replay", {"body": right})).status == 202
    sound = await office.client.post(f"{SYNC}", {**PRODUCT, "reference": "B"}, headers=ASYNC)
    assert sound.status == 202
    await office.gateway.stations.have_got(2)
    [later] = all_written(office.gateway.stations.submitted[1])
    after = await office.gateway.stations.tell(later)
    await eventually(lambda: is_handled(office, after.message_id))
    presta_id = await office.gateway.database.pool.fetchval(
        "select presta_id from shop_products where presta_id in (400, 401)"
    )
    assert presta_id == 400


PRODUCT = {"operation": "create", "reference": "A", "name": "A", "price": 1.5, "quantity": 1}
ASYNC = {"Prefer": "respond-async"}


async def test_what_comes_back_is_one_letter_with_its_history(office: Office) -> None:
    message = _told("milano", "acme")
    envelope = outgoing_envelope(message, "test")
    letter_id = await office.park(message=message, envelope=envelope)
    edited = json.loads(message.to_json()) | {"cause": "looked into"}
    await office.client.post(f"{ALL}/{letter_id}/replay", {"body": edited})
    await office.has_got(1)
    assert json.loads(office.got[0].body) == edited
    assert office.got[0].message_id == str(envelope.message_id)
    assert "attempt" not in office.got[0].headers
    assert (
        await office.park(message=message, envelope=envelope, body=office.got[0].body, reason="TypeError")
        == ""
    )
    shown = await office.letter(letter_id)
    assert (shown["state"], shown["attempts"], shown["reason"]) == ("waiting", 10, "TypeError")
    assert [entry["event"] for entry in shown["history"]] == ["parked", "edited", "replayed", "parked"]
    await office.client.post(f"{ALL}/{letter_id}/replay", {})
    await office.has_got(2)
    assert json.loads(office.got[1].body) == edited  # as it was sent last


async def test_what_dies_again_before_its_replay_is_on_record_waits(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies_at_once(broker: Broker, letter: DeadLetter) -> None:
        await send_back(broker, letter)
        async with office.gateway.database.transaction() as connection:
            await store.keep(connection, replace(letter, reason="TypeError"), redriven=False)

    monkeypatch.setattr(replaying, "send_back", dies_at_once)
    letter_id = await office.park()
    assert (await office.client.post(f"{ALL}/{letter_id}/replay", {})).status == 202
    shown = await office.letter(letter_id)
    assert (shown["state"], shown["reason"]) == ("waiting", "TypeError")
    assert [entry["event"] for entry in shown["history"]] == ["parked", "replayed"]


async def test_what_no_queue_takes_waits_on(office: Office) -> None:
    letter_id = await office.park(service="nowhere")
    answer = await office.client.post(f"{ALL}/{letter_id}/replay", {})
    assert answer.status == 503
    assert "nothing was sent" in answer.body["error"]["message"]
    assert (await office.letter(letter_id))["state"] == "waiting"


async def test_a_letter_is_discarded_with_a_reason_and_stays_on_record(office: Office) -> None:
    letter_id = await office.park()
    path = f"{ALL}/{letter_id}"
    for wrong in ("", "?reason=", "?reason=%20", f"?reason={'x' * 501}", "?reason=ok&force=1"):
        assert (await office.client("DELETE", path + wrong)).status == 422, wrong
    assert (await office.client("DELETE", f"{path}?reason=sent%20anew")).status == 204
    shown = await office.letter(letter_id)
    assert (shown["state"], shown["history"][-1]["reason"]) == ("discarded", "sent anew")
    assert (await office.client("DELETE", f"{path}?reason=again")).status == 409
    assert (await office.client.post(f"{ALL}/replay", {})).body["data"]["total"] == 0
    assert (await office.client.post(f"{path}/replay", {})).status == 202  # somebody was wrong


async def test_only_what_waits_is_kept_for_ever(office: Office) -> None:
    waiting, replayed, discarded = [await office.park() for _ in range(3)]
    await office.client.post(f"{ALL}/{replayed}/replay", {})
    await office.client("DELETE", f"{ALL}/{discarded}?reason=x")
    pool = office.gateway.database.pool
    assert not await store.forget(pool)
    assert len(await office.letters()) == 3
    old = store.SETTLED_KEPT_DAYS + 1
    await pool.execute(
        "update dead_letters set settled_at = settled_at - make_interval(days => $1),"
        " first_seen = first_seen - interval '10 years', last_seen = last_seen - interval '10 years'",
        old,
    )
    await office.client.post(f"{ALL}/{replayed}/replay", {})  # gives it no further time
    await store.forget(pool)
    assert [one["id"] for one in await office.letters()] == [waiting]
    assert store.SETTLED_KEPT_DAYS < inbox.KEEP_DAYS


# ── many ──


async def ended(client: Client, replay_id: str) -> Any:
    found: list[Any] = []

    async def has_ended() -> bool:
        found[:] = [(await client.get(f"{ALL}/replays/{replay_id}")).body["data"]]
        return bool(found[0]["state"] != "running")

    await eventually(has_ended)
    return found[0]


async def first_is_sent(client: Client, replay_id: str) -> None:
    """And on record, which comes after it has arrived."""

    async def is_sent() -> bool:
        return (await client.get(f"{ALL}/replays/{replay_id}")).body["data"]["sent"] > 0

    await eventually(is_sent)


async def test_letters_are_sent_back_by_filter(office: Office) -> None:
    ids = [await office.park(shop=shop) for shop in ("milano", "roma", "milano", "milano")]
    stuck = await office.park(service="nowhere")
    strange = await office.park(message_id="\0" * 200)  # which is longer once it can be kept
    started = await office.client.post(f"{ALL}/replay", {"filter": {"shop": "milano"}, "rate": 100})
    data = started.body["data"]
    assert (started.status, data["total"], data["filter"]) == (202, 5, {"shop": "milano"})
    assert started.headers["Location"] == f"{ALL}/replays/{data['id']}"
    done = await ended(office.client, data["id"])
    assert (done["state"], done["sent"], done["failed"]) == ("finished", 3, 2)
    await office.has_got(3)
    states = {one["id"]: one["state"] for one in await office.letters()}
    sent = {one for one, state in states.items() if state == "replayed"}
    assert sent == set(ids) - {ids[1]}
    assert {states[one] for one in (ids[1], stuck, strange)} == {"waiting"}
    assert [one["id"] for one in (await office.client.get(f"{ALL}/replays")).body["data"]["replays"]] == [
        data["id"]
    ]
    assert data["id"] in (await office.letter(ids[0]))["history"][-1]["by"]
    refused = await office.client.post(f"{ALL}/{strange}/replay", {})
    assert (refused.status, refused.body["error"]["code"]) == (409, "cannot_be_sent")


async def test_a_replay_can_be_stopped(office: Office) -> None:
    for _ in range(3):
        await office.park()
    started = (await office.client.post(f"{ALL}/replay", {"rate": 0.1})).body["data"]
    await first_is_sent(office.client, started["id"])
    path = f"{ALL}/replays/{started['id']}"
    stopped = await office.client("DELETE", path)
    assert (stopped.status, stopped.body["data"]["state"]) == (200, "stopped")
    assert (await office.client("DELETE", path)).body["data"]["ended_at"] == stopped.body["data"]["ended_at"]
    assert sorted(one["state"] for one in await office.letters()) == ["replayed", "waiting", "waiting"]


async def test_a_replay_survives_the_gateway(office: Office, start_gateway: StartGateway) -> None:
    for _ in range(6):
        await office.park()
    started = (await office.client.post(f"{ALL}/replay", {"rate": 10})).body["data"]
    await office.has_got(1)
    office.gateway.runtime.stopping.set()
    other = await start_gateway()
    done = await ended(other.client, started["id"])
    assert (done["state"], done["sent"], done["failed"]) == ("finished", 6, 0)
    await office.has_got(6)
    assert len({delivery.message_id for delivery in office.got}) == 6


async def test_what_comes_back_during_a_replay_is_not_sent_in_a_circle(office: Office) -> None:
    message = _told("milano", "acme")
    envelope = outgoing_envelope(message, "test")
    await office.park(message=message, envelope=envelope)
    await office.park()
    started = (await office.client.post(f"{ALL}/replay", {"rate": 1})).body["data"]
    await first_is_sent(office.client, started["id"])
    await office.park(message=message, envelope=envelope)  # died again, while the other waits for its turn
    done = await ended(office.client, started["id"])
    assert (done["sent"], len(office.got)) == (2, 2)
    assert sorted(one["state"] for one in await office.letters()) == ["replayed", "waiting"]


BAD_REPLAYS: Sequence[tuple[Any, str]] = [
    ({"rate": 0}, "rate"),
    ({"rate": 101}, "rate"),
    ({"rate": "10"}, "rate"),
    ({"rate": True}, "rate"),
    ({"rate": None}, "rate"),
    ({"filter": []}, "filter"),
    ({"filter": {"since": "yesterday"}}, "filter.since"),
    ({"filter": {"state": "waiting"}}, "filter.state"),
    ({"filter": {"shop": 7}}, "filter.shop"),
    ({"filters": {}}, "filters"),
]


async def test_every_mistake_is_told_with_its_field(office: Office) -> None:
    for body, name in BAD_REPLAYS:
        answer = await office.client.post(f"{ALL}/replay", body)
        assert (answer.status, answer.body["error"]["details"][0]["field"]) == (422, name), body
    letter_id = await office.park()
    wrong: list[dict[str, Any]] = [{"body": 7}, {"body": None}, {"boddy": {}}]
    for sent in wrong:
        assert (await office.client.post(f"{ALL}/{letter_id}/replay", sent)).status == 422, sent
    assert (await office.client.post(f"{ALL}/{letter_id}/replay", [])).status == 400
    for query in ("state=dead", "since=x", "servise=x", "page=0", f"shop={'x' * 201}", "reason=%00"):
        assert (await office.client.get(f"{ALL}?{query}")).status == 422, query
    for path in (f"{ALL}/7", f"{ALL}/{uuid4()}", f"{ALL}/replays/%00", f"{ALL}/replays/x"):
        assert (await office.client.get(path)).status == 404, path
    assert await office.letters("state=replayed") == []
