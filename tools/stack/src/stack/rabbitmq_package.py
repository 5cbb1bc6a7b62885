"""Installs the distribution's RabbitMQ package, without letting it start a service."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.children import Child, spawn
from stack.servers import ServerNotStarted

INSTALL_SECONDS = 600.0
POLICY = Path("/usr/sbin/policy-rc.d")


def can_install() -> bool:
    """Whether this is Debian or one of its children, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


async def install_rabbitmq(log: Path, policy: Path = POLICY) -> None:
    """`apt-get install rabbitmq-server`; raises ServerNotStarted with the end of its output."""
    with _no_service_starts(policy):
        await _run("apt-get", "update", log=log)
        await _run("apt-get", "install", "-y", "--no-install-recommends", "rabbitmq-server", log=log)
    if shutil.which("systemctl") and os.access("/run/systemd/system", os.F_OK):
        await _run(
            "systemctl", "disable", "rabbitmq-server.service", log=log
        )  # else it starts at the next boot


@contextmanager
def _no_service_starts(policy: Path) -> Iterator[None]:
    """Forbid package scripts to start services (101 tells invoke-rc.d so); an existing policy stays."""
    ours = not policy.exists()
    if ours:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            policy.unlink(missing_ok=True)


async def _run(*argv: str, log: Path) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    child: Child = spawn(argv[0], argv, log=log, environment=environment)
    try:
        status = await asyncio.wait_for(child.wait(), INSTALL_SECONDS)
    finally:
        await child.stop(10)
    if status != 0:
        raise ServerNotStarted(
            f"`{' '.join(argv)}` failed; its output ({log}) ends with:\n{child.last_lines()}"
        )
