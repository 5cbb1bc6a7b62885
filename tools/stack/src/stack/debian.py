"""Packages of Debian and its children, installed where we may."""

import asyncio
import os
import shutil
from pathlib import Path

from stack.children import Child, spawn
from stack.servers import ServerNotStarted

INSTALL_SECONDS = 600.0
LOOK_AGAIN_SECONDS = 2.0
ANOTHER_INSTALLS = b"get lock"  # "Could not get lock /var/lib/apt/lists/lock. It is held by process 7"


def can_install() -> bool:
    """Whether this is Debian or one of its children, and we are root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


async def install_packages(*names: str, log: Path) -> None:
    """`apt-get install`, after whoever is installing; raises ServerNotStarted with the end of its output."""
    await _in_turn("apt-get", "update", log=log)
    await _in_turn("apt-get", "install", "-y", "--no-install-recommends", *names, log=log)


async def _in_turn(*argv: str, log: Path) -> None:
    """Run it when no other holds its lock: a fresh machine fetches its updates by itself."""
    until = asyncio.get_running_loop().time() + INSTALL_SECONDS
    while True:
        before = _said(log)
        try:
            return await run(*argv, log=log)
        except ServerNotStarted:
            if ANOTHER_INSTALLS not in _said(log)[len(before) :] or asyncio.get_running_loop().time() > until:
                raise
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _said(log: Path) -> bytes:
    return log.read_bytes() if log.exists() else b""


async def run(*argv: str, log: Path) -> None:
    """Run a command that asks nothing; raises ServerNotStarted with the end of its output."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "LC_ALL": "C"}
    child: Child = spawn(argv[0], argv, log=log, environment=environment)
    try:
        status = await asyncio.wait_for(child.wait(), INSTALL_SECONDS)
    finally:
        await child.stop(10)
    if status != 0:
        raise ServerNotStarted(
            f"`{' '.join(argv)}` failed; its output ({log}) ends with:\n{child.last_lines()}"
        )
