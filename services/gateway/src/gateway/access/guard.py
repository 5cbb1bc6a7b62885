"""Keeps guessers waiting: counts their attempts in the database, for all replicas together."""

import hashlib
import hmac
import math
from collections.abc import Mapping

from pydantic import SecretStr

from common.database import Database
from gateway.access import guess_store
from gateway.access.guessing import Count, wait_before_login, wait_seconds
from gateway.errors import Refusal

Subjects = Mapping[Count, bytes]


class Guard:
    """Asked before a password is looked at, and told of keys that were wrong."""

    def __init__(self, database: Database, secret: SecretStr) -> None:
        self._database = database
        self._secret = secret.get_secret_value().encode()

    async def before_login(self, address: str, email: str) -> Subjects:
        """Count the attempt, whether there is such a user or not. Raises `Refusal` (429) who has to wait."""
        subjects = {
            Count.PAIR: self._subject(Count.PAIR, f"{address} {email}"),
            Count.ADDRESS: self._subject(Count.ADDRESS, address),
            Count.ACCOUNT: self._subject(Count.ACCOUNT, email),
        }
        async with self._database.transaction() as connection:
            found, now = await guess_store.lock_guesses(connection, subjects)
            seconds = wait_before_login(found, now)
            if not seconds:
                await guess_store.count_failure(connection, subjects, found, now)
        if seconds:
            raise _wait(seconds)
        return subjects

    async def login_was_right(self, subjects: Subjects) -> None:
        """Take the attempt back."""
        async with self._database.transaction() as connection:
            await guess_store.take_back(connection, subjects)

    async def key_was_wrong(self, address: str) -> None:
        """Count it. Raises `Refusal` (429) for who has sent too many.

        A key that is right is never kept waiting: nobody guesses 154 bits, and others behind
        the same address go on.
        """
        await self._count_wrong(Count.KEYS, address)

    async def signature_was_wrong(self, address: str) -> None:
        """The same for the signature of a webhook: one that is right never waits."""
        await self._count_wrong(Count.SIGNATURES, address)

    async def _count_wrong(self, count: Count, address: str) -> None:
        subjects = {count: self._subject(count, address)}
        async with self._database.transaction() as connection:
            found, now = await guess_store.lock_guesses(connection, subjects)
            seconds = wait_seconds(found[count], now)
            if not seconds:
                await guess_store.count_failure(connection, subjects, found, now)
        if seconds:
            raise _wait(seconds)

    def _subject(self, count: Count, text: str) -> bytes:
        # Keyed, so that the table tells nobody who tried to log in, or what was typed into the wrong field.
        return hmac.digest(self._secret, f"guess\0{count}\0{text}".encode(), hashlib.sha256)


def _wait(seconds: float) -> Refusal:
    whole = str(math.ceil(seconds))
    message = f"Too many wrong attempts; try again in {whole} seconds."
    return Refusal(429, "too_many_attempts", message, headers={"Retry-After": whole})
