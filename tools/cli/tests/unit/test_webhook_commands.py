"""`skuwire webhooks …` against a gateway that says what the test wants."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from common.public.webhooks import EVENT_TYPES
from skuwire.main import app

WEBHOOK, DELIVERY = "6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c", "0b6bbd70-40f6-4b6e-8c0f-6b8f1d1c7f3a"
run = CliRunner()


class Gateway:
    """What it was asked beside logins, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.data: Any = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                data: Any = {"access_token": "token"}
                if not self.path.endswith("/login"):
                    outer.asked.append((self.command, self.path, json.loads(body) if body else None))
                    data = outer.data
                told = json.dumps({"status": "success", "data": data}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names that the base class looks for

            def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - its name there

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __call__(self, *arguments: str) -> Any:
        login = ["--gateway", self.url, "--email", "erp@example.com", "--password", "a password"]
        return run.invoke(app, ["webhooks", *arguments, *login])


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gateway = Gateway()
    thread = Thread(target=gateway.server.serve_forever, daemon=True)
    thread.start()
    yield gateway
    gateway.server.shutdown()
    gateway.server.server_close()


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["pause", WEBHOOK], ("PATCH", f"/{WEBHOOK}", {"state": "paused"})),
        (["enable", WEBHOOK], ("PATCH", f"/{WEBHOOK}", {"state": "enabled"})),
        (["remove", WEBHOOK], ("DELETE", f"/{WEBHOOK}", None)),
        (["replay", WEBHOOK, DELIVERY], ("POST", f"/{WEBHOOK}/deliveries/{DELIVERY}/replay", None)),
    ],
)
def test_a_command_asks_the_gateway_once(
    gateway: Gateway, arguments: list[str], asked: tuple[str, str, Any]
) -> None:
    assert gateway(*arguments).exit_code == 0
    method, path, body = asked
    assert gateway.asked == [(method, f"/api/v1/webhooks{path}", body)]


def test_a_secret_is_all_that_is_written(gateway: Gateway) -> None:
    gateway.data = {"id": WEBHOOK, "secret": "whsec_abc"}
    made = gateway("create", "https://erp.example.com/", "--shop", "milano", "--shop", "roma")
    assert made.stdout == "whsec_abc\n"
    assert gateway.asked[0][2] == {"url": "https://erp.example.com/", "shops": ["milano", "roma"]}
    assert gateway("rotate", WEBHOOK).stdout == "whsec_abc\n"


def test_the_events_are_named_and_subscribed_to(gateway: Gateway) -> None:
    shown = run.invoke(app, ["webhooks", "events"], env={"COLUMNS": "160"}).output
    for name in EVENT_TYPES:
        assert name in shown
    gateway.data = {"id": WEBHOOK, "secret": "whsec_abc"}
    gateway("create", "https://erp.example.com/", "--event", "product.*", "--event", "bulk.completed")
    assert gateway.asked[0][2]["events"] == ["product.*", "bulk.completed"]


def test_an_example_of_an_event_is_asked_for(gateway: Gateway) -> None:
    gateway.data = {"delivered": True, "status": 200, "cause": None, "answer": "", "seconds": 0.1}
    gateway("test", WEBHOOK, "--event", "product.synced")
    gateway("test", WEBHOOK)
    assert [body for _, _, body in gateway.asked] == [{"event": "product.synced"}, None]


def test_what_a_test_webhook_was_answered_is_shown(gateway: Gateway) -> None:
    gateway.data = {"delivered": False, "status": 500, "cause": None, "answer": "[red]no", "seconds": 0.1}
    refused = gateway("test", WEBHOOK)
    assert (refused.exit_code, "500 [red]no" in refused.output) == (1, True)
    gateway.data = {"delivered": False, "status": None, "cause": "timed_out", "answer": "", "seconds": 15}
    assert "timed_out" in gateway("test", WEBHOOK).output
    gateway.data = {"delivered": True, "status": 200, "cause": None, "answer": "", "seconds": 0.1}
    assert gateway("test", WEBHOOK).exit_code == 0


def test_what_was_missed_is_recovered_and_counted(gateway: Gateway) -> None:
    gateway.data = {"replayed": 12}
    assert "12 are sent again" in gateway("recover", WEBHOOK, "--since", "2026-11-20T06:00:00Z").output
    assert gateway.asked[0][2] == {"since": "2026-11-20T06:00:00Z"}


def test_webhooks_and_deliveries_are_listed(gateway: Gateway) -> None:
    webhook = {
        "id": "w",
        "url": "https://e.x/",
        "events": ["*"],
        "shops": None,
        "state": "disabled",
        "failing_since": None,
    }
    gateway.data = {"webhooks": [webhook | {"state_reason": "answered 410"}]}
    assert "410" in gateway("list").output
    delivery = {
        "id": "d",
        "created_at": "now",
        "event": "product.failed",
        "subject": "c",
        "shop": "s",
        "state": "gone",
        "attempts": 1,
    }
    gateway.data = {"deliveries": [delivery | {"last_status": 410, "last_cause": None}]}
    assert "410" in gateway("deliveries", WEBHOOK, "--state", "gone", "--event", "product.*").output
    assert gateway.asked[1][1].endswith(f"/{WEBHOOK}/deliveries?state=gone&event=product.*")
