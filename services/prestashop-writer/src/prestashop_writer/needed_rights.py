"""What a webservice key has to be allowed, what for, and what a shop owner ticks where it is not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from common.registered_shops.findings import MissingRight
from prestashop import Capabilities

CHANGE = "PATCH or PUT"  # PrestaShop 1.7 has no PATCH: entities are read, merged and PUT there


@dataclass(frozen=True)
class Purpose:
    """Something that a shop can do for us, with the methods that it needs by resource.

    Without a `required` one the shop is not worked on at all.
    """

    words: str
    needs: Mapping[str, Sequence[str]]
    required: bool = True


PURPOSES = (
    Purpose("create and change products", {"products": ("GET", CHANGE, "POST")}),
    Purpose("set stocks", {"stock_availables": ("GET", CHANGE)}),
    Purpose("set discounts", {"specific_prices": ("DELETE", "GET", CHANGE, "POST")}),
    Purpose("set brands", {"manufacturers": ("GET", "POST")}),
    Purpose(
        "write technical data",
        {"product_features": ("GET", "POST"), "product_feature_values": ("GET", "POST")},
    ),
    Purpose("put products into categories", {"categories": ("GET",)}),
    Purpose("write texts in the shop's languages", {"languages": ("GET",)}),
    Purpose("show pictures", {"images": ("DELETE", "GET", "POST")}),
    Purpose("delete products", {"products": ("DELETE",)}, required=False),
    Purpose("change the descriptions of brands", {"manufacturers": (CHANGE,)}, required=False),
    Purpose(
        "sell products in variants",
        {
            "combinations": ("DELETE", "GET", CHANGE, "POST"),
            "product_options": ("GET", "POST"),
            "product_option_values": ("GET", "POST"),
        },
        required=False,
    ),
    Purpose(
        "name suppliers",
        {"suppliers": ("GET", "POST"), "product_suppliers": ("DELETE", "GET", CHANGE, "POST")},
        required=False,
    ),
    Purpose("know the shop's default language", {"configurations": ("GET",)}, required=False),
    Purpose("choose tax groups", {"tax_rule_groups": ("GET",)}, required=False),
)

COLUMNS = {
    "GET": "View (GET)",
    "PUT": "Modify (PUT)",
    "POST": "Add (POST)",
    "PATCH": "Patch (PATCH)",
    "DELETE": "Delete (DELETE)",
}
"""The columns of the table of permissions in PrestaShop's back office."""


def missing_rights(capabilities: Capabilities) -> list[str]:
    """What a key would have to be allowed as well before the shop is worked on: `PATCH or PUT products`."""
    return [
        f"{need} {resource}"
        for purpose in PURPOSES
        if purpose.required
        for resource, needs in purpose.needs.items()
        for need in _missing(capabilities, resource, needs)
    ]


def can(capabilities: Capabilities) -> tuple[str, ...]:
    """What the shop can do with this key, in words."""
    return tuple(
        purpose.words
        for purpose in PURPOSES
        if not any(_missing(capabilities, resource, needs) for resource, needs in purpose.needs.items())
    )


def missing(capabilities: Capabilities) -> tuple[MissingRight, ...]:
    """What the key may not do, resource by resource, with the fix."""
    return tuple(
        _missing_right(capabilities, resource, lacking, purpose)
        for purpose in PURPOSES
        for resource, needs in purpose.needs.items()
        if (lacking := _missing(capabilities, resource, needs))
    )


def _missing(capabilities: Capabilities, resource: str, needs: Iterable[str]) -> list[str]:
    return [
        need
        for need in needs
        if not any(capabilities.allows(method, resource) for method in need.split(" or "))
    ]


def _missing_right(
    capabilities: Capabilities, resource: str, lacking: Sequence[str], purpose: Purpose
) -> MissingRight:
    change = "PUT" if capabilities.version.startswith("1.") else "PATCH"
    verbs = tuple(change if need == CHANGE else need for need in lacking)
    ticks = " and ".join(COLUMNS[verb] for verb in verbs)
    return MissingRight(
        resource=resource,
        verbs=verbs,
        needed_for=purpose.words,
        required=purpose.required,
        fix=f"Advanced Parameters → Webservice → your key → in the row {resource} tick {ticks}.",
    )
