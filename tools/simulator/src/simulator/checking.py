"""Whether an entity may be stored: the shop's validation, with its messages and its order. Pure."""

from simulator.entities import Entity, Value, whole_number
from simulator.failures import Failure, fail
from simulator.fields import Field
from simulator.validators import is_number, is_valid


def check_entity(entity: Entity, default_language: int, arrow: str) -> None:
    """Raise the shop's refusal of the first bad field: localized ones first (code 84), then the others (85).

    Empty fields that have a default get it, as the shop does while validating. `arrow` is the edition's `->`.
    """
    fields = entity.resource.fields
    for field in fields:
        if field.localized:
            check_languages(entity, field, default_language, arrow)
    for field in fields:
        if field.stored and not field.localized:
            value = entity.values.get(field.name)
            if field.default and not (value and value != "0"):
                value = entity.values[field.name] = field.default
            prefix = f"{entity.resource.model}{arrow}{field.name}"
            check_value(prefix, field, "" if value is None else str(value), 85)


def check_languages(entity: Entity, field: Field, default_language: int, arrow: str) -> None:
    """Check each text of a field; the default language's must be there when the field is required."""
    value: Value = entity.values.get(field.name)
    texts = (
        dict(value) if isinstance(value, dict) else {default_language: "" if value is None else str(value)}
    )
    texts.setdefault(default_language, "")
    prefix = f"{entity.resource.model}{arrow}{field.name}"
    for language, text in texts.items():
        check_value(prefix, field, text, 84, required=field.required and language == default_language)


def check_value(prefix: str, field: Field, value: str, code: int, *, required: bool | None = None) -> None:
    """Check one value (`prefix` names it): present, an allowed word, short enough, in range, well formed."""
    if (field.required if required is None else required) and value == "":
        raise refusal(code, f"Property {prefix} is empty.")
    if field.values and value not in field.values:
        raise refusal(
            code, f"Property {prefix} has a bad value (allowed values are: {', '.join(field.values)})."
        )
    if field.size is not None and len(value) > field.size:
        limit = f"It must be between 0 and {field.size} chars."
        raise refusal(code, f"The length of property {prefix} is currently {len(value)} chars. {limit}")
    if field.limits and out_of_range(value, field.limits):
        low, high = field.limits
        limit = f"It must be between {low} and {high}."
        raise refusal(code, f"The range of property {prefix} is currently {whole_number(value)}. {limit}")
    if value not in ("", "0") and field.check and not is_valid(field.check, value):
        raise refusal(code, f"Property {prefix} is not valid")


def out_of_range(value: str, limits: tuple[int, int]) -> bool:
    """PHP's comparison of a sent text with the limits: a text that is no number compares as text."""
    if is_number(value):
        return not limits[0] <= float(value) <= limits[1]
    return not str(limits[0]) <= value <= str(limits[1])


def refusal(code: int, text: str) -> Failure:
    """A validation error as the shop words it."""
    return fail(400, code, f'Validation error: "{text}"')
