"""What a list request asks for: filters, fields, order, page, languages. Decided from the query, answered
in SQL.

The grammar and the errors are those measured on PrestaShop 8.2.1.
"""

import re
from dataclasses import dataclass, field

from simulator.failures import bad_query, did_you_mean, fail
from simulator.fields import Field, Kind, Resource

Query = list[tuple[str, str]]


@dataclass(slots=True)
class Condition:
    """A piece of SQL and its arguments."""

    sql: str
    arguments: list[object] = field(default_factory=list)


def value_of(query: Query, name: str) -> str | None:
    """The last value of a parameter, as PHP sees it."""
    found = None
    for key, value in query:
        if key == name:
            found = value
    return found


def languages_of(query: Query, known: list[int]) -> list[int]:
    """The languages to show: all, or those that `language=` names. Code 81 for an unknown one."""
    asked = value_of(query, "language")
    if asked is None:
        return known
    wanted = [int(part) if part.isdigit() else 0 for part in asked.strip("[]").split("|")]
    if any(number not in known for number in wanted):
        raise fail(400, 81, "language is not available")
    return [number for number in known if number in wanted]


def shown_fields(query: Query, resource: Resource, *, single: bool) -> set[str] | None:
    """The names of the fields to show; None = all of them; an empty set = ids only."""
    display = value_of(query, "display")
    if display is None:
        return None if single else set()
    if display == "full":
        return None
    names = ["id", *(one.name for one in resource.fields)]
    if not re.fullmatch(r"\[.*\]", display):
        syntax = "The 'display' syntax is wrong. You can set 'full' or '[field_1,field_2,field_3,...]'."
        raise bad_query(36, f"{syntax} These are available: {', '.join(names)}")
    wanted = [part.strip() for part in display[1:-1].split(",")]
    for name in wanted:
        if name not in names:
            message = (
                f'Unable to display this field "{name}". However, these are available: {", ".join(names)}'
            )
            raise bad_query(35, message)
    return set(wanted)


def conditions_of(query: Query, resource: Resource) -> list[Condition]:
    """The filters of a request as SQL."""
    with_dates = value_of(query, "date") == "1"
    found = []
    for key, value in query:
        matched = re.fullmatch(r"filter\[(\w+)\](?:\[\])?", key)
        if not matched:
            continue
        name = matched.group(1)
        declared = None if name == "id" else filterable(resource, name, with_dates=with_dates)
        found.append(condition(declared, value))
    return found


def filterable(resource: Resource, name: str, *, with_dates: bool) -> Field:
    """The field that a filter names. Errors: 32 unknown (dates need `date=1`), 34 computed."""
    known = {one.name: one for one in resource.fields}
    declared = known.get(name)
    if declared is None or (name in ("date_add", "date_upd") and not with_dates):
        raise bad_query(
            32, f"This filter does not exist. {did_you_mean(name, plain_names(resource, with_dates))}"
        )
    if declared.computed:
        text = f'The field "{name}" is dynamic. It is not possible to filter GET query with this field.'
        raise bad_query(34, text)
    return declared


def plain_names(resource: Resource, with_dates: bool) -> list[str]:
    """The fields that the shop lists for filters: no languages, dates only with `date=1`."""
    hidden = () if with_dates else ("date_add", "date_upd")
    return ["id", *(one.name for one in resource.fields if not one.localized and one.name not in hidden)]


def condition(declared: Field | None, value: str) -> Condition:
    """One filter: `[a]`, `[a|b]`, `[a,b]`, `>[a]`, `<[a]`, `![a]`, `[a]%`, `%[a]`, `%[a]%` or bare text."""
    matched = re.fullmatch(r"(?s)([!<>%]?)\[(.*)\](%?)", value)
    sign, inner, tail = matched.groups() if matched else ("", value, "")
    if sign == "%" or tail:
        pattern = ("%" if sign == "%" else "") + like_text(inner) + ("%" if tail else "")
        return compare(declared, [pattern], "LIKE ? ESCAPE '\\'")
    if sign in ("<", ">"):
        return compare(declared, [inner], f"{sign} ?")
    if sign == "!":
        parts = inner.split("|")
        return compare(declared, parts, f"NOT IN ({marks(parts)})")
    if matched and "," in inner and "|" not in inner and not is_text(declared):
        low, _, high = inner.partition(",")
        return compare(declared, [low, high], "BETWEEN ? AND ?")
    parts = inner.split("|") if matched else [inner]
    return compare(declared, parts, f"IN ({marks(parts)})")


