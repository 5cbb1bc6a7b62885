import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from simulator.editions import EDITIONS
from skuwire.commands.demo import ShopVersion
from skuwire.demo.folder import make_fresh
from skuwire.main import app
from skuwire.places import foreign_shop
from skuwire.problems import Problem

KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456"
LOGIN = ("GATEWAY_URL", "EMAIL", "PASSWORD")
BROKER = ("AMQP_URL", "RABBITMQCTL", "RABBITMQ_MANAGEMENT_URL")
run = CliRunner()


@pytest.fixture(autouse=True)
def _nothing_is_set_and_nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*LOGIN, *BROKER, "SHOP_URL", "SHOP_KEY"):
        monkeypatch.delenv(f"SKUWIRE_{name}", raising=False)


def words(text: str) -> str:
    """The text as it reads, however wide the terminal."""
    return re.sub(r"[\s│]+", " ", text)


@pytest.mark.parametrize(
    "command",
    [
        "up", "down", "push", "status", "demo", "logs", "token", "users list", "users add", "users role",
        "users password", "users remove", "keys list", "keys create", "keys revoke",
        "shops list", "shops add", "shops change", "shops check", "shops remove",
        "webhooks list", "webhooks create", "webhooks pause", "webhooks enable", "webhooks remove",
        "webhooks rotate", "webhooks test", "webhooks deliveries", "webhooks replay", "webhooks recover",
        "dead-letters list", "dead-letters show", "dead-letters replay", "dead-letters edit",
        "dead-letters discard", "dead-letters replays", "dead-letters stop",
        "partners list", "partners show", "partners add", "partners change", "partners rotate",
        "partners remove",
    ],
)  # fmt: skip
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = run.invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "Example: " in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["push", "items.json"],
        ["status", "bulk_1"],
        ["token"],
        ["users", "list"],
        ["users", "list", "--operator"],
        ["keys", "revoke", "key_1"],
        ["webhooks", "list"],
        ["dead-letters", "list"],
        ["dead-letters", "list", "--operator"],
    ],
)
def test_without_a_gateway_the_next_step_is_told(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "items.json").write_text(json.dumps([{"reference": "A"}]))
    result = run.invoke(app, arguments)
    assert result.exit_code == 4
    assert re.search(r"Start one with: .+? up", words(result.stderr))


def test_a_gateway_without_a_login_is_told_which_variables_to_set() -> None:
    result = run.invoke(app, ["status", "bulk_1", "--gateway", "http://127.0.0.1:9"])
    assert result.exit_code == 4
    assert "Set SKUWIRE_EMAIL and SKUWIRE_PASSWORD" in words(result.stderr)


def test_a_file_that_is_not_json_is_told_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text("{")
    result = run.invoke(
        app, ["push", "items.json", "--shop-url", "https://shop.example.com", "--shop-key", KEY]
    )
    assert result.exit_code == 3
    assert "not JSON" in words(result.stderr)
    assert not (tmp_path / ".skuwire").exists()


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("https://shop.example.com", None, "SKUWIRE_SHOP_KEY"),
        (None, KEY, "SKUWIRE_SHOP_URL"),
        ("shop.example.com", KEY, "https://"),
        (f"https://{KEY}@shop.example.com", KEY, "https://"),
    ],
)
def test_half_a_foreign_shop_is_told_what_is_missing_and_never_its_key(
    url: str | None, key: str | None, told: str
) -> None:
    with pytest.raises(Problem) as problem:
        foreign_shop(url, key)
    assert told in problem.value.next_step
    assert KEY not in f"{problem.value} {problem.value.next_step}"


def test_two_foreign_shops_never_share_a_data_folder() -> None:
    urls = ["https://shop.example.com", "https://shop.example.com/outlet", "https://shop2.example.com"]
    folders = [shop.data_dir for url in urls if (shop := foreign_shop(url, KEY)) is not None]
    assert len(set(folders)) == 3
    assert foreign_shop(f"{urls[0]}/", KEY) == foreign_shop(urls[0], KEY)


def test_the_demo_empties_only_folders_that_a_stack_has_left(tmp_path: Path) -> None:
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "to-grandmother.txt").write_text("Dear Grandmother")
    with pytest.raises(Problem, match="something else"):
        make_fresh(letters)
    assert (letters / "to-grandmother.txt").exists()
    (letters / "secrets.json").write_text("{}")
    make_fresh(letters)
    assert list(letters.iterdir()) == []


def test_the_demo_offers_every_shop_that_the_simulator_plays() -> None:
    assert {version.value for version in ShopVersion} == set(EDITIONS)
    result = run.invoke(app, ["demo", "--shop-version", "1.6"])
    assert result.exit_code == 2
    assert "1.7.8.11-notices" in words(result.stderr)


def test_a_trace_that_nobody_has_seen_is_told_with_the_folders_that_were_searched(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    result = run.invoke(app, ["logs", "--trace", "4bf92f35", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "no log line carries the trace id 4bf92f35" in words(result.stderr)


def test_without_a_broker_or_its_administration_the_next_step_is_told() -> None:
    nowhere = run.invoke(app, ["partners", "list"])
    assert (nowhere.exit_code, "SKUWIRE_AMQP_URL" in words(nowhere.stderr)) == (3, True)
    not_told_how = run.invoke(app, ["partners", "list", "--amqp-url", "amqp://a:secret@127.0.0.1:9/"])
    assert (not_told_how.exit_code, "SKUWIRE_RABBITMQCTL" in words(not_told_how.stderr)) == (3, True)


def test_a_broker_that_does_not_answer_is_told_without_its_password() -> None:
    arguments = [
        "partners",
        "remove",
        "erp",
        "--amqp-url",
        "amqp://a:secret@127.0.0.1:9/",
        "--rabbitmqctl",
        "/no",
    ]
    result = run.invoke(app, arguments)
    assert (result.exit_code, "127.0.0.1:9" in result.stderr, "secret" in result.stderr) == (5, True, False)


def test_a_partner_that_cannot_be_is_refused_before_the_broker_is_asked() -> None:
    broker = ["--amqp-url", "amqp://127.0.0.1:9/", "--rabbitmqctl", "/no"]
    result = run.invoke(
        app, ["partners", "add", "erp", "--tenant", "acme", "--events", "product.snyced", *broker]
    )
    assert (result.exit_code, "product.synced" in words(result.stderr)) == (5, True)
