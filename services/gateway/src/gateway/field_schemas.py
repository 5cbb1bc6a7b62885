"""The fields of a product as JSON Schemas: one schema for each way in which a field is read.

What a reader takes is told here beside the tables of fields (`fields.py`, `variant_reading.py`): a field that
is added there is in the schemas by itself, a new reader wants its schema.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway import variant_reading
from gateway.fields import FIELDS
from gateway.reading import STATUSES, FieldReader, Reading

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
NUMERIC_TEXT: Schema = {"type": "string", "pattern": r"^-?[0-9]{1,30}(\.[0-9]{1,9})?$", "examples": ["12.50"]}
LANGUAGE = "^[a-z]{2}(-[a-z]{2})?$"
SHA256 = "^[0-9a-f]{64}$"


@dataclass(frozen=True)
class Bounds:
    """What a dialect asks of a field beyond its type."""

    max_characters: int | None = None
    pattern: str | None = None
    at_least: int | None = None
    max_entries: int | None = None


@dataclass(frozen=True)
class Wording:
    """How a dialect writes values: whether numbers may be texts, and what else that brings."""

    numeric_strings: bool
    bounds: Bounds = Bounds()

    def number(self, *, whole: bool = False) -> Schema:
        number: Schema = {"type": "integer" if whole else "number"}
        if self.bounds.at_least is not None:
            number["minimum"] = self.bounds.at_least
        texts = [{**NUMERIC_TEXT, "pattern": "^-?[0-9]{1,30}$"} if whole else NUMERIC_TEXT]
        return _one_of(number, *(texts if self.numeric_strings else ()))

    def text(self, **more: Any) -> Schema:
        asked = {"maxLength": self.bounds.max_characters, "pattern": self.bounds.pattern, **more}
        return {"type": "string", **{key: value for key, value in asked.items() if value is not None}}

    def flag(self) -> Schema:
        others = [{"enum": [0, 1, "0", "1"]}] if self.numeric_strings else []
        return _one_of({"type": "boolean"}, *others)

    def status(self) -> Schema:
        return _one_of({"type": "string", "enum": list(STATUSES)}, self.flag())

    def entries(self, entry: Schema) -> Schema:
        most = self.bounds.max_entries
        return {"type": "array", "items": entry, **({} if most is None else {"maxItems": most})}

    def within(self) -> "Wording":
        """The same without bounds: they are those of the field, not of what stands in it."""
        return Wording(self.numeric_strings)


def schema_of(field: str, wording: Wording) -> Schema:
    """The schema of a field of a product by its name in the tables; null clears it."""
    _, reader = FIELDS[field]
    return schema_read_by(reader, wording)


def schema_read_by(reader: FieldReader, wording: Wording) -> Schema:
    """What a reader takes. Raises `KeyError` for one that has no schema yet."""
    return _one_of(SCHEMAS[reader](wording), NULL)


def _one_of(*choices: Schema) -> Schema:
    flat = [
        inner for choice in choices for inner in (choice["anyOf"] if set(choice) == {"anyOf"} else [choice])
    ]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _nullable(schema: Schema) -> Schema:
    return _one_of(schema, NULL)


def _object(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


FILLED: Schema = {"type": "string", "minLength": 1}


def _texts(wording: Wording) -> Schema:
    by_language = {
        "type": "object",
        "propertyNames": {"pattern": LANGUAGE},
        "additionalProperties": _nullable(wording.text()),
        "minProperties": 1,
        "examples": [{"en": "Coffee machine", "it": "Macchina da caffè"}],
    }
    return _one_of(wording.text(), by_language)


def _whole(wording: Wording) -> Schema:
    return wording.number(whole=True)


def _categories(wording: Wording) -> Schema:
    return wording.entries(wording.within().number(whole=True))


def _brand(wording: Wording) -> Schema:
    brand = _object({"name": FILLED}, description=_nullable(wording.text()))
    return _one_of(brand, *([wording.text()] if wording.numeric_strings else ()))


def _images(wording: Wording) -> Schema:
    with_bytes = _object({"fileName": FILLED, "base64": FILLED})
    sent_before = _object({"fileName": FILLED, "sha256": {"type": "string", "pattern": SHA256}})
    return wording.entries(_one_of(with_bytes, sent_before))


def _technical_data(wording: Wording) -> Schema:
    inner = wording.within()
    return wording.entries(
        _object(
            {"Gruppo": FILLED, "Descrizione": FILLED, "Valore": FILLED},
            Suffisso=_nullable(inner.text()),
            PrintOrder=_nullable(inner.number(whole=True)),
        )
    )


def _warehouses(wording: Wording) -> Schema:
    whole = wording.within().number(whole=True)
    by_id = _object({"warehouse_id": whole, "quantity": whole}, warehouse_code={})
    by_code = _object({"warehouse_code": FILLED, "quantity": whole})
    return wording.entries(_one_of(by_id, by_code))


def _discounts(wording: Wording) -> Schema:
    inner = wording.within()
    number = _nullable(inner.number())
    day = _nullable({"type": "string", "format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"})
    more = {"quantity": _nullable(inner.number(whole=True)), "date_start": day, "date_end": day}
    percentage = _object({"discount": inner.number()}, amount=number, **more)
    amount = _object({"amount": inner.number()}, discount=number, **more)
    return wording.entries(_one_of(percentage, amount))


def _supplier(wording: Wording) -> Schema:
    return _one_of(wording.text(), _object({"name": FILLED}, reference=_nullable(wording.text())))


def _file_names(wording: Wording) -> Schema:
    return wording.entries(wording.text())


def _variants(wording: Wording) -> Schema:
    inner = wording.within()
    pairs = {"type": "array", "items": _object({"name": FILLED, "value": FILLED})}
    by_name = {"type": "object", "additionalProperties": FILLED, "examples": [{"Size": "L"}]}
    fields = {name: schema_read_by(read, inner) for name, read in variant_reading.FIELDS.items()}
    return wording.entries(_object({"reference": FILLED, "options": _one_of(by_name, pairs)}, **fields))


def _variant_quantities(wording: Wording) -> Schema:
    whole = wording.within().number(whole=True)
    by_reference = {"type": "object", "additionalProperties": whole, "examples": [{"SKU-L": 4}]}
    listed = {"type": "array", "items": _object({"reference": FILLED, "quantity": whole})}
    return _one_of(by_reference, listed)


SCHEMAS: Mapping[FieldReader, Callable[[Wording], Schema]] = {
    Reading.texts: _texts,
    Reading.text: Wording.text,
    Reading.number: Wording.number,
    Reading.integer: _whole,
    Reading.flag: Wording.flag,
    Reading.status: Wording.status,
    Reading.categories: _categories,
    Reading.brand: _brand,
    Reading.images: _images,
    Reading.technical_data: _technical_data,
    Reading.warehouses: _warehouses,
    Reading.discounts: _discounts,
    variant_reading.supplier: _supplier,
    variant_reading.variants: _variants,
    variant_reading.variant_quantities: _variant_quantities,
    variant_reading.impact: Wording.number,
    variant_reading.file_names: _file_names,
}
