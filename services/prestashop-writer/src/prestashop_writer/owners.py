"""Who owns a field of a shop's products: the ERP, the people in the back office, or both in turn. Pure."""

from collections.abc import Mapping

from prestashop_writer.merge import DesiredState

NEEDED_TO_CREATE = frozenset({"name", "price"})
"""Without these the shop takes no product, whoever owns them (measured on PrestaShop 8.2.1)."""

OWNED_WITH = {"warehouses": "quantity", "default_category": "categories"}
"""Fields that are written as one with another, and belong to its owner."""


def ours_to_write(state: DesiredState, owners: Mapping[str, str], *, creating: bool) -> DesiredState:
    """The fields of a desired state that a create, or a change of what the shop has, may send.

    `owners` by field: `erp` (where none is named) is always sent, `first-write` only at creation, `shop`
    only at creation and only where the shop needs it.
    """
    if not owners:
        return state
    return {name: stamped for name, stamped in state.items() if _is_ours(name, owners, creating=creating)}


def _is_ours(name: str, owners: Mapping[str, str], *, creating: bool) -> bool:
    field = name.partition(".")[0]  # texts stand by language, stock by warehouse
    field = OWNED_WITH.get(field, field)
    match owners.get(field, "erp"):
        case "shop":
            return creating and field in NEEDED_TO_CREATE
        case "first-write":
            return creating
        case _:
            return True
