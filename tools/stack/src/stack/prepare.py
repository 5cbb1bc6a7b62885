"""What the tests need beyond the pinned wheels: a RabbitMQ, a browser, PHP, curl.

    python -m stack.prepare

Does nothing where they are given or installed, or a RabbitMQ to be had from Docker; on Debian as root it
installs the packages, once, before several test processes would try to.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from stack.containers import docker_answers
from stack.programs import ensure_programs
from stack.rabbitmq import ensure_installation
from stack.servers import ServerNotStarted


async def _prepare() -> None:
    with tempfile.TemporaryDirectory() as folder:
        await ensure_programs(Path(folder) / "programs.log", print)
    if os.environ.get("TEST_RABBITMQ_URL") or await docker_answers():
        return
    with tempfile.TemporaryDirectory() as folder:
        await ensure_installation(Path(folder), print)


def main() -> None:
    """Command line; exits 1 with the ways out where no RabbitMQ is to be had."""
    argparse.ArgumentParser(
        prog="python -m stack.prepare",
        description="Make sure that the tests can start a private RabbitMQ and the programs that they use.",
        epilog="example: python -m stack.prepare && pytest",
    ).parse_args()
    try:
        asyncio.run(_prepare())
    except ServerNotStarted as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
