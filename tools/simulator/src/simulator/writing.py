"""POST, PUT and PATCH: several entities in a body, one after the other, until the first that the shop
refuses.

There is no transaction around them in the shop: what was written before the bad one stays written.
"""

import sqlite3
from dataclasses import dataclass, field

from lxml import etree

from simulator.checking import check_entity
from simulator.computed import SETTERS
from simulator.entities import Entity, Value, load, store, whole_number
from simulator.failures import EmptyFailure, fail
from simulator.fields import Field, Resource
from simulator.links import Item, write_links
from simulator.rules import (
    AFTER_ADD,
    AFTER_UPDATE,
    BEFORE_ADD,
    BEFORE_CHECK_OF_NEW,
    BEFORE_UPDATE,
    nothing,
    stamp,
)
from simulator.shop import Shop


@dataclass(slots=True)
class Written:
    """What a body left behind so far; filled while writing, so that a failure still tells how far it came."""

    entities: list[Entity] = field(default_factory=list)


def children(node: etree._Element) -> list[etree._Element]:
    """The element children of a node, without comments."""
    return [child for child in node if isinstance(child.tag, str)]


def local_name(node: etree._Element) -> str:
    """A node's name without its namespace."""
    return etree.QName(node).localname


def own_text(node: etree._Element) -> str:
    """What PHP's `(string)` gives: the node's own text, without that of its children."""
    return (node.text or "") + "".join(child.tail or "" for child in node)


def child_named(node: etree._Element, name: str) -> etree._Element | None:
    """The first child of that name."""
    return next((child for child in children(node) if local_name(child) == name), None)


def write_entities(
    shop: Shop,
    resource: Resource,
    method: str,
    root: etree._Element,
    written: Written,
    *,
    given_up: frozenset[int] = frozenset(),
) -> None:
    """Write every entity of a body, in order; `written` grows as they succeed.

    The first of the ids that are `given_up` crashes the request.
    """
    nodes = children(root)
    check_ids(nodes, method)
    for node in nodes:
        number = child_named(node, "id") if given_up else None
        if number is not None and whole_number(own_text(number)) in given_up:
            raise EmptyFailure
        written.entities.append(write_entity(shop, resource, method, node))


def check_ids(nodes: list[etree._Element], method: str) -> None:
    """The ids of a body: forbidden on POST (91), required (90) and distinct (89) on PUT and PATCH."""
    texts = [own_text(found) for node in nodes if (found := child_named(node, "id")) is not None]
    ids = [whole_number(text) for text in texts if text != ""]
    if method == "POST":
        if ids:
            raise fail(400, 91, "id is forbidden when adding a new resource")
        return
    if len(set(ids)) != len(ids):
        raise fail(400, 89, "id is duplicate in request")
    if len(ids) != len(nodes):
        raise fail(400, 90, "id is required when modifying a resource")


def write_entity(shop: Shop, resource: Resource, method: str, node: etree._Element) -> Entity:
    """Write one entity and its associations."""
    entity = start_entity(shop, resource, method, node)
    sent = {local_name(child): child for child in reversed(children(node))}
    for declared in resource.fields:
        take_field(shop, entity, declared, sent.get(declared.name), method)
    if method == "POST":
        BEFORE_CHECK_OF_NEW.get(resource.name, nothing)(shop, entity)
    check_entity(entity, shop.default_language, shop.edition.arrow)
    save(shop, entity, created=method == "POST")
    if (lists := sent.get("associations")) is not None:
        for one in children(lists):
            take_association(shop, entity, one)
    return entity


def start_entity(shop: Shop, resource: Resource, method: str, node: etree._Element) -> Entity:
    """A new entity, or the stored one that the body's id names (404/92 when there is none)."""
    if method == "POST":
        return Entity(resource)
    found = child_named(node, "id")
    number = "" if found is None else own_text(found)
    entity = load(shop.connection, resource, whole_number(number))
    if entity is None:
        raise fail(404, 92, "Invalid ID")
    entity.id = number
    return entity


def take_field(shop: Shop, entity: Entity, declared: Field, sent: etree._Element | None, method: str) -> None:
    """Take one field from the body. A PUT or POST blanks what is not sent, a PATCH leaves it."""
    if declared.localized:
        if sent is not None:
            entity.values[declared.name] = sent_texts(sent)
        elif method != "PATCH":
            entity.values[declared.name] = ""
        return
    if sent is None:
        take_missing(entity, declared, method)
    elif not declared.settable:
        text = f'parameter "{declared.name}" not writable. Please remove this attribute of this XML'
        raise fail(400, 93, text)
    elif declared.computed:
        SETTERS[declared.name](shop, entity, own_text(sent))
    else:
        entity.values[declared.name] = own_text(sent)


def take_missing(entity: Entity, declared: Field, method: str) -> None:
    """A field that the body lacks: an error when required (41), else empty, except in a PATCH."""
    if method == "PATCH":
        return
    if declared.required:
        raise fail(400, 41, f'parameter "{declared.name}" required')
    if (declared.settable and declared.stored) or declared.reads_as is not None:
        entity.values[declared.name] = None


def sent_texts(node: etree._Element) -> Value:
    """The texts of a localized field by language; a plain text when there is no language node."""
    nodes = [child for child in children(node) if local_name(child) == "language"]
    if not nodes:
        return own_text(node)
    return {whole_number(child.get("id", "")): own_text(child) for child in nodes}


def save(shop: Shop, entity: Entity, *, created: bool) -> None:
    """Store an entity with what the shop does before and after."""
    name = entity.resource.name
    (BEFORE_ADD if created else BEFORE_UPDATE).get(name, nothing)(shop, entity)
    stamp(entity, created=created)
    try:
        store(shop.connection, entity, shop.languages, shop.default_language)
    except sqlite3.IntegrityError:
        # The shop's database hands out the id before it finds the row refused.
        shop.connection.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ?", (name,))
        if not shop.edition.refuses_duplicates:
            raise fail(500, 46, "Unable to save resource") from None
        raise EmptyFailure from None
    (AFTER_ADD if created else AFTER_UPDATE).get(name, nothing)(shop, entity)


def take_association(shop: Shop, entity: Entity, node: etree._Element) -> None:
    """Replace one association. An unknown one is an error (86) after the entity was written."""
    name = local_name(node)
    declared = entity.resource.association(name)
    if declared is None:
        if name != "i18n":
            raise fail(400, 86, f'The association "{name}" does not exists')
        return
    if not declared.writable:
        return
    items: list[Item] = [
        {local_name(value): own_text(value) for value in children(item)} for item in children(node)
    ]
    try:
        write_links(shop, entity, name, items)
    except sqlite3.IntegrityError:
        raise EmptyFailure from None
