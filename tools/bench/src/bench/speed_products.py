"""A usual catalogue in the bulk dialect: five features, a brand, stock, two languages."""

from typing import Any

BRANDS = 10
FEATURES = {"Width": 11, "Height": 7, "Depth": 5, "Weight": 13, "Colour": 6}
"""Features by name, with how many different values each has."""

Item = dict[str, Any]


def features_of(number: int) -> dict[str, str]:
    """The features of one product: value by name."""
    return {name: f"{name} {number % count}" for name, count in FEATURES.items()}


def brand_of(number: int) -> str:
    """The brand of one product."""
    return f"Brand {number % BRANDS}"


def catalogue(count: int, *, price: str = "12.5", more_stock: int = 0) -> list[Item]:
    """So many products; the same numbers give the same products."""
    return [
        {
            "reference": f"SPEED-{number}",
            "en": {"name": f"Bracket {number}", "description": "<p>Good steel.</p>"},
            "it": {"name": f"Staffa {number}", "description": "<p>Acciaio buono.</p>"},
            "price": price,
            "quantity": 1 + number % 9 + more_stock,
            "brand": {"name": brand_of(number)},
            "technical_data": [
                {"Gruppo": "Size", "Descrizione": name, "Valore": value}
                for name, value in features_of(number).items()
            ],
        }
        for number in range(count)
    ]
