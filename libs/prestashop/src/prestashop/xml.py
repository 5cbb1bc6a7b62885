"""PrestaShop's XML, read and written. Pure: bytes to nodes and back, no network, no files, no entities.

XML is the only input that the webservice takes, and the only output that loses nothing: in JSON an answer to
several entities shows the last one only and falsy fields are gone (measured on PrestaShop 8.2.1).
"""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Final

from lxml import etree

from prestashop.errors import Complaint, ShopAnswerUnreadable
from prestashop.names import checked, entity_of, entry_of
from prestashop.nodes import LanguageTexts, Node, Value, as_text

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no place for (section 2.2); PrestaShop answers 500 to them."""

_MOST_MESSAGE_CHARACTERS: Final = 4000
_HEAD: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n<prestashop>'
_TAIL: Final = b"</prestashop>"


def legal(text: str) -> str:
    """Drop the characters that XML 1.0 cannot carry."""
    return _ILLEGAL.sub("", text)


def to_xml(resource: str, nodes: Sequence[Mapping[str, Value]]) -> bytes:
    """Write the body of a POST, PUT or PATCH of one or several entities."""
    return enclose([entity_xml(resource, node) for node in nodes])


def entity_xml(resource: str, node: Mapping[str, Value]) -> bytes:
    """Write one entity; ValueError when a name or a number cannot be written."""
    entity = etree.Element(entity_of(resource))
    _fill(entity, node)
    return etree.tostring(entity, encoding="utf-8")


def enclose(entities: Sequence[bytes]) -> bytes:
    """Make a body of written entities: siblings under the root, which the shop writes in this order."""
    return b"".join((_HEAD, *entities, _TAIL))


def from_xml(resource: str, data: bytes) -> list[Node]:
    """Read the entities of an answer, be it a list or the echo of a write.

    Raises ShopAnswerUnreadable when it is not a readable answer of the webservice about this resource.
    """
    root = parse(data)
    if root.find("errors") is not None:
        raise ShopAnswerUnreadable("errors under a status of success")
    listed = root.find(resource)
    parent = root if listed is None else listed
    return [_read(entity) for entity in parent.findall(entity_of(resource))]


def complaints_in(data: bytes) -> list[Complaint]:
    """Read the errors of an answer; [] when it holds none or is not an answer of the webservice."""
    try:
        root = parse(data)
    except ShopAnswerUnreadable:
        return []
    return [
        Complaint(
            code=_number(error.findtext("code")),
            # The messages are escaped within CDATA: Product-&gt;price (8.2.1), Product->price (1.7.8.11).
            message=html.unescape(error.findtext("message") or "")[:_MOST_MESSAGE_CHARACTERS],
        )
        for error in root.iterfind("errors/error")
    ]


def parse(data: bytes) -> etree._Element:
    """Parse an answer of the webservice down to its root; ShopAnswerUnreadable when it is not one."""
    # Modules and files with a byte order mark print before the answer; what counts begins at the declaration.
    start = max(data.find(b"<?xml"), 0)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data[start:], parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ShopAnswerUnreadable("not well-formed XML") from error
    # Asked of the parser, because the bytes may be in any encoding.
    if root.getroottree().docinfo.internalDTD is not None:
        raise ShopAnswerUnreadable("a document type, which the webservice never sends")
    if root.tag != "prestashop":
        raise ShopAnswerUnreadable("not an answer of the webservice")
    return root


def _fill(element: etree._Element, node: Mapping[str, Value]) -> None:
    for name, value in node.items():
        field = etree.SubElement(element, checked(name))
        if isinstance(value, Mapping):
            if name == "associations":
                _fill_associations(field, value)
            else:
                _fill_languages(field, value)
        else:
            field.text = legal(as_text(value))


def _fill_languages(field: etree._Element, texts: Mapping[int, str] | Mapping[str, object]) -> None:
    for language, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"{field.tag}: a text per language is expected")
        etree.SubElement(field, "language", id=str(int(language))).text = legal(text)


def _fill_associations(
    field: etree._Element, links: Mapping[int, str] | Mapping[str, Sequence[Mapping[str, Value]]]
) -> None:
    for name, entries in links.items():
        if not isinstance(name, str) or isinstance(entries, str):
            raise TypeError("associations are lists of entries by name")
        association = etree.SubElement(field, checked(name))
        for entry in entries:
            _fill(etree.SubElement(association, entry_of(name)), entry)


def _read(entity: etree._Element) -> Node:
    node: Node = {}
    identifier = entity.get("id")
    if identifier is not None:  # a list without display: <product id="1" xlink:href="..."/>
        node["id"] = identifier
    for field in entity:
        name = str(field.tag)
        if name == "associations":
            node[name] = {str(links.tag): [_read(entry) for entry in links] for links in field}
        else:
            languages = field.findall("language")
            node[name] = _texts(languages) if languages else field.text or ""
    return node


def _texts(languages: Sequence[etree._Element]) -> LanguageTexts:
    return {_number(language.get("id")) or 0: language.text or "" for language in languages}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None
