import asyncio
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.children import spawn
from stack.ports import free_port, return_port
from stack.processes import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    STEADY_SECONDS,
    ProcessNotReady,
    ProcessSpec,
    Supervisor,
    pause_before_restart,
)

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def python(name: str, *arguments: str, log: Path, ready_url: str | None = None) -> ProcessSpec:
    return ProcessSpec(name, (sys.executable, "-u", *arguments), os.environ, log, ready_url)


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    port = free_port()
    server = python(
        *("web", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(tmp_path), str(port)),
        log=tmp_path / "web.log",
        ready_url=f"http://127.0.0.1:{port}/",
    )
    supervisor = Supervisor()
    await supervisor.start(server)
    first = supervisor.pid("web")

    await supervisor.kill("web")
    async with asyncio.timeout(20):
        while supervisor.pid("web") == first:  # noqa: ASYNC110 - the new process announces itself by no event
            await asyncio.sleep(0.02)
    await supervisor.wait_ready("web")
    second = supervisor.pid("web")

    assert supervisor.ends("web") == 1
    await supervisor.stop_all()
    assert not is_running(first)
    assert not is_running(second)
    return_port(port)


async def test_a_process_that_keeps_ending_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    supervisor = Supervisor()
    broken = python("broken", "-c", "raise SystemExit('no database')", log=tmp_path / "broken.log")
    unreachable = ProcessSpec(
        broken.name, broken.argv, broken.environment, broken.log, "http://127.0.0.1:1/readyz"
    )
    with pytest.raises(ProcessNotReady, match=r"broken keeps ending.*\n(.*\n)*no database"):
        await supervisor.start(unreachable)
    await supervisor.stop_all()


async def test_a_process_that_never_becomes_ready_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    supervisor = Supervisor()
    silent = python("silent", "-c", "input", log=tmp_path / "log", ready_url="http://127.0.0.1:1/readyz")
    with pytest.raises(ProcessNotReady, match="silent was not ready within 0 s"):
        await supervisor.start(silent, deadline_seconds=0)
    await supervisor.stop_all()


async def test_a_process_that_ignores_sigterm_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-u', '-c', {STUBBORN!r}])"
    child = spawn("stubborn", [sys.executable, "-c", script], log=tmp_path / "log")
    async with asyncio.timeout(20):
        while "deaf" not in child.last_lines():  # noqa: ASYNC110 - written by another process
            await asyncio.sleep(0.02)

    await child.stop(deadline_seconds=0.1)

    async with asyncio.timeout(20):
        while group_exists(child.pid):  # noqa: ASYNC110 - init collects the orphan when it gets to it
            await asyncio.sleep(0.02)


@given(
    st.one_of(st.none(), st.floats(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)),
    st.floats(0, 2 * STEADY_SECONDS),
)
def test_pauses_grow_within_bounds_until_a_process_lives(previous: float | None, lived: float) -> None:
    pause = pause_before_restart(previous, lived)
    assert FIRST_PAUSE_SECONDS <= pause <= LONGEST_PAUSE_SECONDS
    if previous is not None and lived < STEADY_SECONDS:
        assert pause == LONGEST_PAUSE_SECONDS or pause > previous
    else:
        assert pause == FIRST_PAUSE_SECONDS
