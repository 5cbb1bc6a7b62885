"""What the oracle of the fault matrix calls lost, twice and wrong."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from bench.cell_products import sendings
from bench.fault_cells import FAULTS, KINDS, Cell, cells
from bench.oracle import ShopTables, Shown, judge

IMAGES = [{"fileName": "a.jpg", "sha256": "a"}, {"fileName": "b.jpg", "sha256": "b"}]


def wanted_of(kind: str):
    (cell,) = cells([1], [kind], ["drop_after"])
    return sendings(cell, IMAGES)[-1].wanted


def as_wanted(kind: str) -> list[Shown]:
    """The rows of a shop in which all is well."""
    names = [field.name for field in fields(Shown)]
    there = [wanted for wanted in wanted_of(kind) if not wanted.is_gone]
    return [Shown(**{name: getattr(wanted, name) for name in names}) for wanted in there]


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_a_shop_that_shows_what_was_sent_is_well(kind):
    assert judge(wanted_of(kind), ShopTables(as_wanted(kind))).holds


def test_a_product_that_is_not_there_is_lost_and_one_that_is_there_twice_is_a_duplicate():
    first, second, *others = as_wanted("creates")

    verdict = judge(wanted_of("creates"), ShopTables([second, second, *others]))

    assert (verdict.lost, verdict.duplicates, verdict.wrong) == ([first.reference], [second.reference], [])


def test_two_rows_of_one_name_are_a_duplicate_of_that_kind_alone():
    names = [("brand", "A"), ("brand", "A"), ("feature", "A"), ("value", "A = 1"), ("value", "B = 1")]

    assert judge([], ShopTables([], names)).duplicates == ["brand A"]


@pytest.mark.parametrize(("pictures", "found"), [(3, "duplicates"), (1, "wrong")])
def test_a_picture_too_many_is_a_duplicate_and_one_too_few_is_wrong(pictures, found):
    first, *others = as_wanted("pictures")

    verdict = judge(wanted_of("pictures"), ShopTables([replace(first, pictures=pictures), *others]))

    assert [len(verdict.lost), len(getattr(verdict, found))] == [0, 1]
    assert not verdict.holds


@pytest.mark.parametrize(("shown", "found"), [(4, "duplicates"), (2, "wrong")])
def test_a_combination_too_many_is_a_duplicate_and_one_too_few_is_wrong(shown, found):
    first, *others = as_wanted("variants")
    variants = (first.variants * 2)[:shown]

    verdict = judge(wanted_of("variants"), ShopTables([replace(first, variants=variants), *others]))

    assert [len(verdict.lost), len(getattr(verdict, found))] == [0, 1]


def test_a_stock_of_a_variant_that_did_not_come_makes_its_product_wrong():
    first, *others = as_wanted("variant_stock")
    old = tuple((reference, size, 1, impact) for reference, size, _, impact in first.variants)

    verdict = judge(wanted_of("variant_stock"), ShopTables([replace(first, variants=old), *others]))

    assert verdict.wrong == [f"{first.reference}: variants"]


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("deletes", {}),
        ("supplier_changes", {"supplier_rows": (("A", "1"), ("B", "1"))}),
        ("supplier_changes", {"supplier_rows": ()}),
        ("supplier_changes", {"supplier": None}),
        ("discount_changes", {"reductions": ((5, Decimal("0.05")), (10, Decimal("0.08")))}),
        ("discount_changes", {"reductions": ((5, Decimal("0.05")),)}),
        ("variant_changes", {"variants": ()}),
        ("brand_texts", {"brand_text": "described"}),
    ],
)
def test_what_is_left_as_it_was_before_a_change_is_seen(kind, left):
    (cell,) = cells([1], [kind], ["drop_after"])
    before = [Shown(**{f.name: getattr(w, f.name) for f in fields(Shown)}) for w in sendings(cell)[0].wanted]

    verdict = judge(wanted_of(kind), ShopTables([replace(shown, **left) for shown in before]))

    assert len(verdict.duplicates) + len(verdict.wrong) >= 30


def test_a_deletion_loses_no_product_that_stays_and_leaves_none_that_goes():
    first, *others = as_wanted("deletes")
    gone = next(wanted for wanted in wanted_of("deletes") if wanted.is_gone)

    verdict = judge(wanted_of("deletes"), ShopTables([replace(first, reference=gone.reference), *others]))

    assert (verdict.lost, verdict.wrong) == ([first.reference], [f"{gone.reference}: not gone"])
    assert len(others) + 1 == 100


@pytest.mark.parametrize(
    "difference",
    [
        {"price": Decimal(11)},
        {"quantity": None},
        {"brand": None},
        {"name": ""},
        {"features": frozenset({("a", "b")})},
    ],
)
def test_whatever_differs_makes_a_product_wrong(difference):
    first, *others = as_wanted("brands")

    verdict = judge(wanted_of("brands"), ShopTables([replace(first, **difference), *others]))

    assert len(verdict.wrong) == 1
    assert next(iter(difference)) in verdict.wrong[0]


def test_the_matrix_is_every_fault_against_every_kind_for_every_seed():
    matrix = cells([1, 10])

    assert len(matrix) == 2 * len(KINDS) * len(FAULTS)
    prefixes = [cell.prefix for cell in matrix]
    assert [p for p in prefixes for q in prefixes if p != q and q.startswith(p)] == []


def test_only_some_of_the_products_have_pictures():
    counted = [product.pictures for product in wanted_of("pictures")]

    assert (len(counted), counted.count(2), counted.count(0)) == (200, 50, 150)


def test_a_kind_or_fault_that_is_not_known_is_named():
    with pytest.raises(ValueError, match="brand, flood"):
        cells([1], ["brand"], ["flood"])


def test_each_write_of_a_kind_is_hit_for_certain():
    (cell,) = cells([1], ["supplier_changes"], ["429"])

    *rules, chance = cell.switches()

    assert [rule["match"] for rule in rules] == [*cell.kind.matches]
    assert chance["match"] == "|".join(cell.kind.matches)


def test_the_first_request_of_a_cell_is_hit_whatever_the_seed_says():
    rule, chance = Cell(KINDS[0], "429", 5).switches()

    assert (rule["times"], (rule["match"],)) == (1, KINDS[0].matches)
    assert (chance["seed"], list(chance["rates"])) == (5, ["429"])
