"""An entity of any resource: how it is read from its row, and what each field becomes when it is stored."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from simulator.cleaning import clean_html
from simulator.fields import Field, Kind, Resource

Value = str | int | dict[int, str] | None
MICRO = Decimal("0.000001")
ZERO_DATES = {Kind.DATE: "0000-00-00", Kind.DATETIME: "0000-00-00 00:00:00"}


@dataclass(slots=True)
class Entity:
    """One entity in memory. Until it is read again it holds what the client sent, which is what a write
    answers.

    A localized value is a dict (language id to text), or a plain text where the client gave no `<language>`
    node.
    """

    resource: Resource
    id: int | str | None = None
    values: dict[str, Value] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The id as a number, 0 while there is none."""
        return int(self.id or 0)

    def text(self, name: str) -> str:
        """A value as text; empty where there is none."""
        value = self.values.get(name)
        return "" if value is None or isinstance(value, dict) else str(value)

    def whole(self, name: str) -> int:
        """A value as PHP's `(int)` reads it."""
        return whole_number(self.text(name))


def whole_number(value: str) -> int:
    """What PHP's `(int)` makes of a text: its leading whole number, or 0."""
    head = value.strip().split(".", 1)[0]
    return int(head) if head.lstrip("-").isdigit() else 0


def stored_value(declared: Field, value: Value, languages: Iterable[int], default_language: int) -> object:
    """The column value that a field's value becomes. Missing languages are blanked, as the shop does."""
    if declared.localized:
        return json.dumps(
            {str(number): stored_text(declared, value, number, default_language) for number in languages},
            ensure_ascii=False,
        )
    if isinstance(value, dict):
        return None
    if value is None and declared.nullable:
        return None
    return stored_plain(declared, "" if value is None else str(value))


def stored_text(declared: Field, value: Value, language: int, default_language: int) -> str:
    """The text of one language: what was sent, else the default's for a required field, else nothing."""
    if not isinstance(value, dict):
        text = "" if value is None else str(value)
    else:
        text = value.get(language) or (value.get(default_language, "") if declared.required else "")
    return clean_html(text) if declared.kind is Kind.HTML else text


def stored_plain(declared: Field, value: str) -> object:
    """The column value of a field without languages."""
    if declared.kind is Kind.INTEGER:
        return whole_number(value)
    if declared.kind is Kind.DECIMAL:
        return decimal_text(value)
    return value or ZERO_DATES.get(declared.kind, "")


def decimal_text(value: str) -> str:
    """A decimal as the database shows it: six places, rounded half up."""
    try:
        number = Decimal(value or "0")
    except InvalidOperation:
        number = Decimal(0)
    return str(number.quantize(MICRO, ROUND_HALF_UP))


def entity_from_row(resource: Resource, row: sqlite3.Row) -> Entity:
    """An entity as stored."""
    values: dict[str, Value] = {}
    for declared in resource.fields:
        if not declared.stored:
            if declared.reads_as is not None:
                values[declared.name] = declared.reads_as
            continue
        raw = row[declared.name]
        if declared.localized:
            texts = json.loads(raw or "{}")
            values[declared.name] = {int(number): text for number, text in texts.items()}
        else:
            values[declared.name] = declared.reads_as if raw is None else str(raw)
    return Entity(resource, row["id"], values)


def load(connection: sqlite3.Connection, resource: Resource, number: int) -> Entity | None:
    """The entity with that id, or None."""
    row = connection.execute(f"SELECT * FROM {resource.name} WHERE id = ?", (number,)).fetchone()  # noqa: S608 (our own table name)
    return entity_from_row(resource, row) if row else None


def store(
    connection: sqlite3.Connection, entity: Entity, languages: list[int], default_language: int
) -> None:
    """Insert an entity without id (it gets one, as text, like the shop's echo) or update the row of its id.

    sqlite3.IntegrityError when the row breaks a unique key.
    """
    columns = [declared for declared in entity.resource.fields if declared.stored]
    row = [
        stored_value(declared, entity.values.get(declared.name), languages, default_language)
        for declared in columns
    ]
    table = entity.resource.name
    if entity.id is None:
        names = ", ".join(f'"{declared.name}"' for declared in columns)
        marks = ", ".join("?" * len(columns))
        entity.id = str(connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row).lastrowid)  # noqa: S608 (names come from our own tables)
    else:
        pairs = ", ".join(f'"{declared.name}" = ?' for declared in columns)
        connection.execute(f"UPDATE {table} SET {pairs} WHERE id = ?", (*row, entity.number))  # noqa: S608 (as above)
