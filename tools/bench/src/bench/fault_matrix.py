"""The fault matrix: what a failing shop does to products on their way through the whole stack."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyvips  # type: ignore[import-untyped]  # it ships no types

from bench.cell_products import sendings
from bench.fault_cells import Cell
from bench.oracle import Verdict, judge, read_tables
from bench.shops_under_test import NotFinished, ShopUnderTest, Surroundings, bring, running_stack
from skuwire.gateway import AnswerLost, Gateway, GatewayAway, GatewayRefused
from stack.wiring import SimulatedShop

CELL_SECONDS = 90.0
SHOWN = 3  # violations that a line names
GATEWAY_FAILED = (GatewayAway, GatewayRefused, AnswerLost)

# Short, so that a lost answer is waited out within seconds; each lease outlasts the longest request.
REQUEST_SECONDS, LATE_COMMIT_SECONDS = 1.0, 1.5
ENVIRONMENT = {
    "SKUWIRE_WRITER_LEASE_SECONDS": "3.1",
    "SKUWIRE_WRITER_IDLE_SECONDS": "0.1",
    "SKUWIRE_WRITER_SET_BACK_SECONDS": "0.3",
    "SKUWIRE_WRITER_FIRST_PAUSE_SECONDS": "0.1",
    "SKUWIRE_IMAGES_LEASE_SECONDS": "5.1",
    "SKUWIRE_IMAGES_IDLE_SECONDS": "0.1",
}


@dataclass(frozen=True)
class CellResult:
    """How a cell ended. `dealt`: requests that the fault hit; `refused`: items that were told as refused."""

    cell: Cell
    verdict: Verdict
    dealt: int
    refused: int
    seconds: float
    problem: str = ""
    products: int = field(default=0)

    @property
    def holds(self) -> bool:
        """A cell whose fault hit nothing proves nothing."""
        return self.verdict.holds and not self.refused and not self.problem and self.dealt > 0

    def line(self) -> str:
        """The cell in one line."""
        verdict = self.verdict
        counts = (
            f"lost {len(verdict.lost)}, twice {len(verdict.duplicates)}, wrong {len(verdict.wrong)}, "
            f"refused {self.refused}"
        )
        named = [*verdict.lost, *verdict.duplicates, *verdict.wrong][:SHOWN]
        told = "; ".join([text for text in (self.problem, *named) if text])
        problem = told or ("" if self.dealt else "the fault hit no request")
        return (
            f"{'ok  ' if self.holds else 'FAIL'} {self.cell.kind.name:13} under {self.cell.fault:12} "
            f"seed {self.cell.seed}: {self.products} products, {self.dealt} hit, {counts}, "
            f"{self.seconds:.1f} s{f'  [{problem}]' if problem else ''}"
        )


@asynccontextmanager
async def matrix_stack(data_dir: Path, shop_ids: Sequence[str]) -> AsyncIterator[Surroundings]:
    """A stack whose shops and services wait for seconds only."""
    shops = [
        SimulatedShop(
            id=shop_id, request_timeout_seconds=REQUEST_SECONDS, late_commit_seconds=LATE_COMMIT_SECONDS
        )
        for shop_id in shop_ids
    ]
    async with running_stack(data_dir, shops, ENVIRONMENT, durable=False) as surroundings:
        yield surroundings


async def run_cell(cell: Cell, shop: ShopUnderTest, gateway: Gateway) -> CellResult:
    """Bring a cell's products to a shop that fails, and compare its tables with what was wanted."""
    clock = asyncio.get_running_loop().time
    started = clock()
    pictures = await _send_pictures(gateway) if cell.kind.name.startswith("picture") else []
    *before, last = sendings(cell, pictures)
    problem, refused = "", 0
    dealt_before = (await shop.switch())["dealt"].get(cell.fault, 0)
    try:
        for batch in before:
            await bring(gateway, shop.id, batch.items, patience_seconds=CELL_SECONDS)
        await shop.switch(*cell.switches())
        status = await bring(gateway, shop.id, last.items, patience_seconds=CELL_SECONDS)
        refused = status["refused"]
        problem = _first_refusal(status) or _not_hit(await shop.switch())
    except (NotFinished, *GATEWAY_FAILED) as error:
        problem = str(error)
    finally:
        dealt = (await shop.switch({"clear": True}))["dealt"].get(cell.fault, 0)
    await asyncio.sleep(cell.quiet_seconds)
    verdict = judge(last.wanted, await asyncio.to_thread(read_tables, shop.database, cell.prefix))
    return CellResult(
        cell, verdict, dealt - dealt_before, refused, clock() - started, problem, len(last.wanted)
    )


def _first_refusal(status: Mapping[str, Any]) -> str:
    """Why the first of the refused items was refused; '' when none was."""
    errors = [error for item in status["items"] for error in item["errors"]]
    return f"{errors[0]['field']}: {errors[0]['message']}" if errors else ""


def _not_hit(switched: Mapping[str, Any]) -> str:
    """Which of the cell's writes the fault did not reach; '' when it reached all: else it proves little."""
    missed = [rule["match"] for rule in switched["faults"] if not rule["used"]]
    return f"no request was hit of {', '.join(missed)}" if missed else ""


async def _send_pictures(gateway: Gateway) -> list[dict[str, str]]:
    images = []
    for shade in (60, 180):
        data = _picture(shade)
        sha256 = hashlib.sha256(data).hexdigest()
        await gateway.put_media(sha256, data)
        images.append({"fileName": f"shade-{shade}.jpg", "sha256": sha256})
    return images


def _picture(shade: int) -> bytes:
    image: Any = pyvips.Image.black(320, 240).linear(1, [shade, 255 - shade, shade], uchar=True)
    data: bytes = image.copy(interpretation="srgb").jpegsave_buffer()
    return data
