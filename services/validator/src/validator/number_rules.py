"""Rules for numbers: price, stock, weight and dimensions, and the check digit of an EAN-13."""

import re
from collections.abc import Iterator
from decimal import Decimal

from common.messages import ProductFields, Reason
from validator.knowledge import Knowledge
from validator.reasons import reason, show

MOST_INTEGER = 2**31 - 1  # the shop's stock column (measured: "between -2147483648 and 2147483647")
MOST_DECIMAL = Decimal("9999999999.999999")  # measured: eleven digits before the point are refused; six kept

EAN13 = re.compile(r"[0-9]{13}")  # not \d: the shop takes ASCII digits only


def judge_numbers(fields: ProductFields, shop: Knowledge) -> Iterator[Reason]:
    """Every number, by itself."""
    if fields.price is not None:
        if fields.price < 0:
            yield reason("price_negative", "price", value=fields.price)
        elif fields.price > MOST_DECIMAL:
            yield _out_of_range("price", fields.price, MOST_DECIMAL)
    yield from judge_quantity(fields.quantity, "quantity")
    for warehouse, quantity in (fields.warehouses or {}).items():
        yield from judge_quantity(quantity, f"warehouses.{show(warehouse)}")
    if fields.minimal_quantity is not None and not 0 <= fields.minimal_quantity <= MOST_INTEGER:
        yield _out_of_range("minimal_quantity", fields.minimal_quantity, MOST_INTEGER)
    yield from _tax_rules_group(fields.tax_rules_group, shop)
    for name in ("weight", "width", "height", "depth"):
        size: Decimal | None = getattr(fields, name)
        if size is not None and not 0 <= size <= MOST_DECIMAL:
            yield _out_of_range(name, size, MOST_DECIMAL)
    yield from judge_ean13(fields.ean13, "ean13", check_digits=shop.check_digits)


def _tax_rules_group(group: int | None, shop: Knowledge) -> Iterator[Reason]:
    """0 is no tax. The shop takes an id that it does not have, and shows the product without tax."""
    if not group:
        return
    if not 0 <= group <= MOST_INTEGER:
        yield _out_of_range("tax_rules_group", group, MOST_INTEGER)
    elif shop.tax_rules_groups is not None and group not in shop.tax_rules_groups:
        yield reason("tax_rules_group_unknown", "tax_rules_group", value=plain(group), shop=shop.shop)


def check_digit(twelve_digits: str) -> int:
    """The 13th digit of an EAN-13 (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve_digits))
    return -total % 10


def judge_ean13(ean13: str | None, path: str, *, check_digits: bool) -> Iterator[Reason]:
    """13 digits, of which the last fits the others where that is wanted; none is fine."""
    if not ean13:
        return
    if not EAN13.fullmatch(ean13):
        yield reason("ean13_form", path, value=ean13)
    elif check_digits and int(ean13[12]) != (expected := check_digit(ean13[:12])):
        yield reason("ean13_check_digit", path, value=ean13, expected=expected)


def judge_quantity(quantity: int | None, path: str) -> Iterator[Reason]:
    """A stock: none is fine, less than nothing is not."""
    if quantity is None:
        return
    if quantity < 0:
        yield reason("quantity_negative", path, value=plain(quantity))
    elif quantity > MOST_INTEGER:
        yield _out_of_range(path, quantity, MOST_INTEGER)


def _out_of_range(path: str, number: int | Decimal, most: int | Decimal) -> Reason:
    return reason("number_out_of_range", path, value=plain(number), least=0, most=most)


def plain(number: int | Decimal) -> Decimal:
    """A number that can be shown: Python refuses to write integers of more than 4,300 digits as text."""
    return Decimal(number)