def marks(parts: list[str]) -> str:
    """One question mark per part."""
    return ", ".join("?" * len(parts))


def like_text(value: str) -> str:
    """A text inside a LIKE pattern, taken literally."""
    return re.sub(r"([%_\\])", r"\\\1", value)


def is_text(declared: Field | None) -> bool:
    """Whether a comma in a filter's value belongs to a text."""
    return declared is not None and declared.kind in (Kind.STRING, Kind.HTML)


def compare(declared: Field | None, parts: list[str], comparison: str) -> Condition:
    """The comparison of a column with sent texts, by the column's kind."""
    if declared is None:
        return Condition(f"id {comparison}", [number_or_text(part) for part in parts])
    column = f'"{declared.name}"'
    if declared.localized:
        texts = f"json_each(entity.{column}) AS text WHERE text.value COLLATE shop {comparison}"
        return Condition(f"EXISTS (SELECT 1 FROM {texts})", list(parts))  # noqa: S608 (the column is ours)
    if declared.kind is Kind.DECIMAL:
        return Condition(f"CAST({column} AS REAL) {comparison}", [number_or_text(part) for part in parts])
    if declared.kind is Kind.INTEGER:
        return Condition(f"{column} {comparison}", [number_or_text(part) for part in parts])
    return Condition(f"{column} COLLATE shop {comparison}", list(parts))


def number_or_text(part: str) -> float | int | str:
    """A filter's value for a numeric column: a number where it is one."""
    try:
        return int(part)
    except ValueError:
        try:
            return float(part)
        except ValueError:
            return part


def order_of(query: Query, resource: Resource) -> str:
    """The ORDER BY of a list. Code 38 for a field that cannot be sorted by."""
    asked = value_of(query, "sort")
    if asked is None:
        return natural_order(query, resource)
    terms = []
    for part in asked.strip("[]").split(","):
        name, _, direction = part.strip().rpartition("_")
        if direction.upper() not in ("ASC", "DESC"):
            name, direction = part.strip(), "ASC"
        known = {one.name: one for one in resource.fields if one.stored}
        if name != "id" and name not in known:
            names = ", ".join(plain_names(resource, with_dates=False))
            texts = ", ".join(one.name for one in resource.fields if one.localized)
            known_ones = f"{names}, for i18n fields:{texts}"
            raise bad_query(38, f"Unable to filter by this field. However, these are available: {known_ones}")
        column = sort_column(None if name == "id" else known[name])
        terms.append(f"{column} {direction.upper()}")
    return ", ".join([*terms, "id"])


def natural_order(query: Query, resource: Resource) -> str:
    """Without `sort` the shop answers in the order of the index that its database happened to use."""
    filters = {key for key, _ in query}
    if resource.name == "products" and any(
        key == "filter[reference]" and value.endswith("]%") and value.startswith("[") for key, value in query
    ):
        return "reference COLLATE shop, id"
    if resource.name == "configurations" and "filter[name]" in filters:
        return "name, id"
    return "name, id" if resource.name == "image_types" else "id"


def sort_column(declared: Field | None) -> str:
    """The SQL expression that a field sorts by."""
    if declared is None:
        return "id"
    column = f'"{declared.name}"'
    if declared.localized:
        return f"json_extract({column}, '$.\"1\"') COLLATE shop"
    if declared.kind is Kind.DECIMAL:
        return f"CAST({column} AS REAL)"
    return column if declared.kind is Kind.INTEGER else f"{column} COLLATE shop"


def page_of(query: Query) -> str:
    """The LIMIT of a list: `limit=count` or `limit=offset,count`; nonsense gives an empty list."""
    asked = value_of(query, "limit")
    if asked is None:
        return ""
    numbers = [int(part) if part.strip().isdigit() else 0 for part in asked.split(",")]
    offset, count = (numbers[0], numbers[1]) if len(numbers) > 1 else (0, numbers[0])
    return f" LIMIT {count} OFFSET {offset}"


def list_statement(query: Query, resource: Resource) -> Condition:
    """The whole SELECT of a list request."""
    conditions = conditions_of(query, resource)
    where = " AND ".join(one.sql for one in conditions) or "1"
    arguments = [argument for one in conditions for argument in one.arguments]
    order = order_of(query, resource)
    rest = f"{resource.name} AS entity WHERE {where} ORDER BY {order}{page_of(query)}"
    return Condition(f"SELECT * FROM {rest}", arguments)  # noqa: S608 (names are ours, values are arguments)
