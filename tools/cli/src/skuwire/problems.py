"""What goes wrong for a person at the keyboard: one sentence, and what to do next."""

import os
import shutil
import sys
from enum import IntEnum
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape


def _own_name() -> str:
    if shutil.which("skuwire"):
        return "skuwire"
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return "python -m skuwire"
    near = os.path.relpath(called)
    return str(called) if near.startswith("..") else near


SKUWIRE = _own_name()
"""How the person calls this program: bare where it is on the path, else as it was called."""


class ExitCode(IntEnum):
    """What a script can tell apart. 2 is what typer itself gives for wrong options."""

    OK = 0
    NOT_AS_PROMISED = 1
    CANNOT_START = 3
    GATEWAY_AWAY = 4
    REFUSED = 5


class Problem(Exception):
    """The command cannot go on. `next_step` says what the person can do about it."""

    def __init__(self, message: str, next_step: str = "", *, code: ExitCode = ExitCode.CANNOT_START) -> None:
        super().__init__(message)
        self.next_step = next_step
        self.code = code


def tell(problem: Problem) -> typer.Exit:
    """Print the problem on standard error; the exit to raise."""
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]Error[/] {escape(str(problem))}", soft_wrap=True)
    if problem.next_step:
        console.print(f"[bold]Next[/]  {escape(problem.next_step)}", soft_wrap=True)
    return typer.Exit(problem.code)
