"""Passwords: argon2id, and what one has to look like."""

import asyncio
import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARACTERS = 12
MAX_CHARACTERS = 1024
MIN_DIFFERENT_CHARACTERS = 5
PLACEHOLDER = "changeme"
PASSWORDS_AT_A_TIME = 2  # each costs 64 MiB and a core for a moment


def weakness_of_password(password: str, email: str) -> str | None:
    """Why this may not be the user's password; None where it may."""
    if len(password) < MIN_CHARACTERS:
        return f"must have at least {MIN_CHARACTERS} characters"
    if len(password) > MAX_CHARACTERS:
        return f"must have at most {MAX_CHARACTERS} characters"
    if len(set(password)) < MIN_DIFFERENT_CHARACTERS:
        return f"must have at least {MIN_DIFFERENT_CHARACTERS} different characters"
    if PLACEHOLDER in re.sub(r"[^a-z]", "", password.lower()):
        return f"must not hold {PLACEHOLDER}"
    if password.strip().lower() == email:
        return "must not be the e-mail address"
    return None


class Passwords:
    """Hashes and checks passwords in threads, a few at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(PASSWORDS_AT_A_TIME)
        # compared with where there is no such user, so that an unknown address costs the same
        self._nobodys_hash = self._hasher.hash("no user has this password")

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the user's; False, at the same cost, where there is no user."""
        async with self._turns:
            same = await asyncio.to_thread(self._verify, password, password_hash or self._nobodys_hash)
        return same and password_hash is not None

    def _verify(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
