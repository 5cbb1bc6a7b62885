"""Dead letters as a client sees them: those of a tenant, or for the operator those of all."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from skuwire.gateway import Gateway

OF_TENANT = "/api/v1/dead-letters"
OF_OPERATOR = "/operator/dead-letters"


class DeadLetters:
    """What a gateway can be asked about dead letters. Sending one back twice has one effect."""

    def __init__(self, gateway: Gateway, prefix: str = OF_TENANT) -> None:
        self._gateway = gateway
        self._prefix = prefix

    async def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of letters without their bodies, and how many there are."""
        found: dict[str, Any] = await self._gateway.ask("GET", f"{self._prefix}?{urlencode(query)}")
        return found

    async def letter(self, letter_id: str) -> dict[str, Any]:
        """All that is known of a letter."""
        found: dict[str, Any] = await self._gateway.ask("GET", self._path(letter_id))
        return found

    async def replay(self, letter_id: str, body: object = None) -> dict[str, Any]:
        """Send it back, with another body where one is given; the letter as it is then."""
        sent = {} if body is None else {"body": body}
        found: dict[str, Any] = await self._gateway.ask("POST", f"{self._path(letter_id)}/replay", sent)
        return found

    async def discard(self, letter_id: str, reason: str) -> None:
        """Leave it alone from now on."""
        path = f"{self._path(letter_id)}?{urlencode({'reason': reason})}"
        await self._gateway.ask("DELETE", path, repeatable=False)

    async def start_replay(self, wanted: Mapping[str, str], rate: float) -> dict[str, Any]:
        """Send back all that wait and fit, so many messages a second."""
        body = {"filter": dict(wanted), "rate": rate}
        found: dict[str, Any] = await self._gateway.ask(
            "POST", f"{self._prefix}/replay", body, repeatable=False
        )
        return found

    async def replays(self) -> list[dict[str, Any]]:
        """The newest replays of many."""
        found: list[dict[str, Any]] = (await self._gateway.ask("GET", f"{self._prefix}/replays"))["replays"]
        return found

    async def replay_state(self, replay_id: str) -> dict[str, Any]:
        """How far one of them is."""
        found: dict[str, Any] = await self._gateway.ask("GET", self._path(f"replays/{replay_id}"))
        return found

    async def stop_replay(self, replay_id: str) -> dict[str, Any]:
        """Send nothing more of it."""
        found: dict[str, Any] = await self._gateway.ask("DELETE", self._path(f"replays/{replay_id}"))
        return found

    def _path(self, name: str) -> str:
        return f"{self._prefix}/{quote(name)}"
