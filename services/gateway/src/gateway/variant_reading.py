"""Reading variants, their stocks, and the supplier: see `reading.py` for what reading is."""

from decimal import Decimal
from typing import Any

from common.messages import Supplier, Variant
from gateway.reading import FieldReader, Reading
from gateway.strict_json import Json


def variants(reading: Reading, value: Json, path: str) -> tuple[Variant, ...] | None:
    """The whole list of a product's variants."""

    def read(entry: dict[str, Json], here: str) -> Variant:
        return _variant(reading, entry, here)

    return reading.entries(value, path, read)


def _variant(reading: Reading, entry: dict[str, Json], path: str) -> Variant:
    reading.only(entry, path, frozenset({"reference", "options", *FIELDS}))
    found: dict[str, Any] = {
        key: read(reading, entry[key], f"{path}.{key}") for key, read in FIELDS.items() if key in entry
    }
    reference = reading.required_text(entry, "reference", path)
    return Variant(reference=reference, options=_options(reading, entry.get("options"), path), **found)


def _options(reading: Reading, value: Json, path: str) -> dict[str, str]:
    """Option values by the names of the options, from such an object or a list of `{name, value}`."""
    here = f"{path}.options"
    found: dict[str, str] = {}

    def read(entry: dict[str, Json], place: str) -> None:
        reading.only(entry, place, frozenset({"name", "value"}))
        name = reading.required_text(entry, "name", place)
        if name in found:
            reading.wrong(f"{place}.name", f"{name} has a value already.", "option_twice")
        found[name] = reading.required_text(entry, "value", place)

    if isinstance(value, dict):
        return {name: reading.required_text(value, name, here) for name in value}
    if value is None:
        reading.wrong(here, "Is required.", "field_missing")
    else:
        reading.entries(value, here, read)
    return found


def impact(reading: Reading, value: Json, path: str) -> Decimal | None:
    """What is added to the product's price or weight; a null adds nothing."""
    return Decimal(0) if value is None else reading.number(value, path)


def file_names(reading: Reading, value: Json, path: str) -> tuple[str, ...] | None:
    """Pictures by the names that the product's list gives them."""
    if value is None:
        return ()
    if not isinstance(value, list):
        reading.wrong(path, "Must be a list of file names.")
        return None
    names = [name for name in value if isinstance(name, str)]
    for index, name in enumerate(value):
        if not isinstance(name, str):
            reading.wrong(f"{path}[{index}]", "Must be the file name of one of the product's pictures.")
    return tuple(dict.fromkeys(names))


FIELDS: dict[str, FieldReader] = {
    "ean13": Reading.text,
    "price_impact": impact,
    "weight_impact": impact,
    "quantity": Reading.integer,
    "minimal_quantity": Reading.integer,
    "is_default": Reading.flag,
    "images": file_names,
}
"""The fields of a variant beside its reference and its options."""


def variant_quantities(reading: Reading, value: Json, path: str) -> dict[str, int] | None:
    """Stocks of variants by their references, from such an object or a list of `{reference, quantity}`."""
    found: dict[str, int] = {}

    def put(reference: str, quantity: Json, here: str) -> None:
        number = reading.integer(quantity, here)
        if number is not None:
            found[reference] = number
        elif quantity is None:
            reading.wrong(here, "Is required.", "field_missing")

    def read(entry: dict[str, Json], here: str) -> None:
        reading.only(entry, here, frozenset({"reference", "quantity"}))
        reference = reading.required_text(entry, "reference", here)
        if reference in found:
            reading.wrong(here, f"Variant {reference} stands twice in the list.", "variant_twice")
        put(reference, entry.get("quantity"), f"{here}.quantity")

    if isinstance(value, dict):
        for reference, quantity in value.items():
            put(reference, quantity, f"{path}.{reference}")
        return found
    if value is None or reading.entries(value, path, read) is None:
        return None
    return found


def supplier(reading: Reading, value: Json, path: str) -> Supplier | None:
    """A supplier by its name, or an object that also says what the supplier calls the product."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return Supplier(name=value)
    if not isinstance(value, dict):
        reading.wrong(path, "Must be a name, or an object with a name.")
        return None
    reading.only(value, path, frozenset({"name", "reference"}))
    name = reading.required_text(value, "name", path)
    if "reference" not in value:
        return Supplier(name=name)
    return Supplier(name=name, reference=reading.text(value["reference"], f"{path}.reference"))
