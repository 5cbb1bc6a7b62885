"""Five cells of the fault matrix; `make faults` runs all of them."""

from dataclasses import replace

import pytest
from tests.conftest import Running

from bench.fault_cells import cells
from bench.fault_matrix import run_cell
from bench.naive_writer import naive_cells, run_naive_cell
from bench.shops_under_test import shop_under_test

pytestmark = [pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("creates", "drop_after"),
        ("brands", "500_after"),
        ("stock", "429"),
        ("variants", "never_answer"),
        ("variant_stock", "drop_after"),
    ],
)
async def test_a_failing_shop_gets_every_product_once_as_it_was_sent(
    running: Running, kind: str, fault: str
) -> None:
    (cell,) = cells([1], [kind], [fault])
    cell = replace(cell, kind=replace(cell.kind, products=30))
    shop = shop_under_test(running.stack, "demo", running.http)

    result = await run_cell(cell, shop, running.gateway)

    assert result.holds, result.line()


async def test_a_writer_that_posts_and_tries_again_is_found_out(running: Running) -> None:
    cell = next(cell for cell in naive_cells(1) if cell.fault == "drop_after")

    result = await run_naive_cell(cell, shop_under_test(running.stack, "demo", running.http))

    assert result.verdict.duplicates
    assert not result.verdict.lost
