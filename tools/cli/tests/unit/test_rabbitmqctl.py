"""How the command that administers RabbitMQ is called, and what is told where it fails."""

from pathlib import Path

import pytest

from skuwire.broker.control import Binding, ControlFailed, QueueState, UserExists
from skuwire.broker.rabbitmqctl import Rabbitmqctl


def command(tmp_path: Path, script: str) -> Rabbitmqctl:
    """A command that writes down its arguments, its input and its environment, and then does this."""
    file = tmp_path / "rabbitmqctl"
    file.write_text(f'#!/bin/sh\ncd {tmp_path}\necho "$@" >> arguments\nenv > environment\n{script}\n')
    file.chmod(0o755)
    return Rabbitmqctl((str(file),), "/", {"PATH": "/usr/bin:/bin", "ONLY": "this"})


async def test_a_password_is_told_on_the_input_and_to_nobody_else(tmp_path: Path) -> None:
    await command(tmp_path, "cat >> input").add_user("partner.erp", "the password")
    assert (tmp_path / "input").read_text() == "the password\n"
    assert (tmp_path / "arguments").read_text() == "--quiet add_user partner.erp\n"
    assert "the password" not in (tmp_path / "environment").read_text()
    assert "ONLY=this" in (tmp_path / "environment").read_text()


async def test_a_user_may_read_one_queue_and_nothing_else(tmp_path: Path) -> None:
    await command(tmp_path, "").allow_reading("partner.erp", "partner.erp")
    limits, rights = (tmp_path / "arguments").read_text().splitlines()
    assert limits == '--quiet set_user_limits partner.erp {"max-connections": 10, "max-channels": 50}'
    assert rights == r"--quiet set_permissions --vhost / partner.erp ^$ ^$ ^partner\.erp$"


async def test_what_is_listed_is_read(tmp_path: Path) -> None:
    queues = """echo '[{"name":"partner.erp","messages":3,"consumers":""}]'"""
    assert await command(tmp_path, queues).queues() == [QueueState("partner.erp", 3, 0)]
    to_exchange = '{"source_name":"a","destination_name":"b","destination_kind":"exchange","routing_key":"#"}'
    to_queue = '{"source_name":"a","destination_name":"q","destination_kind":"queue","routing_key":"k"}'
    assert await command(tmp_path, f"echo '[{to_exchange},{to_queue}]'").bindings() == [
        Binding("a", "q", "k")
    ]


async def test_what_the_command_says_no_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserExists):
        await command(tmp_path, "echo 'User \"partner.erp\" already exists' >&2; exit 70").add_user(
            "partner.erp", "p"
        )
    await command(tmp_path, "echo 'User \"partner.erp\" does not exist' >&2; exit 70").remove_user(
        "partner.erp"
    )
    with pytest.raises(ControlFailed, match="delete_user ended with 69: unable to connect"):
        await command(tmp_path, "echo 'unable to connect' >&2; exit 69").remove_user("partner.erp")
    with pytest.raises(ControlFailed, match="cannot be run"):
        await Rabbitmqctl(("/no/such/program",), "/").queues()
