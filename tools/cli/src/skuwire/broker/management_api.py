"""RabbitMQ's administration over the HTTP API of its management plugin."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp
from pydantic import SecretStr
from yarl import URL

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

REQUEST_SECONDS = 30.0


class ManagementApi:
    """`url` is `http(s)://user:password@host:15672`, of a user with the tag `administrator`."""

    def __init__(self, url: SecretStr, vhost: str) -> None:
        parts = URL(url.get_secret_value())
        self._base = str(parts.with_user(None).with_path("")).rstrip("/")
        login = aiohttp.encode_basic_auth(parts.user or "", parts.password or "", "utf-8")
        self._headers = {"Authorization": login}
        self._vhost = quote(vhost, safe="")

    async def add_user(self, user: str, password: str) -> None:
        if await self._ask("GET", f"/users/{quote(user)}", may_be_missing=True) is not None:
            raise UserExists(user)
        await self.change_password(user, password)

    async def change_password(self, user: str, password: str) -> None:
        await self._ask("PUT", f"/users/{quote(user)}", {"password": password, "tags": ""})

    async def remove_user(self, user: str) -> None:
        await self._ask("DELETE", f"/users/{quote(user)}", may_be_missing=True)

    async def allow_reading(self, user: str, queue: str) -> None:
        for limit, value in (("max-connections", MOST_CONNECTIONS), ("max-channels", MOST_CHANNELS)):
            await self._ask("PUT", f"/user-limits/{quote(user)}/{limit}", {"value": value})
        rights = {"configure": NOTHING, "write": NOTHING, "read": exactly(queue)}
        await self._ask("PUT", f"/permissions/{self._vhost}/{quote(user)}", rights)

    async def close_connections(self, user: str) -> None:
        await self._ask("DELETE", f"/connections/username/{quote(user)}", may_be_missing=True)

    async def queues(self) -> list[QueueState]:
        rows = await self._ask("GET", f"/queues/{self._vhost}")
        # What was declared a moment ago has no figures yet.
        return [QueueState(row["name"], row.get("messages", 0), row.get("consumers", 0)) for row in rows]

    async def bindings(self) -> list[Binding]:
        rows = await self._ask("GET", f"/bindings/{self._vhost}")
        return [
            Binding(row["source"], row["destination"], row["routing_key"])
            for row in rows
            if row["destination_type"] == "queue"
        ]

    async def _ask(
        self, method: str, path: str, body: object = None, *, may_be_missing: bool = False
    ) -> Any:  # Any: the JSON of an answer
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        url = URL(f"{self._base}/api{path}", encoded=True)  # a virtual host may be called /
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session,
                session.request(method, url, json=body) as answer,
            ):
                if answer.status == HTTPStatus.NOT_FOUND and may_be_missing:
                    return None
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    said = (await answer.text())[:300]
                    raise ControlFailed(f"the management API answered {answer.status} to {path}: {said}")
                return await answer.json() if answer.content_type == "application/json" else {}
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ControlFailed(
                f"the management API does not answer at {self._base} ({type(error).__name__})"
            ) from None
