"""Reading product fields out of JSON: types only, every violation with the sender's path.

What a value may say (lengths, signs, forms) is judged elsewhere; here it only has to be of its type.
`null` clears a field and is passed on as None, an empty list or an empty text as such.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from common.messages import PLAIN, Brand, Discount, Reason, TechnicalDatum
from gateway.drafts import SentImage
from gateway.strict_json import MAX_NUMBER_CHARACTERS, MAX_NUMBER_MAGNITUDE, Json

LANGUAGE = re.compile(r"^[a-z]{2}(?:-[a-z]{2})?$")
_NUMBER = re.compile(r"^-?[0-9]+(?:\.[0-9]+)?$", re.ASCII)
_SHA256 = re.compile(r"^[0-9a-f]{64}\Z")

STATUSES = {"active": True, "inactive": False}
"""Whether the shop shows a product, in words."""


class Reading:
    """Reads values of one item and collects what is wrong with them.

    Readers answer None for a null and for a value that they could not read; the latter also leaves a
    violation, which refuses the item. `numeric_strings` admits "20000" where a number is due (seeds 002
    and 004 show them; seed 000 has numbers only).
    """

    def __init__(self, *, numeric_strings: bool) -> None:
        self.violations: list[Reason] = []
        self._numeric_strings = numeric_strings

    def wrong(self, path: str, message: str, code: str = "type_wrong") -> None:
        self.violations.append(Reason(code=code, field=path, message=message))

    def text(self, value: Json, path: str) -> str | None:
        if isinstance(value, str | None):
            return value
        self.wrong(path, "Must be a text.")
        return None

    def flag(self, value: Json, path: str, otherwise: str = "Must be true or false.") -> bool | None:
        if isinstance(value, bool | None):
            return value
        if self._numeric_strings and value in (0, 1, "0", "1"):
            return value in (1, "1")
        self.wrong(path, otherwise)
        return None

    def status(self, value: Json, path: str) -> bool | None:
        """A flag, or one of seed 001's words for it."""
        if isinstance(value, str) and value in STATUSES:
            return STATUSES[value]
        return self.flag(value, path, f"Must be {' or '.join(STATUSES)}.")

    def number(self, value: Json, path: str) -> Decimal | None:
        if value is None:
            return None
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return self._in_range(Decimal(value), path)
        if self._numeric_strings and isinstance(value, str):
            text = value.strip()
            if _NUMBER.match(text) and len(text) <= MAX_NUMBER_CHARACTERS:
                return self._in_range(Decimal(text), path)
        self.wrong(path, "Must be a number, with a point before the decimals.")
        return None

    def _in_range(self, number: Decimal, path: str) -> Decimal | None:
        if number.is_zero():
            return Decimal(0)  # "-0.00" is no negative price
        if number.adjusted() > MAX_NUMBER_MAGNITUDE:
            self.wrong(path, "Is out of range.", "number_out_of_range")
            return None
        return number

    def integer(self, value: Json, path: str) -> int | None:
        if value is None:
            return None
        before = len(self.violations)
        number = self.number(value, path)
        if number is not None and number == number.to_integral_value():
            return int(number)
        del self.violations[before:]
        self.wrong(path, "Must be a whole number.")
        return None

    def identifier(self, value: Json, path: str) -> int | None:
        """An id, ours or the shop's."""
        number = self.integer(value, path)
        if number is not None and not 0 < number < 2**63:
            self.wrong(path, "Must be a positive whole number.", "number_out_of_range")
            return None
        return number

    def texts(self, value: Json, path: str) -> dict[str, str] | None:
        """A text for all languages, or texts by language."""
        if isinstance(value, str):
            return {PLAIN: value}
        if value is None:
            return None
        if isinstance(value, dict) and value and all(LANGUAGE.match(key) for key in value):
            read = {key: self.text(inner, f"{path}.{key}") for key, inner in value.items()}
            return {key: inner or "" for key, inner in read.items()}
        self.wrong(path, "Must be a text, or texts by language code.")
        return None

    def entries(
        self, value: Json, path: str, read: Callable[[dict[str, Json], str], Any]
    ) -> tuple[Any, ...] | None:
        """A list of objects. A null is an empty list: both clear it."""
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(path, "Must be a list.")
            return None
        found = []
        for index, entry in enumerate(value):
            here = f"{path}[{index}]"
            if isinstance(entry, dict):
                found.append(read(entry, here))
            else:
                self.wrong(here, "Must be an object.")
        return tuple(found)

    def only(self, entry: Mapping[str, Json], path: str, known: frozenset[str]) -> None:
        for key in entry:
            if key not in known:
                self.unknown(f"{path}.{key}" if path else key)

    def unknown(self, path: str) -> None:
        self.wrong(path, "Is not a field that is known here.", "field_unknown")

    def required_text(self, entry: Mapping[str, Json], key: str, path: str) -> str:
        here = f"{path}.{key}"
        text = self.text(entry.get(key), here)
        if text:
            return text
        if not isinstance(entry.get(key), int | list | dict | Decimal):
            self.wrong(here, "Is required.", "field_missing")
        return ""

    # ── the structures of a product ──

    def categories(self, value: Json, path: str) -> tuple[int, ...] | None:
        if value is None:
            return ()
        if not isinstance(value, list):
            self.wrong(path, "Must be a list of category ids.")
            return None
        ids = [self.integer(entry, f"{path}[{index}]") for index, entry in enumerate(value)]
        for index, entry in enumerate(value):
            if entry is None:
                self.wrong(f"{path}[{index}]", "Must be a whole number.")
        return tuple(dict.fromkeys(found for found in ids if found is not None))

    def brand(self, value: Json, path: str) -> Brand | None:
        if value is None:
            return None
        if isinstance(value, str) and self._numeric_strings:
            return Brand(name=value) if value else None
        if not isinstance(value, dict):
            self.wrong(path, "Must be an object with a name.")
            return None
        self.only(value, path, frozenset({"name", "description"}))
        name = self.required_text(value, "name", path)
        if "description" not in value:
            return Brand(name=name)
        return Brand(name=name, description=self.text(value["description"], f"{path}.description"))

    def technical_data(self, value: Json, path: str) -> tuple[TechnicalDatum, ...] | None:
        return self.entries(value, path, self._technical_datum)

    def _technical_datum(self, entry: dict[str, Json], path: str) -> TechnicalDatum:
        self.only(entry, path, frozenset({"Gruppo", "Descrizione", "Valore", "Suffisso", "PrintOrder"}))
        return TechnicalDatum(
            group=self.required_text(entry, "Gruppo", path),
            name=self.required_text(entry, "Descrizione", path),
            value=self.required_text(entry, "Valore", path),
            unit=self.text(entry.get("Suffisso"), f"{path}.Suffisso") or "",
            order=self.integer(entry.get("PrintOrder"), f"{path}.PrintOrder") or 0,
        )

    def warehouses(self, value: Json, path: str) -> dict[str, int] | None:
        """Seed 004's productWarehouses: the quantity of each warehouse, by its id."""
        found: dict[str, int] = {}

        def read(entry: dict[str, Json], here: str) -> None:
            self.only(entry, here, frozenset({"warehouse_id", "warehouse_code", "quantity"}))
            name = self._warehouse(entry, here)
            quantity = self.integer(entry.get("quantity"), f"{here}.quantity")
            if name in found:
                self.wrong(here, f"Warehouse {name} stands twice in the list.", "warehouse_twice")
            elif quantity is not None:
                found[name] = quantity
            elif entry.get("quantity") is None:
                self.wrong(f"{here}.quantity", "Is required.", "field_missing")

        if self.entries(value, path, read) is None:
            return None
        return found

    def _warehouse(self, entry: dict[str, Json], path: str) -> str:
        if entry.get("warehouse_id") is None:
            return self.required_text(entry, "warehouse_code", path)
        number = self.integer(entry["warehouse_id"], f"{path}.warehouse_id")
        return "" if number is None else str(number)

    def discounts(self, value: Json, path: str) -> tuple[Discount, ...] | None:
        """Seed 004's discounts: `discount` 5 with `quantity` 5 is 5 per cent off from 5 pieces on.

        An `amount` instead is so much off the price of a piece.
        """
        return self.entries(value, path, self._discount)

    def _discount(self, entry: dict[str, Json], path: str) -> Discount:
        self.only(entry, path, frozenset({"quantity", "discount", "amount", "date_start", "date_end"}))
        if entry.get("discount") is None and entry.get("amount") is None:
            self.wrong(f"{path}.discount", "Is required, or an amount.", "field_missing")
        quantity = self.integer(entry.get("quantity"), f"{path}.quantity")
        return Discount(
            from_quantity=1 if quantity is None else quantity,
            percentage=self.number(entry.get("discount"), f"{path}.discount"),
            amount=self.number(entry.get("amount"), f"{path}.amount"),
            starts=self.day(entry.get("date_start"), f"{path}.date_start"),
            ends=self.day(entry.get("date_end"), f"{path}.date_end"),
        )

    def day(self, value: Json, path: str) -> date | None:
        if value is None or value == "":
            return None
        if isinstance(value, str) and len(value) == len("2024-12-06"):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # told below
        self.wrong(path, "Must be a date such as 2024-12-06.")
        return None

    def images(self, value: Json, path: str) -> tuple[SentImage, ...] | None:
        return self.entries(value, path, self._image)

    def _image(self, entry: dict[str, Json], path: str) -> SentImage:
        self.only(entry, path, frozenset({"fileName", "base64", "sha256"}))
        image = SentImage(path, self.required_text(entry, "fileName", path))
        if entry.get("sha256") is None:
            image.base64 = self.required_text(entry, "base64", path) or None
        elif entry.get("base64") is not None:
            self.wrong(path, "Has both base64 and sha256; send one of them.", "fields_contradict")
        elif isinstance(entry["sha256"], str) and _SHA256.match(entry["sha256"]):
            image.sha256 = entry["sha256"]
        else:
            self.wrong(f"{path}.sha256", "Must be 64 lower-case hexadecimal digits.")
        return image


FieldReader = Callable[[Reading, Json, str], object]
"""Reads a value at a path."""
