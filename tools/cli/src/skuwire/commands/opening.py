"""The shape that commands share: a coroutine, and before it what it works with.

```python
@keys.command("list")
@works_with(logged_in)
async def list_(gateway: Gateway) -> None:
    ...
```
The parameters of the opener (`logged_in`) become options of the command, after its own. What goes wrong is
told, and ends the program, as `run_command` says.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import wraps
from typing import Any, Concatenate, TypeVar

from skuwire.commands.options import DataDirOption, EmailOption, GatewayOption, PasswordOption
from skuwire.gateway import AnswerLost, Gateway
from skuwire.places import Login, needed_credentials
from skuwire.problems import SKUWIRE, ExitCode, Problem
from skuwire.running import run_command

T = TypeVar("T")
Command = Callable[Concatenate[T, ...], Awaitable[None]]


def works_with(
    opener: Callable[..., AbstractAsyncContextManager[T]],
) -> Callable[[Command[T]], Callable[..., None]]:
    """Make a command of a coroutine whose first argument is what `opener` opens, and closes after it."""
    options = [
        option.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for option in inspect.signature(opener, eval_str=True).parameters.values()
    ]

    def made(command: Command[T]) -> Callable[..., None]:
        signature = inspect.signature(command, eval_str=True)

        @wraps(command)
        def run(**given: Any) -> None:
            opened = opener(**{option.name: given.pop(option.name) for option in options})
            run_command(_inside(opened, lambda tool: command(tool, **given)))

        own = list(signature.parameters.values())[1:]
        run.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]  # where typer looks
        return run

    return made


async def _inside(opened: AbstractAsyncContextManager[T], work: Callable[[T], Awaitable[None]]) -> None:
    async with opened as tool:
        await work(tool)


@asynccontextmanager
async def logged_in(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> AsyncIterator[Gateway]:
    """The gateway that is meant, for whoever the options name."""
    async with Gateway(needed_credentials(Login(gateway, email, password, data_dir))) as opened:
        yield opened


@contextmanager
def shown_once(what: str, look: str) -> Iterator[None]:
    """Around a request whose answer holds a secret: where the answer is lost, so is the secret.

    `look` is the command that shows whether `what` was made.
    """
    try:
        yield
    except AnswerLost as error:
        step = f"The {what} may have been made and its secret is lost; look: {SKUWIRE} {look}"
        raise Problem(str(error), step, code=ExitCode.GATEWAY_AWAY) from None
