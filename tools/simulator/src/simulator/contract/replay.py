"""Replays a scenario against a freshly opened shop and says of each exchange how it stands."""

import base64
import io
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import aiohttp
from yarl import URL

from simulator.app_keys import FAULTS
from simulator.contract.comparison import differences
from simulator.contract.deviations import Deviation, Deviations
from simulator.contract.recordings import Answered, Exchange, Headers, Scenario, Sent
from simulator.server import start_server
from simulator.settings import Key, ShopSettings

READING = frozenset({"GET", "HEAD"})
SECRETS = {
    "<key>": "K" * 32,
    "<key: readonly>": "R" * 32,
    "<key: disabled>": "D" * 32,
    "<key: unknown>": "U" * 32,
    "<key: short>": "short",
    "<key: empty>": "",
}
KEYS = (
    Key(SECRETS["<key>"]),
    Key(SECRETS["<key: readonly>"], resources={"products": READING, "categories": READING}),
    Key(SECRETS["<key: disabled>"], active=False),
)
SWITCHED_OFF = "switched off"  # the notes' words for a webservice that is off
FIRST_VERSION_PORT = {"8.2.1": 8080}
OTHER_PORT = 8081


class Verdict(Enum):
    """How an exchange stands. The last two fail the contract."""

    IDENTICAL = "identical"
    ACCEPTED = "accepted deviation"
    DIFFERENT = "different and not listed"
    NEEDLESS = "listed as a deviation and none"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One replayed exchange."""

    scenario: str
    step: int
    exchange: Exchange
    verdict: Verdict
    differences: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether the contract is."""
        return self.verdict in (Verdict.IDENTICAL, Verdict.ACCEPTED)

    def __str__(self) -> str:
        sent = self.exchange.sent
        head = f"{self.scenario} step {self.step} ({self.exchange.note}): {self.verdict.value}"
        lines = (f"    {line[:300]}" for line in self.differences)
        return "\n".join([head, f"  {sent.method} {sent.path}?{sent.query}", *lines])


async def replay(name: str, scenario: Scenario, deviations: Deviations, data_dir: Path) -> list[Outcome]:
    """Replay `version/scenario` against a new shop whose data lies in a folder that does not exist yet."""
    version = name.partition("/")[0]
    domain = f"127.0.0.1:{FIRST_VERSION_PORT.get(version, OTHER_PORT)}"
    settings = ShopSettings(data_dir, KEYS, version=version, domain=domain, shop_name="LabShop")
    runner, port = await start_server(settings, "127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
            outcomes = []
            for step, exchange in enumerate(scenario):
                runner.app[FAULTS].unavailable = SWITCHED_OFF in exchange.note
                found = await send(client, f"http://127.0.0.1:{port}", domain, exchange.sent)
                outcomes.append(judge(name, step, exchange, found, deviations.get((name, step))))
            return outcomes
    finally:
        await runner.cleanup()


def judge(name: str, step: int, exchange: Exchange, found: Answered, deviation: Deviation | None) -> Outcome:
    """Hold an answer to the recorded one and to what was accepted of it."""
    differing = tuple(differences(found, exchange.answered))
    if not differing:
        verdict = Verdict.NEEDLESS if deviation else Verdict.IDENTICAL
    elif deviation is None:
        verdict = Verdict.DIFFERENT
    elif deviation.only_picture and (more := tuple(differences(found, exchange.answered, any_picture=True))):
        verdict, differing = Verdict.DIFFERENT, more
    else:
        verdict = Verdict.ACCEPTED
    return Outcome(name, step, exchange, verdict, differing)


async def send(client: aiohttp.ClientSession, url: str, domain: str, sent: Sent) -> Answered:
    """Send a recorded request as it was sent, to another port."""
    query = sent.query.replace("<key>", SECRETS["<key>"]).replace("<unknown key>", SECRETS["<key: unknown>"])
    async with client.request(
        sent.method,
        URL(f"{url}{sent.path}{'?' + query if query else ''}", encoded=True),
        data=io.BytesIO(sent.body) if sent.body else None,
        headers=with_key({"Host": domain} | sent.headers),
        skip_auto_headers=("Content-Type", "Accept", "User-Agent"),
        allow_redirects=False,
    ) as answer:
        return Answered(answer.status, dict(answer.headers), await answer.read())


def with_key(headers: Headers) -> Headers:
    """The headers with the key that the recording redacted."""
    name = headers.get("Authorization", "").removeprefix("Basic ")
    if not name:
        return headers
    return headers | {"Authorization": "Basic " + base64.b64encode(f"{SECRETS[name]}:".encode()).decode()}
