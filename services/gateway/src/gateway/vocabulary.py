"""The senders' words for what is called otherwise inside: the seeds' operations and field names."""

from collections.abc import Iterable

from common.messages import PLAIN, Intent, Reason

_NAMES_IN_LISTS = {
    "file_name": "fileName",
    "group": "Gruppo",
    "name": "Descrizione",
    "value": "Valore",
    "unit": "Suffisso",
    "order": "PrintOrder",
}


def operation_of(intent: Intent) -> str:
    """The seeds know create and update; writing whether it exists or not is their create."""
    return "create" if intent is Intent.UPSERT else intent.value


def as_sent(reasons: Iterable[Reason]) -> list[Reason]:
    """The reasons with the field names of seed 000 in their paths."""
    return [reason.model_copy(update={"field": _path_as_sent(reason.field)}) for reason in reasons]


def _path_as_sent(path: str) -> str:
    stem, _, last = path.rpartition(".")
    if stem.startswith(("technical_data[", "images[")):
        return f"{stem}.{_NAMES_IN_LISTS.get(last, last)}"
    return path.removesuffix(f".{PLAIN}")
