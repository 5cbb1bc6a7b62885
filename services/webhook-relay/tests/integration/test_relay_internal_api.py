"""The internal API through which the gateway keeps the endpoints of tenants."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr, ValidationError

from common.database import Database
from common.http.addresses import UnusableUrl
from webhook_relay.main import configured_endpoints
from webhook_relay.posting import Poster
from webhook_relay.routes import internal_routes
from webhook_relay.settings import RelaySettings
from webhook_relay.signing import parse_secret
from webhook_relay.store.endpoints import endpoints_of, keep_configured_endpoints
from webhook_relay.store.secrets import load_secrets

TOKEN = "an internal token of the tests"
SEALING = SecretStr("a sealing secret of the tests, long enough")
SETTINGS = RelaySettings(
    internal_token=SecretStr(TOKEN),
    sealing_secret=SEALING,
)
SEALER = SETTINGS.sealer()
URL = "https://erp.example.com/skuwire"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

SHORT_SECRET = "whsec_dG9vIHNob3J0"

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def api(relay_database: Database, poster: Poster) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(internal_routes(relay_database.of, SETTINGS, poster, lambda: None))
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


async def test_an_endpoint_is_made_listed_and_deleted_and_its_secret_is_shown_once(api: Client) -> None:
    made = await api.post("/internal/webhooks", json={"tenant": "acme", "url": URL})
    assert made.status == 201
    endpoint = await made.json()
    assert parse_secret(endpoint.pop("secret"))
    assert endpoint["events"] == ["bulk.chunk.completed"]
    listed = await (await api.get("/internal/webhooks?tenant=acme")).json()
    assert listed == {"webhooks": [endpoint]}
    where = f"/internal/webhooks/{endpoint['id']}?tenant=acme"
    assert await (await api.get(where)).json() == endpoint
    assert (await api.delete(where)).status == 204
    assert (await api.delete(where)).status == 404
    assert (await api.get(where)).status == 404
    assert (await api.post("/internal/webhooks", json={"tenant": "acme", "url": URL})).status == 201


async def test_the_same_url_twice_is_a_conflict(api: Client) -> None:
    await api.post("/internal/webhooks", json={"tenant": "acme", "url": URL})
    again = await api.post("/internal/webhooks", json={"tenant": "acme", "url": URL})
    assert again.status == 409
    assert (await api.post("/internal/webhooks", json={"tenant": "other", "url": URL})).status == 201


async def test_a_tenant_sees_and_deletes_only_its_own(api: Client) -> None:
    made = await (await api.post("/internal/webhooks", json={"tenant": "acme", "url": URL})).json()
    where = f"/internal/webhooks/{made['id']}?tenant=other"
    assert (await api.get(where)).status == 404
    assert (await api.delete(where)).status == 404
    assert await (await api.get("/internal/webhooks?tenant=other")).json() == {"webhooks": []}


@pytest.mark.parametrize(
    "authorization", ["", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", "Bearer é"]
)
async def test_without_the_internal_token_nothing_is_answered(api: Client, authorization: str) -> None:
    headers = {"Authorization": authorization}
    for method, path in (("GET", "?tenant=acme"), ("POST", ""), ("DELETE", f"/{uuid4()}?tenant=acme")):
        answer = await api.request(method, f"/internal/webhooks{path}", headers=headers)
        assert answer.status == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tenant": "acme", "url": "http://erp.example.com/"}, "url"),
        ({"tenant": "acme", "url": "https://169.254.169.254/"}, "url"),
        ({"tenant": "acme", "url": URL, "events": ["no.such.event"]}, "events.0"),
        ({"tenant": "acme", "url": URL, "events": []}, "events"),
        ({"tenant": "acme", "url": URL, "secret": SECRET}, "secret"),
        ({"tenant": "", "url": URL}, "tenant"),
        ({"url": URL}, "tenant"),
    ],
)
async def test_what_breaks_a_rule_is_refused_by_field(api: Client, body: object, field: str) -> None:
    answer = await api.post("/internal/webhooks", json=body)
    assert answer.status == 422
    refusal = await answer.json()
    assert refusal["details"][0]["field"] == field
    assert SECRET not in str(refusal)


async def test_what_cannot_be_read_is_refused(api: Client) -> None:
    assert (await api.post("/internal/webhooks", data=b"\xff{")).status == 422
    assert (await api.get("/internal/webhooks")).status == 400
    assert (await api.get("/internal/webhooks/nonsense?tenant=acme")).status == 404


async def test_without_a_token_in_the_settings_the_api_is_not_served(
    relay_database: Database, poster: Poster
) -> None:
    settings = RelaySettings(sealing_secret=SEALING)
    assert internal_routes(relay_database.of, settings, poster, lambda: None) == []


async def test_the_endpoints_of_the_settings_are_those_that_are_kept(
    relay_database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "endpoints.toml"
    one = f'[[endpoint]]\nurl = "{URL}"\nsecret = "{SECRET}"\ntenant = "acme"\n'
    file.write_text(one + one.replace(URL, URL + "/two"))
    both = configured_endpoints(RelaySettings(sealing_secret=SEALING, endpoints_file=file))
    file.write_text(one)
    first = configured_endpoints(RelaySettings(sealing_secret=SEALING, endpoints_file=file))
    for wanted in (both, both, first, both, first):
        async with relay_database.transaction() as connection:
            sealed = [(endpoint, SEALER.seal(secret, endpoint.id)) for endpoint, secret in wanted]
            await keep_configured_endpoints(connection, sealed)
            kept = await endpoints_of(connection, ["acme"])
            secrets = {e.id: (await load_secrets(connection, SEALER, e.id)).current for e in kept}
        assert {(e.id, e.url, secrets[e.id]) for e in kept} == {(e.id, e.url, s) for e, s in wanted}


def test_a_configured_endpoint_obeys_the_same_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "SKUWIRE_RELAY_ENDPOINTS", f'[{{"url": "https://10.0.0.1/", "secret": "{SECRET}", "tenant": "acme"}}]'
    )
    with pytest.raises(UnusableUrl):
        configured_endpoints(RelaySettings(sealing_secret=SEALING))
    monkeypatch.setenv("SKUWIRE_RELAY_ENDPOINTS", f'[{{"url": "{URL}", "secret": "{SHORT_SECRET}"}}]')
    with pytest.raises(ValidationError) as refused:
        RelaySettings(sealing_secret=SEALING)
    assert SHORT_SECRET not in str(refused.value)
    file = tmp_path / "endpoints.toml"
    file.write_text(f'[[endpoint]]\nurl = "{URL}"\nsecret = "{SHORT_SECRET}"\n')
    with pytest.raises(ValidationError) as refused:
        configured_endpoints(RelaySettings(sealing_secret=SEALING, endpoints=(), endpoints_file=file))
    assert SHORT_SECRET not in str(refused.value)
