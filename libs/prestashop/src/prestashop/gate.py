"""Where requests wait for their turn: first come, first served, as the pace of the shop allows."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

from prestashop.errors import ShopError, ShopThrottled
from prestashop.pacing import Kind, Pace


@dataclass(slots=True)
class Turn:
    """A request whose turn it is; unless it is told how it ended, it says nothing about the shop."""

    started_at: float
    kind: Kind | None = None
    error: ShopError | None = None

    def ended(self, kind: Kind, error: ShopError | None) -> None:
        """Tell how it ended."""
        self.kind, self.error = kind, error


class Gate:
    """Lets requests through, one after the other.

    A pause that the shop asks for is waited out up to ``longest_wait_seconds``; a longer one is raised as
    ShopThrottled to everybody in line, so that nobody holds a lease for an hour.
    """

    def __init__(self, pace: Pace, *, longest_wait_seconds: float) -> None:
        self.pace = pace
        self._longest_wait_seconds = longest_wait_seconds
        self._first_in_line = asyncio.Lock()  # it is given to waiters in the order of their coming
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """Wait for one's turn, and hold it."""
        async with self._first_in_line:
            while (seconds := self.pace.wait_seconds()) > 0:
                self._refuse_a_long_pause()
                await self._change(seconds)
            turn = Turn(self.pace.start())
        try:
            yield turn
        finally:
            if turn.kind is None:
                self.pace.drop()
            else:
                self.pace.finish(turn.kind, turn.started_at, turn.error)
            self._changed.set()

    def _refuse_a_long_pause(self) -> None:
        pause = self.pace.pause_seconds()
        if pause > self._longest_wait_seconds:
            raise ShopThrottled(pause, "it asked to be left alone for longer")

    async def _change(self, seconds: float) -> None:
        """Wait until another request has ended, or for so long."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if math.isinf(seconds) else seconds):
                await self._changed.wait()
