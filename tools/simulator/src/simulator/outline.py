"""What a request is about, seen from outside: how many entities, and which ids it names."""

from dataclasses import dataclass

from simulator.bodies import parse_body
from simulator.editions import Edition
from simulator.entities import whole_number
from simulator.failures import Failure
from simulator.selection import value_of
from simulator.webservice import ApiCall
from simulator.writing import child_named, children, own_text

CHANGING = frozenset({"PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Outline:
    """`entities` is at least 1. `ids` are those that a PUT, PATCH or DELETE names."""

    resource: str
    method: str
    entities: int = 1
    ids: frozenset[int] = frozenset()


def outline_of(call: ApiCall, edition: Edition) -> Outline:
    """The outline of a request. A body that is no XML counts as one entity."""
    resource = call.segments[0] if call.segments else ""
    if call.method == "DELETE":
        listed = value_of(call.query, "id") or (call.segments[1] if len(call.segments) > 1 else "")
        ids = [whole_number(part) for part in listed.strip("[]").split(",")]
        return Outline(resource, call.method, len(ids), frozenset(ids))
    if not call.body:
        return Outline(resource, call.method)
    try:
        nodes = children(parse_body(call.body, edition))
    except Failure:
        return Outline(resource, call.method)
    found = (child_named(node, "id") for node in nodes) if call.method in CHANGING else ()
    ids = [whole_number(own_text(node)) for node in found if node is not None]
    return Outline(resource, call.method, max(1, len(nodes)), frozenset(ids))
