"""Whether a secret of the settings is one that nobody guesses."""

import math
from collections import Counter
from itertools import pairwise

MIN_BYTES = 32
MIN_BITS = 80  # 32 random hexadecimal digits come to 92 at least by this measure, in 200,000 of them
MAX_NEIGHBOURS = 0.6  # and to 0.52 at most by this one
KNOWN_WORDS = ("change", "secret", "passw", "default", "example", "skuwire", "replace", "12345678")

HOW_TO_MAKE_ONE = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def weakness_of(secret: str) -> str | None:
    """Why a secret may not be used; None where it may."""
    size = len(secret.encode())
    if not secret:
        return "is not set"
    if size < MIN_BYTES:
        return f"is too short: {size} bytes, at least 32 bytes are needed"
    if any(word in secret.lower() for word in KNOWN_WORDS):
        return "holds a word of a default or an example"
    if _bits(_period(secret)) < MIN_BITS or _neighbours(secret) > MAX_NEIGHBOURS:
        return "is not random enough"
    return None


def _period(text: str) -> str:
    """The shortest text that repeated makes this one."""
    return text[: (text + text).find(text, 1)]


def _bits(text: str) -> float:
    """Shannon's measure over its characters, for the whole text."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)


def _neighbours(text: str) -> float:
    """The share of characters that follow on the one before, as in abcdef or 987."""
    follows = sum(abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(text))
    return follows / (len(text) - 1)
