"""How a line of a data sheet becomes a feature of the shop.

PrestaShop knows neither groups nor units of features: the group goes in front of the feature's name, so
that "Weight" of the product and "Weight" of its packaging stay two features; the unit follows the value.
"""

from common.messages.product import TechnicalDatum


def feature_name(datum: TechnicalDatum) -> str:
    """`{group}: {name}`, or the name alone where there is no group."""
    group, name = datum.group.strip(), datum.name.strip()
    return f"{group}: {name}" if group else name


def feature_value(datum: TechnicalDatum) -> str:
    """`{value} {unit}`, or the value alone where there is no unit."""
    return f"{datum.value.strip()} {datum.unit.strip()}".strip()
