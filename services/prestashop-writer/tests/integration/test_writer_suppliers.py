"""Suppliers: found by name or made once, with what they call the product."""

from typing import Any

import pytest

from common.messages import Intent, Result

EVERY_PRESTASHOP = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11", "1.7.8.11-notices"], indirect=True)

ROWS = """
    select s.name, r.product_supplier_reference as reference from product_suppliers r
    join suppliers s on s.id = r.id_supplier where r.id_product = ? order by s.name"""


def supplied(world: Any, product: str, **supplier: Any) -> Any:
    return world.change(product, name={"en": product}, price="1", supplier=supplier)


def rows(world: Any, reference: str) -> list[tuple[str, str]]:
    found = world.shop.connection.execute(ROWS, (world.product(reference)["id"],))
    return [tuple(row) for row in found]


def supplier_of(world: Any, reference: str) -> str | None:
    """The name of the product's own supplier."""
    row = world.shop.connection.execute(
        "select s.name from products p left join suppliers s on s.id = p.id_supplier where p.id = ?",
        (world.product(reference)["id"],),
    ).fetchone()
    return row[0]


@EVERY_PRESTASHOP
async def test_a_supplier_comes_with_what_it_calls_the_product_and_again_costs_nothing(running: Any) -> None:
    def catalogue() -> list[Any]:
        return [
            supplied(running, f"P{at}", name=f"Supplier {at % 2}", reference=f"X-{at}") for at in range(4)
        ]

    assert {outcome.result for outcome in await running.bring(*catalogue())} == {Result.CREATED}
    assert [rows(running, f"P{at}") for at in range(2)] == [[("Supplier 0", "X-0")], [("Supplier 1", "X-1")]]
    assert supplier_of(running, "P3") == "Supplier 1"
    names = [row["name"] for row in await running.client.list_all("suppliers", display=("name",))]
    assert sorted(names) == ["Supplier 0", "Supplier 1"]

    running.forget_requests()
    assert {outcome.result for outcome in await running.bring(*catalogue())} == {Result.UNCHANGED}
    assert running.requests() == []


@EVERY_PRESTASHOP
async def test_a_supplier_changes_with_its_row_and_goes_when_it_is_cleared(running: Any) -> None:
    await running.bring(supplied(running, "P", name="First", reference="A-1"))

    await running.bring(supplied(running, "P", name="First", reference="A-2"))
    assert rows(running, "P") == [("First", "A-2")]
    await running.bring(supplied(running, "P", name="First"))
    assert rows(running, "P") == [("First", "A-2")]  # a reference that is not said stays
    await running.bring(supplied(running, "P", name="Second"))
    assert rows(running, "P") == [("Second", "")]
    assert supplier_of(running, "P") == "Second"

    outcome = await running.bring_one("P", Intent.UPDATE, supplier=None)
    assert outcome.result is Result.UPDATED
    assert rows(running, "P") == []
    assert supplier_of(running, "P") is None


async def test_rows_of_other_suppliers_are_left_alone(running: Any) -> None:
    (outcome,) = await running.bring(running.change("P", name={"en": "P"}, price="1"))
    await running.client.create("suppliers", [{"name": "Theirs", "active": 1}])
    row = {"id_product": outcome.presta_id, "id_product_attribute": 0, "id_supplier": 1}
    await running.client.create("product_suppliers", [{**row, "product_supplier_reference": "T"}])

    await running.bring(supplied(running, "P", name="Ours", reference="O"))
    assert rows(running, "P") == [("Ours", "O"), ("Theirs", "T")]
    await running.bring(supplied(running, "P", name="Theirs", reference="T2"))
    assert rows(running, "P") == [("Theirs", "T2")]


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 500, "when": "after"}, {"drop": "before"}])
@pytest.mark.parametrize("resource", ["suppliers", "product_suppliers"])
async def test_an_answer_that_is_lost_makes_nothing_twice(running: Any, resource: str, fault: Any) -> None:
    running.fail(f"POST /api/{resource}$", times=1, **fault)

    (outcome,) = await running.bring(supplied(running, "P", name="First", reference="A-1"))

    assert outcome.result is Result.CREATED, outcome
    assert rows(running, "P") == [("First", "A-1")]
    assert len(await running.client.list_all("suppliers", display=("id",))) == 1


@pytest.mark.parametrize("resource", ["suppliers", "product_suppliers"])
@pytest.mark.parametrize("methods", [set(), {"GET"}])
async def test_a_key_that_may_not_use_suppliers_refuses_the_products_that_have_one(
    running: Any, resource: str, methods: set[str]
) -> None:
    running.allow_only(resource, methods)
    plain = running.change("PLAIN", name={"en": "Plain"}, price="1")

    outcomes = await running.bring(supplied(running, "P", name="First", reference="A"), plain)

    assert [outcome.result for outcome in outcomes] == [Result.REFUSED, Result.CREATED]
    assert outcomes[0].reasons[0].field == "supplier"
    assert f" use {resource};" in outcomes[0].reasons[0].message


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}])
async def test_a_former_row_goes_also_where_the_shop_failed_over_another_product(
    running: Any, fault: Any
) -> None:
    await running.bring(*(supplied(running, product, name="First", reference="1") for product in "ABC"))
    running.fail("PATCH /api/product_suppliers", times=1, **fault)

    await running.bring(
        supplied(running, "A", name="First", reference="2"),
        supplied(running, "B", name="Second", reference="1"),
        running.change("C", Intent.UPDATE, supplier=None),
    )

    assert [rows(running, product) for product in "ABC"] == [[("First", "2")], [("Second", "1")], []]
