"""What the tests need beyond the pinned wheels: a RabbitMQ.

    python -m stack.prepare

Does nothing where one is given, installed, or to be had from Docker; on Debian as root it installs the
package, once, before several test processes would try to.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

from stack.containers import docker_answers
from stack.rabbitmq import ensure_installation
from stack.servers import ServerNotStarted


async def _prepare() -> None:
    if os.environ.get("TEST_RABBITMQ_URL") or await docker_answers():
        return
    with tempfile.TemporaryDirectory() as folder:
        await ensure_installation(Path(folder), print)


def main() -> None:
    """Command line; exits 1 with the ways out where no RabbitMQ is to be had."""
    argparse.ArgumentParser(
        prog="python -m stack.prepare",
        description="Make sure that the tests can start a private RabbitMQ.",
        epilog="example: python -m stack.prepare && pytest",
    ).parse_args()
    try:
        asyncio.run(_prepare())
    except ServerNotStarted as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
