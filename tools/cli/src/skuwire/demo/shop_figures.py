"""What the simulated shop itself says: its request log and its products, never our own counters."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp

PATIENCE_SECONDS = 300.0  # the shop may be stopped for a while; the demo waits for it as the services do
ANSWER_SECONDS = 20.0
PAUSE_SECONDS = 0.5
PAGE = 1000
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PICTURES = "/api/images"

Request = Mapping[str, Any]
"""A line of the shop's request log: id, method, path, status, entities, seconds …"""


@dataclass(frozen=True)
class Traffic:
    """Requests to the shop's webservice. Those about pictures are counted apart."""

    reads: int
    writes: int
    picture_reads: int
    picture_writes: int
    by_kind: Mapping[str, int]


def traffic_of(requests: Iterable[Request]) -> Traffic:
    """Count the requests to the webservice among these."""
    counted: Counter[tuple[bool, bool]] = Counter()
    kinds: Counter[str] = Counter()
    for request in requests:
        path = request["path"]
        if not path.startswith("/api"):
            continue
        counted[path.startswith(PICTURES), request["method"] in WRITES] += 1
        kinds[f"{request['method']} {_resource(path)}"] += 1
    return Traffic(
        reads=counted[False, False],
        writes=counted[False, True],
        picture_reads=counted[True, False],
        picture_writes=counted[True, True],
        by_kind=dict(sorted(kinds.items())),
    )


def _resource(path: str) -> str:
    parts = path.removeprefix("/api").strip("/").split("/")
    return "/".join(parts[:2]) if parts[0] == "images" else parts[0] or "root"


def duplicate_references(products: Iterable[Mapping[str, Any]]) -> list[str]:
    """References that more than one product of the shop has."""
    counted = Counter(product["reference"] for product in products)
    return sorted(reference for reference, count in counted.items() if count > 1)


def as_sent(products: Iterable[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], field: str) -> int:
    """How many of the changes the shop shows: its price or quantity of that reference is the one sent."""
    shown = {product["reference"]: product[field] for product in products}
    return sum(
        Decimal(str(shown.get(one["reference"], "NaN"))) == Decimal(str(one[field])) for one in changes
    )


class ShopFigures:
    """Reads the simulated shop's own account, with patience while it is away."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._last_id = 0

    async def new_requests(self) -> list[Request]:
        """The requests that were logged since this was asked before."""
        found: list[Request] = []
        while True:
            page = await self._get(f"/_simulator/requests?since_id={self._last_id}")
            found += page
            if page:
                self._last_id = page[-1]["id"]
            if len(page) < PAGE:
                return found

    async def products(self) -> list[dict[str, Any]]:
        """All products as a visitor of the shop sees them."""
        found: list[dict[str, Any]] = []
        while True:
            page = (await self._get(f"/_simulator/state?limit={PAGE}&offset={len(found)}"))["products"]
            found += page
            if len(page) < PAGE:
                return found

    async def _get(self, path: str) -> Any:
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE_SECONDS
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        while True:
            try:
                async with self._http.get(self._url + path, timeout=timeout) as answer:
                    answer.raise_for_status()
                    return await answer.json()
            except (aiohttp.ClientError, TimeoutError):
                if clock() > deadline:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)
