"""Requests that wait for their result, woken when this process takes the result in."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Waiting:
    """Who waits for which submission."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    @contextmanager
    def on(self, submission_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something about the submission was told."""
        event = self._events.setdefault(submission_id, asyncio.Event())
        try:
            yield event
        finally:
            self._events.pop(submission_id, None)

    def wake(self, submission_ids: Iterable[str]) -> None:
        for submission_id in submission_ids:
            if event := self._events.get(submission_id):
                event.set()
