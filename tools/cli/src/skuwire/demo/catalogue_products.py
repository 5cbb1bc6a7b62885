"""The demo's products: 298 of an invented retailer, grown from the word lists in data/*.toml.

Everything is drawn from generators seeded by names: the catalogue is the same on every machine.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from skuwire.demo.pictures_plan import Subject

Item = dict[str, Any]
"""One entry of a bulk body's `items`, as it travels in JSON."""

LANGUAGES = ("en", "it")
HOME, PROFESSIONAL = 2, 12
ITALIAN_EAN_PREFIX = "803"  # GS1 gives 800 to 839 to Italy
COLOURS = {
    "Aluminium": "#b9bec4",
    "Amber": "#c47f1e",
    "Anthracite": "#43474d",
    "Ash": "#d8b98a",
    "Black": "#35383d",
    "Blue": "#2f6fae",
    "Clear": "#d5d9dd",
    "Cream": "#eadfc4",
    "Green": "#4f8a5b",
    "Grey": "#7d838b",
    "Ivory": "#ece4cf",
    "Opal": "#dfe3e6",
    "Orange": "#e07b1a",
    "Red": "#b8322a",
    "Steel": "#a9b0b8",
    "Violet": "#7a4fa3",
    "White": "#e9ebee",
    "Yellow": "#dfae1b",
}
COUNTRIES = ("Italy", "Italy", "Italy", "Germany", "Sweden", "Portugal", "Slovenia")


@dataclass(frozen=True, slots=True)
class TechnicalDatum:
    """One line of a data sheet; the unit may be empty."""

    group: str
    name: str
    unit: str
    value: str


@dataclass(frozen=True, slots=True)
class Product:
    """A generated product: its item (its pictures still missing) and what its pictures show."""

    reference: str
    item: Item
    subject: Subject


@cache
def shop() -> Mapping[str, Any]:
    """The category tree and the brands of data/shop.toml."""
    return _data("shop.toml")


@cache
def products() -> tuple[Product, ...]:
    """All generated products, family after family, each from cheap to dear."""
    families: list[Mapping[str, Any]] = _data("families.toml")["family"]
    return tuple(_product(family, number) for family in families for number in range(family["count"]))


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads((files("skuwire.demo") / "data" / name).read_text("utf-8"))


def _product(family: Mapping[str, Any], number: int) -> Product:
    chance = Chance(f"{family['key']} {number}")
    tier = number / (family["count"] - 1)  # 0 is the cheapest of its family, 1 the dearest
    brand = _brand(family["brands"][number % len(family["brands"])])
    model = f"{family['code']} {110 + 15 * number}"
    reference = f"{family['code']}-{brand['name'][:3].upper()}-{110 + 15 * number}"
    series = _by_tier(family["series"], tier)
    colour = chance.one_of(family["colours"])
    weight = _between(family["weight_kg"], tier, Decimal("0.01"))
    sheet = _data_sheet(family, tier, chance, colour, weight)
    words = {"brand": brand["name"], "series": series, "model": model}
    texts = {language: _texts(family, language, words, sheet) for language in LANGUAGES}
    item: Item = {
        "reference": reference,
        "ean13": ean13(f"{ITALIAN_EAN_PREFIX}{chance.below(10**9):09d}"),
        "category_id": str(family["category"]),
        "categories": _categories(family, tier),
        **texts,
        "price": str(_price(family["price"], tier, chance)),
        "quantity": 0 if chance.share() < 0.04 else 3 + chance.below(240),
        "weight": str(weight),
        "active": chance.share() > 0.02,
        "brand": {"name": brand["name"], "description": brand["description"]},
        "technical_data": [
            {
                "Gruppo": datum.group,
                "Descrizione": datum.name,
                "Valore": datum.value,
                "Suffisso": datum.unit,
                "PrintOrder": 10 * position,
            }
            for position, datum in enumerate(sheet, start=1)
        ],
    }
    facts = tuple((datum.name, f"{datum.value} {datum.unit}".strip()) for datum in sheet[:1] + sheet[2:4])
    subject = Subject(
        reference, family["key"], brand["name"], f"{series} {model}", facts, COLOURS[colour], brand["accent"]
    )
    return Product(reference, item, subject)


def _brand(name: str) -> Mapping[str, str]:
    return next(brand for brand in shop()["brand"] if brand["name"] == name)


