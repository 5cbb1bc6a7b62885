"""What a credential is worth now: users and API keys, looked up again every few seconds.

A removal, another role, a revoked key or a logout therefore counts in every replica
within `FRESH_SECONDS`, and in the one that made the change at once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from pydantic import SecretStr

from common.database import Database
from gateway.access import key_store, session_store
from gateway.access.key_store import KeyInUse
from gateway.access.key_texts import digests
from gateway.access.user_store import User

FRESH_SECONDS = 3.0
MAX_REMEMBERED = 10_000

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """What was found a moment ago. What was not found is asked for each time: it takes no room."""

    def __init__(self) -> None:
        self._found: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._began_anew = 0

    async def get(self, key: K, look_up: Callable[[], Awaitable[V | None]]) -> V | None:
        now = asyncio.get_running_loop().time()
        if (known := self._found.get(key)) and now - known[0] < FRESH_SECONDS:
            return known[1]
        generation = self._began_anew
        value = await look_up()
        self._found.pop(key, None)
        if value is not None and generation == self._began_anew:
            self._found[key] = (now, value)  # as old as the question, not as the answer
            if len(self._found) > MAX_REMEMBERED:
                self._found.popitem(last=False)
        return value

    def begin_anew(self) -> None:
        """Forget everything, also what is being asked for now."""
        self._began_anew += 1
        self._found.clear()


class Standing:
    """Users by session, and keys, as the database had them at most `FRESH_SECONDS` ago."""

    def __init__(self, database: Database, credential_secrets: list[SecretStr]) -> None:
        self._database = database
        self._secrets = credential_secrets
        self._users: Remembered[tuple[str, str], User] = Remembered()
        self._keys: Remembered[bytes, KeyInUse] = Remembered()

    async def user(self, user_id: str, session_id: str) -> User | None:
        """The user, as long as the session is open."""

        async def look_up() -> User | None:
            async with self._database.transaction() as connection:
                return await session_store.user_of_session(connection, user_id, session_id)

        return await self._users.get((user_id, session_id), look_up)

    async def api_key(self, key: str) -> KeyInUse | None:
        """The key, unless it is unknown, revoked or has run out."""
        key_digests = digests(key, self._secrets)

        async def look_up() -> KeyInUse | None:
            async with self._database.transaction() as connection:
                return await key_store.api_key_in_use(connection, key_digests)

        return await self._keys.get(key_digests[0], look_up)

    def changed(self) -> None:
        """Something was changed here; the next requests look at it again."""
        self._users.begin_anew()
        self._keys.begin_anew()
