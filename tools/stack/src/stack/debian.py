"""Packages of Debian and its children, installed where we may."""

import asyncio
import os
import shutil
from pathlib import Path

from stack.children import Child, spawn
from stack.servers import ServerNotStarted

INSTALL_SECONDS = 600.0


def can_install() -> bool:
    """Whether this is Debian or one of its children, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


async def install_packages(*names: str, log: Path) -> None:
    """`apt-get install`; raises ServerNotStarted with the end of its output."""
    await run("apt-get", "update", log=log)
    await run("apt-get", "install", "-y", "--no-install-recommends", *names, log=log)


async def run(*argv: str, log: Path) -> None:
    """Run a command that asks nothing; raises ServerNotStarted with the end of its output."""
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
