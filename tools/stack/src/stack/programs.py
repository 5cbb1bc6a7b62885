"""Programs that the tests run beside the services: a browser for the pages, PHP and curl for the guides."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stack.debian import can_install, install_packages


@dataclass(frozen=True)
class Program:
    """A program by its commands, the first that is there; `variable` names another."""

    name: str
    commands: tuple[str, ...]
    variable: str
    package: str  # Debian's

    def find(self) -> str | None:
        """Where it is."""
        found = (shutil.which(command) for command in self.commands)
        return os.environ.get(self.variable) or next(filter(None, found), None)

    @property
    def how_to_get_it(self) -> str:
        """What somebody can do who has none."""
        return f"no {self.name} here: apt-get install {self.package}, or name one in {self.variable}"


CHROMIUM = Program("Chromium", ("chromium", "chromium-browser", "google-chrome"), "TEST_CHROMIUM", "chromium")
PHP = Program("PHP", ("php",), "TEST_PHP", "php-cli")
CURL = Program("curl", ("curl",), "TEST_CURL", "curl")
PROGRAMS = (CHROMIUM, PHP, CURL)


async def ensure_programs(
    log: Path, report: Callable[[str], None], programs: Sequence[Program] = PROGRAMS
) -> None:
    """Install what is missing where we may, else report how to get it."""
    missing = [program for program in programs if program.find() is None]
    if not missing:
        return
    if not can_install():
        for program in missing:
            report(f"{program.how_to_get_it}; its tests need it")
        return
    packages = [program.package for program in missing]
    report(f"installing for the tests: {', '.join(packages)}")
    await install_packages(*packages, log=log)
