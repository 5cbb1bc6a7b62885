"""What a shop can do and what it has, asked of the shop itself rather than guessed from its version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prestashop.nodes import LanguageTexts, Node, id_of, text_of, texts_of
from prestashop.xml import parse

_METHODS: Final = ("get", "put", "post", "patch", "delete", "head")

DEFAULT_IMAGE_LIMIT_BYTES: Final = 2_000_000
"""What a fresh PrestaShop 8 takes: its setting PS_LIMIT_UPLOAD_IMAGE_VALUE is 2, refused above 2000 KB."""

_IMAGE_LIMIT_BYTES_BEFORE_8: Final = 3_000_000
"""PrestaShop 1.7 ignores the setting (measured on 1.7.8.11)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the key may do: methods in upper case by resource. ``version`` is PrestaShop's, '' if not told."""

    version: str
    methods: Mapping[str, frozenset[str]]

    def allows(self, method: str, resource: str) -> bool:
        """Tell whether the key may use the method on the resource."""
        return method.upper() in self.methods.get(resource, frozenset())

    @property
    def has_patch(self) -> bool:
        """Whether products can be changed field by field (PrestaShop 8 and later)."""
        return self.allows("PATCH", "products")


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the shop; ``iso_code`` as in ``it``, ``locale`` as in ``it-IT``, where it has one."""

    id: int
    iso_code: str
    locale: str
    active: bool


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the shop, its name in every language."""

    id: int
    id_parent: int
    active: bool
    names: LanguageTexts


def read_capabilities(version: str, data: bytes) -> Capabilities:
    """Read ``GET /api``: an element per resource, with an attribute per method that says true."""
    return Capabilities(
        version=version,
        methods={
            str(resource.tag): frozenset(m.upper() for m in _METHODS if resource.get(m) == "true")
            for resource in parse(data).iterfind("api/*")
        },
    )


def language_of(node: Node) -> Language:
    """Read a language."""
    return Language(
        id_of(node), text_of(node, "iso_code"), text_of(node, "locale"), text_of(node, "active") == "1"
    )


def category_of(node: Node) -> Category:
    """Read a category."""
    return Category(
        id=id_of(node),
        id_parent=int(text_of(node, "id_parent") or 0),
        active=text_of(node, "active") == "1",
        names=texts_of(node, "name"),
    )


def image_limit_bytes(version: str, megabytes: str) -> int:
    """Tell the largest picture that the shop takes, from its version and its setting, '' if not readable."""
    if version.startswith("1."):
        return _IMAGE_LIMIT_BYTES_BEFORE_8
    return (
        int(megabytes) * 1_000_000 if megabytes.isdecimal() and int(megabytes) else DEFAULT_IMAGE_LIMIT_BYTES
    )
