"""Installs the distribution's RabbitMQ package, without letting it start a service."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stack.debian import install_packages, run

POLICY = Path("/usr/sbin/policy-rc.d")


async def install_rabbitmq(log: Path, policy: Path = POLICY) -> None:
    """`apt-get install rabbitmq-server`; raises ServerNotStarted with the end of its output."""
    with _no_service_starts(policy):
        await install_packages("rabbitmq-server", log=log)
    if shutil.which("systemctl") and os.access("/run/systemd/system", os.F_OK):
        await run(
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
