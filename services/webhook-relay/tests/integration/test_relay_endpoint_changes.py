"""What a tenant does with an endpoint after it was made: change it, try it, give it a new secret."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from common.public.webhooks import BODIES, EVENT_TYPES, SENT_BODIES
from webhook_relay.endpoints import subscribed
from webhook_relay.sealing import Sealer, SealNotOpened
from webhook_relay.store.secrets import load_secrets, seal_all

SEALING = "a-sealing-secret-of-the-tests-long-enough"
CHUNK_COMPLETED = "bulk.chunk.completed"


async def test_only_what_a_change_states_is_changed(api: Any) -> None:
    made = await api.made("https://one.example/", shops=["milano"], description="the ERP")
    del made["secret"]
    where = f"/{made['id']}"
    changes: list[dict[str, object]] = [
        {"description": "the other ERP"},
        {"shops": None},
        {"shops": ["roma", "milano"]},
        {"state": "paused"},
        {"url": "https://two.example/hook"},
        {"events": ["bulk.chunk.completed", "product.*"]},
        {"state": "enabled"},
        {},
    ]
    expected = made
    for change in changes:
        expected = {**expected, **change}
        assert await api("PATCH", where, change) == (200, expected)
        assert await api("GET", where) == (200, expected)


async def test_a_change_obeys_the_rules_of_making(api: Any) -> None:
    made = await api.made("https://one.example/")
    await api.made("https://two.example/")
    where = f"/{made['id']}"
    for change, field in (
        ({"url": "ftp://one.example/"}, "url"),
        ({"url": "https://user:password@one.example/"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["no.such.event"]}, "events.0"),
        ({"events": ["product.*", "prod*"]}, "events.1"),
        ({"shops": []}, "shops"),
        ({"shops": [""]}, "shops.0"),
        ({"state": "disabled"}, "state"),
        ({"secret": "whsec_"}, "secret"),
        ({"description": "a" * 501}, "description"),
        ({"description": "a\0"}, "description"),
    ):
        status, refusal = await api("PATCH", where, change)
        assert (status, refusal["details"][0]["field"]) == (422, field)
        assert "password" not in str(refusal).replace("a user or a password", "")
    status, refusal = await api("PATCH", where, {"url": "https://two.example/"})
    assert (status, refusal["error"]) == (409, "endpoint_exists")
    assert (await api("GET", where))[1]["url"] == "https://one.example/"


async def test_an_endpoint_of_another_tenant_is_not_there(api: Any) -> None:
    made = await api.made("https://one.example/")
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"state": "paused"}),
        ("DELETE", "", None),
        ("POST", "/rotate-secret", None),
        ("POST", "/test", None),
        ("POST", "/recover", {"since": "2026-11-20T00:00:00Z"}),
        ("GET", "/deliveries", None),
        ("POST", "/deliveries/replay", {"since": "2026-11-20T00:00:00Z"}),
        ("GET", f"/deliveries/{made['id']}", None),
        ("POST", f"/deliveries/{made['id']}/replay", None),
    ):
        where = f"/internal/webhooks/{made['id']}{path}?tenant=other"
        answer = await api.client.request(method, where, **({} if body is None else {"json": body}))  # type: ignore[arg-type]  # the options of a request
        assert answer.status == 404, (method, path)


async def test_an_endpoint_hears_of_its_own_shops_alone(api: Any) -> None:
    everything = await api.made("https://one.example/")
    milano = await api.made("https://two.example/", shops=["milano"])
    endpoints = await api.endpoints()

    def hearing(shop: str, event: str = CHUNK_COMPLETED, tenant: str = "acme") -> set[str]:
        return {str(endpoint.id) for endpoint in subscribed(endpoints, tenant, shop, event)}

    assert hearing("milano") == {everything["id"], milano["id"]}
    assert hearing("roma") == {everything["id"]}
    assert hearing("milano", "another.event") == hearing("milano", tenant="other") == set()


async def test_a_test_webhook_is_signed_sent_once_and_its_answer_told(api: Any, receiver: Any) -> None:
    made = await api.made(receiver.url + "/hook")
    receiver.answers["/hook"] = [500]
    status, told = await api("POST", f"/{made['id']}/test")
    (taken,) = receiver.taken
    body = SENT_BODIES["webhook.test"].model_validate(taken.verified(made["secret"]))
    assert body.model_dump(include={"data"}) == {"data": {"tenant": "acme", "endpoint_id": made["id"]}}
    assert taken.headers["webhook-type"] == "webhook.test"
    assert (status, told["delivered"], told["status"], told["answer"]) == (200, False, 500, "thanks")
    assert told["webhook_id"] == taken.webhook_id
    assert (await api("POST", f"/{made['id']}/test"))[1]["delivered"] is True
    assert (await api("GET", f"/{made['id']}/deliveries"))[1]["deliveries"] == []


async def test_an_example_of_the_wanted_event_is_sent(api: Any, receiver: Any) -> None:
    made = await api.made(receiver.url + "/hook", shops=["roma"])
    for event in EVENT_TYPES:
        status, told = await api("POST", f"/{made['id']}/test", {"event": event})
        taken = receiver.taken[-1]
        assert (status, told["delivered"], taken.headers["webhook-type"]) == (200, True, event)
        assert taken.webhook_id.startswith("test_")
        assert BODIES[event].model_validate(taken.verified(made["secret"]))
        assert event == CHUNK_COMPLETED or taken.verified(made["secret"])["data"]["shop"] == "roma"
    for event in ("product.*", "no.such.event"):
        status, refusal = await api("POST", f"/{made['id']}/test", {"event": event})
        assert (status, refusal["details"][0]["field"]) == (422, "event")
        assert "product.synced" in refusal["details"][0]["message"]


async def test_a_test_of_an_endpoint_that_is_away_says_so(api: Any, unused_tcp_port: int) -> None:
    made = await api.made(f"http://127.0.0.1:{unused_tcp_port}/")
    status, told = await api("POST", f"/{made['id']}/test")
    assert (status, told["delivered"], told["status"], told["cause"]) == (200, False, None, "not_connected")


async def test_a_tenant_has_two_tests_under_way_and_all_have_eight(
    api: Any, receiver: Any, eventually: Any
) -> None:
    tenants = ["acme", "b", "c", "d", "e"]
    made = {tenant: await api.made(receiver.url + "/hook", tenant=tenant) for tenant in tenants}

    async def test(tenant: str) -> tuple[int, Any]:
        where = f"/internal/webhooks/{made[tenant]['id']}/test?tenant={tenant}"
        answer = await api.client.post(where)
        return answer.status, await answer.json()

    receiver.held["/hook"] = asyncio.Event()
    waiting: list[asyncio.Task[tuple[int, Any]]] = []
    for tenant in tenants[:4]:
        waiting.extend(asyncio.create_task(test(tenant)) for _ in range(2))
        await eventually(lambda: len(receiver.taken) == len(waiting))
        status, refusal = await test(tenant)
        assert (status, refusal["error"]) == (429, "too_many_tests")
    status, refusal = await test("e")
    assert (status, refusal["error"]) == (429, "too_many_tests")
    receiver.held.pop("/hook").set()
    assert all(told["delivered"] for _, told in await asyncio.gather(*waiting))
    for tenant in tenants:
        assert (await test(tenant))[0] == 200


async def test_a_tenant_has_as_many_endpoints_as_the_settings_say(api: Any) -> None:
    most = 20
    wanted = [{"tenant": "acme", "url": f"https://{number}.example/"} for number in range(most + 3)]
    answers = await asyncio.gather(*(api.client.post("/internal/webhooks", json=body) for body in wanted))
    assert sorted(answer.status for answer in answers) == [201] * most + [409] * 3
    made = await api.endpoints()
    assert len(made) == most
    status, refusal = await api("POST", "", {"tenant": "acme", "url": "https://more.example/"})
    assert (status, refusal["error"]) == (409, "too_many_endpoints")
    assert "20" in refusal["message"]
    await api.made("https://more.example/", tenant="other")
    assert (await api("DELETE", f"/{made[0].id}"))[0] == 204
    await api.made("https://more.example/")


async def test_old_and_new_secret_sign_together_for_a_day(api: Any, receiver: Any, clock: Any) -> None:
    made = await api.made(receiver.url + "/hook")
    _, rotated = await api("POST", f"/{made['id']}/rotate-secret")
    assert rotated["secret"] != made["secret"]
    await api("POST", f"/{made['id']}/test")
    both = receiver.taken[-1]
    assert both.verified(made["secret"])
    assert both.verified(rotated["secret"])
    assert len(both.headers["webhook-signature"].split()) == 2
    clock.advance(hours=24)
    await api("POST", f"/{made['id']}/test")
    assert len(receiver.taken[-1].headers["webhook-signature"].split()) == 1
    assert rotated["old_secret_until"] == clock.now().isoformat()


async def test_ten_old_secrets_may_live_at_a_time(api: Any, receiver: Any, clock: Any) -> None:
    made = await api.made(receiver.url + "/hook")
    secrets = [made["secret"]]
    for _ in range(10):
        status, rotated = await api("POST", f"/{made['id']}/rotate-secret")
        assert status == 200
        secrets.append(rotated["secret"])
    status, refusal = await api("POST", f"/{made['id']}/rotate-secret")
    assert (status, refusal["error"]) == (409, "rotated_too_often")
    await api("POST", f"/{made['id']}/test")
    assert all(receiver.taken[-1].verified(secret) for secret in secrets)
    clock.advance(hours=24)
    assert (await api("POST", f"/{made['id']}/rotate-secret"))[0] == 200


async def test_no_secret_lies_clear_in_the_database(api: Any, receiver: Any) -> None:
    made = await api.made(receiver.url + "/hook")
    _, rotated = await api("POST", f"/{made['id']}/rotate-secret")
    row = str(tuple(await api.database.pool.fetchrow("select * from endpoints")))
    assert "whsec_" not in row
    for secret in (made["secret"], rotated["secret"]):
        assert secret.removeprefix("whsec_") not in row
    shown = str(await api("GET", f"/{made['id']}")) + str(await api("GET", ""))
    assert "whsec_" not in shown
    assert "sealed1" not in shown


async def test_what_lay_clear_or_under_a_former_key_is_sealed_anew(api: Any) -> None:
    clear, former = await api.made("https://one.example/"), await api.made("https://two.example/")
    pool = api.database.pool
    await pool.execute(
        "update endpoints set secrets = $2 where id = $1", UUID(clear["id"]), [clear["secret"]]
    )
    await api("POST", f"/{former['id']}/rotate-secret")
    moved = Sealer("another-key-of-the-tests-that-is-long-enough", [SEALING])
    for expected in (2, 0):
        async with api.database.transaction() as connection:
            assert await seal_all(connection, moved) == expected
    only_new = Sealer("another-key-of-the-tests-that-is-long-enough")
    async with api.database.transaction() as connection:
        assert (await load_secrets(connection, only_new, UUID(clear["id"]))).current.text() == clear["secret"]
        (old,) = (await load_secrets(connection, only_new, UUID(former["id"]))).old
        assert old.secret.text() == former["secret"]
        with pytest.raises(SealNotOpened):
            await seal_all(connection, Sealer("a-key-that-never-sealed-anything-at-all"))


async def test_an_endpoint_of_the_settings_is_only_changed_there(api: Any) -> None:
    made = await api.made("https://one.example/")
    await api.database.pool.execute("update endpoints set origin = 'settings'")
    for method, path, body in (("PATCH", "", {"state": "paused"}), ("POST", "/rotate-secret", None)):
        status, refusal = await api(method, f"/{made['id']}{path}", body)
        assert (status, refusal["error"]) == (409, "configured")
