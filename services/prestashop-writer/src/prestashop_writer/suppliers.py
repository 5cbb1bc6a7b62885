"""The supplier of a product: what it calls the product stands in a row of its own in the shop. Pure.

The shop has at most one row for a product and a supplier (a unique key of its own table). Rows of other
suppliers that people have made are left alone; the one that we made before goes when the supplier changes.
"""

from collections.abc import Mapping
from typing import Any

from prestashop import Node, drafts, id_of, text_of
from prestashop_writer.merge import DesiredState
from prestashop_writer.target import clean

SUPPLIER_ROW = "supplier_row"  # kept with the content, written through product_suppliers
RESOURCE = "product_suppliers"
IDENTITY = ("id_product", "id_product_attribute", "id_supplier")
COLUMNS = ("id_product", "id_supplier", "product_supplier_reference")

SupplierRow = Mapping[str, Any]
"""`supplier` by name, `reference` where it was said; the shop's has an `id` too. Empty: no supplier."""


def target_supplier(state: DesiredState) -> SupplierRow | None:
    """The desired row; None where nothing was said about a supplier."""
    if "supplier" not in state:
        return None
    said: Mapping[str, Any] = state["supplier"].value or {}
    name = clean(said.get("name", ""))
    if not name:
        return {}
    reference = {"reference": said["reference"].strip()} if said.get("reference") is not None else {}
    return {"supplier": name, **reference}


def is_supplied(target: SupplierRow, held: SupplierRow) -> bool:
    """Whether the shop's row is as desired; a reference that was not said stays as it is."""
    if not target:
        return not held
    return all(held.get(name) == value for name, value in target.items())


def held_supplier(node: Node, supplier: str) -> SupplierRow:
    """A row that was read, which is that of the supplier of this name."""
    return {
        "id": id_of(node),
        "supplier": supplier,
        "reference": text_of(node, "product_supplier_reference"),
    }


def supplier_node(presta_id: int, supplier_id: int, target: SupplierRow) -> Node:
    """The row that is sent for a product that has none of this supplier."""
    return drafts.product_supplier(presta_id, supplier_id, target.get("reference", ""))
