"""The senders' words for what is called otherwise inside: the seeds' operations and field names."""

import re
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from common.messages import PLAIN, FieldChange, Intent, Reason

_FIELDS = {"warehouses": "productWarehouses"}

_NAMES_IN_LISTS: Mapping[str, Mapping[str, str]] = {
    "images": {"file_name": "fileName"},
    "technical_data": {
        "group": "Gruppo",
        "name": "Descrizione",
        "value": "Valore",
        "unit": "Suffisso",
        "order": "PrintOrder",
    },
    "discounts": {
        "from_quantity": "quantity",
        "percentage": "discount",
        "starts": "date_start",
        "ends": "date_end",
    },
}

_PLACE_IN_LIST = re.compile(r"(?P<entry>(?P<list>\w+)\[\d+\])\.(?P<name>\w+)", re.ASCII)


def operation_of(intent: Intent) -> str:
    """The seeds know create and update; writing whether it exists or not is their create."""
    return "create" if intent is Intent.UPSERT else intent.value


def as_sent(reasons: Iterable[Reason]) -> list[Reason]:
    """The reasons with the field names of seed 000 in their paths."""
    return [reason.model_copy(update={"field": _path_as_sent(reason.field)}) for reason in reasons]


def changes_as_sent(changes: Iterable[FieldChange]) -> list[FieldChange]:
    """The changes with the field names of seed 000, in their paths and in the entries of lists."""
    return [
        FieldChange(
            field=_path_as_sent(change.field),
            before=_value_as_sent(change.field, change.before),
            after=_value_as_sent(change.field, change.after),
        )
        for change in changes
    ]


def _path_as_sent(path: str) -> str:
    if match := _PLACE_IN_LIST.fullmatch(path):
        name = _NAMES_IN_LISTS.get(match["list"], {}).get(match["name"], match["name"])
        return f"{match['entry']}.{name}"
    field, dot, rest = path.removesuffix(f".{PLAIN}").partition(".")
    return f"{_FIELDS.get(field, field)}{dot}{rest}"


def _value_as_sent(field: str, value: JsonValue) -> JsonValue:
    names = _NAMES_IN_LISTS.get(field)
    if names is None or not isinstance(value, list):
        return value
    return [
        {names.get(key, key): inner for key, inner in entry.items()} if isinstance(entry, dict) else entry
        for entry in value
    ]
