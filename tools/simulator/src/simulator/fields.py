"""How a webservice resource is described: its fields, its associations, its rules, all as data.

One engine (reading, writing, schemas, SQL) serves every resource from these descriptions. The tables
themselves are
in `catalogue.py` (products and what hangs on them) and `lookups.py` (what a shop is born with).
"""

from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How the database keeps a field; it decides what an omitted or odd value becomes."""

    INTEGER = auto()
    DECIMAL = auto()
    STRING = auto()
    HTML = auto()
    DATE = auto()
    DATETIME = auto()
    COMPUTED = auto()  # no column: worked out when read


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a resource, with the rules that PrestaShop 8.2.1 was seen to apply.

    `check` names the shop's validator as `?schema=synopsis` shows it; `size` is a number of characters;
    `shown_size`
    is what the schema claims where it differs from what is enforced. `link` is the resource (or path) that
    the value
    points at. `default` fills an empty value on every write. `reads_as` is what a missing value looks like
    once read.
    """

    name: str
    kind: Kind
    check: str = ""
    size: int | None = None
    shown_size: int | None = None
    required: bool = False
    localized: bool = False
    link: str = ""
    values: tuple[str, ...] = ()
    default: str = ""
    limits: tuple[int, int] | None = None
    nullable: bool = False
    computed: bool = False  # read by a getter: cannot be filtered
    settable: bool = True  # False: sending it is an error; True on a computed field: written by a setter
    reads_as: str | int | None = None

    @property
    def stored(self) -> bool:
        """Whether the field is a column."""
        return self.kind is not Kind.COMPUTED


@dataclass(frozen=True, slots=True)
class Part:
    """One value inside an association item, such as `id_feature_value`."""

    name: str
    link: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Association:
    """A list of related ids inside a resource. `item_link` is the path that each item's node points at.

    `bare`: the shop's own description of it names no parts, over which PHP notices trip.
    """

    name: str
    node: str
    api: str
    parts: tuple[Part, ...] = (Part("id"),)
    item_link: str = ""
    writable: bool = True
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """A webservice resource. `model` is the shop's class name, which its error messages carry."""

    name: str
    node: str
    model: str
    fields: tuple[Field, ...]
    associations: tuple[Association, ...] = ()
    forbidden: frozenset[str] = frozenset()

    def field(self, name: str) -> Field:
        """The field of that name. KeyError when there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def association(self, name: str) -> Association | None:
        """The association of that name, or None."""
        return next((found for found in self.associations if found.name == name), None)


def ident(name: str, link: str = "", *, required: bool = False, check: str = "isUnsignedId") -> Field:
    """An id of something else; `link` makes its value a hyperlink."""
    return Field(name, Kind.INTEGER, check, link=link, required=required)


def integer(name: str, check: str = "isInt", *, required: bool = False, nullable: bool = False) -> Field:
    """A whole number."""
    return Field(name, Kind.INTEGER, check, required=required, nullable=nullable)


def flag(name: str, *, required: bool = False, check: str = "isBool") -> Field:
    """0 or 1."""
    return Field(name, Kind.INTEGER, check, required=required)


def decimal(name: str, check: str = "isPrice", *, size: int | None = None, required: bool = False) -> Field:
    """A decimal with six places, which is how the shop stores money and measures."""
    return Field(name, Kind.DECIMAL, check, size=size, required=required)


def text(name: str, size: int | None = None, check: str = "", *, required: bool = False) -> Field:
    """A text in one language."""
    return Field(name, Kind.STRING, check, size=size, required=required)


def choice(name: str, check: str, values: tuple[str, ...], default: str = "") -> Field:
    """One of a few words."""
    return Field(name, Kind.STRING, check, values=values, default=default)


def localized(
    name: str, size: int | None = None, check: str = "isGenericName", *, required: bool = False
) -> Field:
    """A text per language."""
    return Field(name, Kind.STRING, check, size=size, required=required, localized=True)


def localized_html(name: str, size: int | None = None) -> Field:
    """An HTML text per language, cleaned when stored. `size` is enforced; the schema claims 4194303."""
    return Field(name, Kind.HTML, "isCleanHtml", size=size, shown_size=4194303, localized=True)


def date(name: str, check: str = "isDateFormat") -> Field:
    """A day."""
    return Field(name, Kind.DATE, check)


def moment(name: str, check: str = "isDate", *, required: bool = False) -> Field:
    """A date and time, in the shop's own format `YYYY-MM-DD HH:MM:SS`."""
    return Field(name, Kind.DATETIME, check, required=required)


def computed(name: str, link: str = "", *, settable: bool = True) -> Field:
    """A field that is worked out when read; not settable = sending it is an error (code 93)."""
    return Field(name, Kind.COMPUTED, link=link, computed=True, settable=settable)