def _categories(family: Mapping[str, Any], tier: float) -> list[int]:
    own = family["category"]
    parents = {category["id"]: category["parent"] for category in shop()["category"]}
    above = [parents[own]] if parents[own] != HOME else []  # Home would put every product on the front page
    return [own, *above, *([PROFESSIONAL] if family.get("professional") and tier > 0.7 else [])]


def _data_sheet(
    family: Mapping[str, Any], tier: float, chance: "Chance", colour: str, weight: Decimal
) -> list[TechnicalDatum]:
    sheet = []
    for line in family["specs"]:
        group, name, unit, values = (part.strip() for part in line.split("|"))
        choices = [value.strip() for value in values.split(",")]
        value = _by_tier(choices, tier) if all(map(_is_number, choices)) else chance.one_of(choices)
        sheet.append(TechnicalDatum(group, name, unit, value))
    general = [
        TechnicalDatum(
            "General", "Packaged weight", "kg", str((weight * Decimal("1.2")).quantize(Decimal("0.01")))
        ),
        TechnicalDatum("General", "Country of manufacture", "", chance.one_of(COUNTRIES)),
        TechnicalDatum("General", "Spare parts available", "years", chance.one_of(("7", "10", "15"))),
    ]
    sheet.append(TechnicalDatum("General", "Colour", "", colour))
    sheet.append(TechnicalDatum("General", "Warranty", "months", _by_tier(("24", "24", "36", "60"), tier)))
    return sheet + general[: chance.below(len(general) + 1)]


def _texts(
    family: Mapping[str, Any],
    language: str,
    words: Mapping[str, str],
    sheet: Sequence[TechnicalDatum],
) -> dict[str, str]:
    values = {datum.name: _written(datum.value, language) for datum in sheet} | dict(words)

    def say(text: str) -> str:
        chosen = dict(zip(LANGUAGES, text.split(" // "), strict=True))[language] if " // " in text else text
        return chosen.format_map(values)

    name = say(family["name"][language])
    intro, benefits = family["intro"], family["benefits"]
    shown = benefits[: 3 + len(words["model"]) % 2] if len(benefits) > 3 else benefits
    headings = {"en": ("Good to know", "In the box"), "it": ("In evidenza", "Nella confezione")}[language]
    description = (
        "".join(f"<p>{say(text)}</p>" for text in intro)
        + f"<h3>{headings[0]}</h3><ul>{''.join(f'<li>{say(text)}</li>' for text in shown)}</ul>"
        + f"<h3>{headings[1]}</h3><ul>{''.join(f'<li>{say(text)}</li>' for text in family['box'])}</ul>"
    )
    summary = f"<p>{say(family['summary'][language])}</p>"
    return {"name": name, "slug": slug(name), "summary": summary, "description": description}


def _written(value: str, language: str) -> str:
    return value.replace(".", ",") if language == "it" and _is_number(value) else value


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _by_tier(choices: Sequence[str], tier: float) -> str:
    return choices[min(len(choices) - 1, int(tier * len(choices)))]


def _between(bounds: Sequence[float], tier: float, step: Decimal) -> Decimal:
    low, high = bounds
    return Decimal(low + (high - low) * tier).quantize(step)


def _price(bounds: Sequence[float], tier: float, chance: "Chance") -> Decimal:
    """Prices rise by equal shares, not by equal amounts, and end in ,90."""
    low, high = bounds
    exact = low * (high / low) ** tier * (0.95 + 0.1 * chance.share())
    return Decimal(int(exact)) + Decimal("0.90")


def ean13(digits: str) -> str:
    """Twelve digits and their check digit (GS1 General Specifications, 7.9.1)."""
    total = sum(int(digit) * (1, 3)[position % 2] for position, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def slug(name: str) -> str:
    """A name as it stands in an address: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


class Chance:
    """Draws that depend on nothing but a name: only `Random.random` is promised to stay the same for ever."""

    def __init__(self, name: str) -> None:
        self._random = Random(name)  # noqa: S311  (a catalogue, not a secret)

    def share(self) -> float:
        """From 0 up to, not including, 1."""
        return self._random.random()

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, the limit."""
        return int(self.share() * limit)

    def one_of(self, choices: Sequence[str]) -> str:
        """One of the choices, all equally likely."""
        return choices[self.below(len(choices))]
