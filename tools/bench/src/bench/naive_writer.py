"""A writer that POSTs and tries again, as most scripts do: the oracle has to find its duplicates."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

import aiohttp

from bench.cell_products import Wanted
from bench.fault_cells import KINDS, WRITES_UNSEEN, Cell, Kind
from bench.fault_matrix import REQUEST_SECONDS
from bench.oracle import Verdict, judge, read_tables
from bench.shops_under_test import ShopUnderTest
from prestashop import drafts, to_xml

PRODUCTS = 40
TRIES = 6
AT_ONCE = 4
LANGUAGES = (1, 2)


@dataclass(frozen=True)
class NaiveResult:
    """What the naive writer has left in the shop."""

    cell: Cell
    verdict: Verdict

    def line(self) -> str:
        """The cell in one line."""
        return (
            f"     naive         under {self.cell.fault:12} seed {self.cell.seed}: "
            f"{self.cell.kind.products} products, twice {len(self.verdict.duplicates)}"
        )


def naive_cells(seed: int) -> list[Cell]:
    """Product creates under each fault that hides a write."""
    creates = next(kind for kind in KINDS if kind.name == "creates")
    kind = Kind("naive", creates.matches, products=PRODUCTS)
    return [Cell(kind, fault, seed) for fault in WRITES_UNSEEN]


async def run_naive_cell(cell: Cell, shop: ShopUnderTest) -> NaiveResult:
    """POST each product until it is answered with 201."""
    wanted = [
        Wanted(f"{cell.prefix}{number}", f"{cell.prefix} product {number}", Decimal(10), 0)
        for number in range(cell.kind.products)
    ]
    await shop.switch(*cell.switches())
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    async with aiohttp.ClientSession(
        headers={"Authorization": aiohttp.encode_basic_auth(shop.key, "")},
        timeout=timeout,
        connector=aiohttp.TCPConnector(limit=AT_ONCE),
    ) as http:
        await asyncio.gather(*(_post(http, shop.url, product) for product in wanted))
    await shop.switch({"clear": True})
    await asyncio.sleep(cell.quiet_seconds)
    return NaiveResult(cell, judge(wanted, await asyncio.to_thread(read_tables, shop.database, cell.prefix)))


async def _post(http: aiohttp.ClientSession, url: str, product: Wanted) -> None:
    names = dict.fromkeys(LANGUAGES, product.name)
    node = drafts.product(product.reference, names, product.price, link_rewrite=dict.fromkeys(LANGUAGES, "p"))
    body = to_xml("products", [node])
    for _ in range(TRIES):
        try:
            async with http.post(f"{url}/api/products", data=body) as answer:
                if answer.status == 201:
                    return
        except (aiohttp.ClientError, TimeoutError):
            continue
