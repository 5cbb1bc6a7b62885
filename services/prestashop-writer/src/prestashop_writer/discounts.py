"""Discounts as the shop keeps them: specific prices of a product, a whole desired list as a difference. Pure.

The shop allows one specific price for a quantity and a pair of dates: another one makes it fail with an
empty 500 (measured on PrestaShop 8.2.1). A reduction that changes is therefore written into the price that is
there. Prices for one customer, group, cart or country, and those of catalogue rules, are not ours and stay.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.messages import Discount
from prestashop import Node, drafts, id_of, text_of
from prestashop_writer.merge import DesiredState
from prestashop_writer.target import plain_decimal

DISCOUNTS = "discounts"  # kept with the content, written through specific_prices

Row = Mapping[str, Any]
"""`from_quantity`, `from`, `to`, `reduction`, `reduction_type` as the shop spells them, and its `id`.

One that somebody made otherwise than we do also tells in what: `reduction_tax`, `price`.
"""

SELECTORS = (
    "id_product_attribute",
    "id_cart",
    "id_currency",
    "id_country",
    "id_group",
    "id_customer",
    "id_specific_price_rule",
)
AMOUNT = "amount"
PRODUCT_PRICE = "-1"  # a reduction of the product's price, and no price of its own
COLUMNS = (
    "id_product",
    "from_quantity",
    "from",
    "to",
    "reduction",
    "reduction_type",
    "reduction_tax",
    "price",
    *SELECTORS,
)


@dataclass(frozen=True)
class DiscountPlan:
    """The difference between the desired discounts and those that the shop holds."""

    creates: tuple[Row, ...] = ()
    changes: tuple[Row, ...] = ()  # with the id of the price that is there
    deletes: tuple[int, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.creates or self.changes or self.deletes)


def target_discounts(state: DesiredState) -> list[Row] | None:
    """The desired discounts as rows; None where nothing was said about them."""
    if DISCOUNTS not in state:
        return None
    rows = [_row(Discount.model_validate(entry)) for entry in state[DISCOUNTS].value or ()]
    return sorted({_key(row): row for row in rows}.values(), key=_key)


def plan_discounts(target: Sequence[Row], held: Sequence[Row]) -> DiscountPlan:
    """What leads from the rows that the shop holds to the desired ones."""
    there = {_key(row): row for row in held}
    wanted = {_key(row) for row in target}
    return DiscountPlan(
        creates=tuple(row for row in target if _key(row) not in there),
        changes=tuple(
            {**row, "id": there[_key(row)]["id"]}
            for row in target
            if _key(row) in there and _terms(there[_key(row)]) != _terms(row)
        ),
        deletes=tuple(int(row["id"]) for key, row in there.items() if key not in wanted),
    )


def without_ids(rows: Iterable[Row]) -> list[Row]:
    """Rows as they are desired, in their order."""
    return sorted(({name: row[name] for name in row if name != "id"} for row in rows), key=_key)


def held_row(node: Node) -> Row | None:
    """A specific price that was read as a row; None for one that is not for everybody."""
    if any(text_of(node, selector) not in ("", "0") for selector in SELECTORS):
        return None
    return {
        "id": id_of(node),
        "from_quantity": text_of(node, "from_quantity"),
        "from": text_of(node, "from"),
        "to": text_of(node, "to"),
        "reduction": plain_decimal(text_of(node, "reduction")),
        "reduction_type": text_of(node, "reduction_type"),
        **_not_as_ours(node),
    }


def _not_as_ours(node: Node) -> Row:
    """In what a specific price differs from all that we send. Tax makes no difference to a percentage."""
    price = plain_decimal(text_of(node, "price") or PRODUCT_PRICE)
    is_taxed = text_of(node, "reduction_type") == AMOUNT and text_of(node, "reduction_tax") == "1"
    return {
        **({"reduction_tax": "1"} if is_taxed else {}),
        **({"price": price} if price != PRODUCT_PRICE else {}),
    }


def discount_node(presta_id: int, row: Row) -> Node:
    """The specific price that is sent for a row; an amount is without tax, as our prices are."""
    return drafts.specific_price(
        presta_id,
        reduction=row["reduction"],
        reduction_type=row["reduction_type"],
        from_quantity=int(row["from_quantity"]),
        starts=row["from"],
        ends=row["to"],
        reduction_tax=False,
        **({"id": row["id"]} if "id" in row else {}),
    )


def _row(discount: Discount) -> Row:
    is_share = discount.percentage is not None
    reduction = (discount.percentage or Decimal(0)) / 100 if is_share else discount.amount
    return {
        "from_quantity": str(discount.from_quantity),
        "from": f"{discount.starts} 00:00:00" if discount.starts else drafts.NO_DATE,
        "to": f"{discount.ends} 23:59:59" if discount.ends else drafts.NO_DATE,  # that day included
        "reduction": plain_decimal(str(reduction)),
        "reduction_type": "percentage" if is_share else AMOUNT,
    }


def _key(row: Row) -> tuple[str, str, str]:
    return row["from_quantity"], row["from"], row["to"]


def _terms(row: Row) -> tuple[str | None, ...]:
    return tuple(row.get(name) for name in ("reduction", "reduction_type", "reduction_tax", "price"))
