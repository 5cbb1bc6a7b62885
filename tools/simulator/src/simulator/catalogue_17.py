"""The resources that PrestaShop 1.7.8.11 describes otherwise than 8.2.1.

Source: its `?schema=synopsis` and its answers.
"""

from dataclasses import replace
from typing import Any

from simulator.catalogue import CATEGORIES, COMBINATIONS, PRODUCT_OPTION_VALUES, STOCK_AVAILABLES
from simulator.fields import Field, Kind, Resource, text
from simulator.product_fields import PRODUCTS


def altered(
    resource: Resource,
    *,
    without: tuple[str, ...] = (),
    changed: dict[str, dict[str, Any]] | None = None,
    before: dict[str, Field] | None = None,
) -> Resource:
    """A resource with fields taken out, changed, or put before others."""
    fields: list[Field] = []
    for field in resource.fields:
        if before and field.name in before:
            fields.append(before[field.name])
        if field.name not in without:
            fields.append(replace(field, **(changed or {}).get(field.name, {})))
    return replace(resource, fields=tuple(fields))


RESOURCES = {
    one.name: one
    for one in (
        altered(PRODUCTS, without=("unit_price",), changed={"minimal_quantity": {"check": "isUnsignedInt"}}),
        altered(CATEGORIES, without=("additional_description",)),
        altered(STOCK_AVAILABLES, changed={"quantity": {"shown_size": 10}}),
        replace(PRODUCT_OPTION_VALUES, model="Attribute"),
        altered(
            COMBINATIONS,
            without=("available_now", "available_later"),
            changed={"minimal_quantity": {"check": "isUnsignedId"}, "default_on": {"reads_as": None}},
            before={
                "ean13": text("location", 255, "isString"),
                "reference": Field(
                    "quantity", Kind.INTEGER, "isInt", shown_size=10, nullable=True, reads_as=0
                ),
            },
        ),
    )
}
