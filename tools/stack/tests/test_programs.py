import asyncio
from pathlib import Path

import pytest

from stack.programs import Program, ensure_programs


def test_the_first_command_that_is_there_is_taken_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program = Program("Shell", ("no-such-shell", "sh"), "TEST_SHELL", "dash")
    found = program.find()
    assert found is not None
    assert Path(found).name == "sh"
    monkeypatch.setenv("TEST_SHELL", "/opt/shell")
    assert program.find() == "/opt/shell"


def test_whoever_may_not_install_is_told_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.programs.can_install", lambda: False)
    told: list[str] = []
    program = Program("Browser", ("no-such-browser",), "TEST_BROWSER", "some-browser")
    asyncio.run(ensure_programs(tmp_path / "log", told.append, [program]))
    assert told == [
        "no Browser here: apt-get install some-browser, or name one in TEST_BROWSER; its tests need it"
    ]


def test_what_is_there_is_not_installed(tmp_path: Path) -> None:
    told: list[str] = []
    program = Program("Shell", ("sh",), "TEST_SHELL", "dash")
    asyncio.run(ensure_programs(tmp_path / "log", told.append, [program]))
    assert told == []
