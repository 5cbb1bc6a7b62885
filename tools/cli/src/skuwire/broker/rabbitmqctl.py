"""RabbitMQ's administration by its command `rabbitmqctl`, which needs no plugin."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from skuwire.broker.control import (
    MOST_CHANNELS,
    MOST_CONNECTIONS,
    NOTHING,
    Binding,
    ControlFailed,
    QueueState,
    UserExists,
    exactly,
)

COMMAND_SECONDS = 60.0  # each one starts an Erlang machine
ALREADY_EXISTS = "already exists"
NO_SUCH_USER = "no_such_user", "does not exist"


class Rabbitmqctl:
    """`argv` begins the command; `environment` is all that it sees, where it must not see ours."""

    def __init__(self, argv: Sequence[str], vhost: str, environment: Mapping[str, str] | None = None) -> None:
        self._argv = argv
        self._vhost = vhost
        self._environment = environment

    async def add_user(self, user: str, password: str) -> None:
        try:
            await self._run("add_user", user, told=password)
        except ControlFailed as error:
            if ALREADY_EXISTS in str(error):
                raise UserExists(user) from None
            raise

    async def change_password(self, user: str, password: str) -> None:
        await self._run("change_password", user, told=password)

    async def remove_user(self, user: str) -> None:
        try:
            await self._run("delete_user", user)
        except ControlFailed as error:
            if not any(sign in str(error) for sign in NO_SUCH_USER):
                raise

    async def allow_reading(self, user: str, queue: str) -> None:
        limits = {"max-connections": MOST_CONNECTIONS, "max-channels": MOST_CHANNELS}
        await self._run("set_user_limits", user, json.dumps(limits))
        rights = (NOTHING, NOTHING, exactly(queue))
        await self._run("set_permissions", "--vhost", self._vhost, user, *rights)

    async def close_connections(self, user: str) -> None:
        await self._run("close_all_user_connections", user, "the password was changed")

    async def queues(self) -> list[QueueState]:
        rows = await self._table("list_queues", "name", "messages", "consumers")
        return [
            QueueState(row["name"], int(row["messages"] or 0), int(row["consumers"] or 0)) for row in rows
        ]

    async def bindings(self) -> list[Binding]:
        columns = ("source_name", "destination_name", "destination_kind", "routing_key")
        rows = await self._table("list_bindings", *columns)
        return [
            Binding(row["source_name"], row["destination_name"], row["routing_key"])
            for row in rows
            if row["destination_kind"] == "queue"
        ]

    async def _table(self, command: str, *columns: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(
            await self._run(command, "--vhost", self._vhost, "--formatter", "json", *columns)
        )
        return rows

    async def _run(self, command: str, *arguments: str, told: str | None = None) -> str:
        """What the command writes. A password is told on its input: arguments are seen by every user."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                "--quiet",
                command,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=None if self._environment is None else dict(self._environment),
            )
        except OSError as error:
            raise ControlFailed(f"{self._argv[0]} cannot be run ({error.strerror})") from None
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                output, errors = await process.communicate(None if told is None else told.encode() + b"\n")
        except TimeoutError:
            raise ControlFailed(f"{command} did not end within {COMMAND_SECONDS:.0f} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            said = errors.decode(errors="replace").strip() or output.decode(errors="replace").strip()
            raise ControlFailed(f"{command} ended with {process.returncode}: {said[-1000:]}")
        return output.decode(errors="replace")
