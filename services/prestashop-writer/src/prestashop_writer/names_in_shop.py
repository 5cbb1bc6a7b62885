"""Brands, features and values brought into the shop: known, else found, else created once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from prestashop import Node, Refused, Unknown, Written
from prestashop_writer import store
from prestashop_writer.admission import shop_refused
from prestashop_writer.names import IDENTITIES, LABELS, RESOURCES, matching, missing, name_node
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import BRAND, FEATURE, FEATURE_VALUE, Name, ProductPlan, names_needed
from prestashop_writer.settling import Refusal, Refusals, refuse

log = structlog.get_logger()

NAME_PAUSE = timedelta(seconds=5)


class Names:
    """Ids of the names that a pass needs, and why those without one have none."""

    def __init__(self) -> None:
        self.ids: dict[Name, int] = {}
        self.refused: dict[Name, Refused] = {}


async def bring_names(current: Pass, needed: Mapping[Name, Any]) -> Names:
    """Give every needed name an id, as far as the shop allows it now.

    A name that is neither in `ids` nor in `refused` afterwards is unknown: its create may still be written.
    """
    names = Names()
    for kind in (BRAND, FEATURE, FEATURE_VALUE):  # values need the ids of their features
        wanted = [
            name
            for name in needed
            if name.kind == kind and (kind != FEATURE_VALUE or Name(FEATURE, name.parent) in names.ids)
        ]
        await _bring_kind(current, kind, wanted, needed, names)
    return names


async def _bring_kind(
    current: Pass, kind: str, wanted: Sequence[Name], details: Mapping[Name, Any], names: Names
) -> None:
    known = await store.known_names(current.pool, current.shop_id, wanted)
    names.ids |= {entry.name: entry.presta_id for entry in known if entry.presta_id is not None}
    unknown = missing(wanted, names.ids, kind)
    if not unknown:
        return
    found = matching(unknown, await _listed(current, kind, unknown, names), names.ids)
    await _record(current, found)
    names.ids |= found
    waiting = {
        entry.name
        for entry in known
        if entry.presta_id is None
        and entry.posted_at is not None
        and not current.is_conclusive(entry.posted_at)
    }
    creatable = [name for name in missing(unknown, names.ids, kind) if name not in waiting]
    if creatable:
        await _create(current, creatable, details, names)


async def _listed(current: Pass, kind: str, wanted: Sequence[Name], names: Names) -> list[Node]:
    """What the shop has of a kind: all brands or features, the values of the features in question."""
    if kind != FEATURE_VALUE:
        return await current.client.list_all(RESOURCES[kind], display=("id", LABELS[kind]))
    parents = sorted({names.ids[Name(FEATURE, name.parent)] for name in wanted})
    nodes: list[Node] = []
    for start in range(0, len(parents), 40):
        nodes += await current.client.list_all(
            RESOURCES[kind],
            display=("id", "id_feature", "value"),
            filters={"id_feature": [str(parent) for parent in parents[start : start + 40]], "custom": "0"},
        )
    return nodes


async def _create(
    current: Pass, creatable: Sequence[Name], details: Mapping[Name, Any], names: Names
) -> None:
    kind = creatable[0].kind
    await _record(current, dict.fromkeys(creatable))  # the intent, before the request
    nodes = [name_node(name, details[name], names.ids, current.profile) for name in creatable]
    outcomes = await current.client.create(RESOURCES[kind], nodes, identity=IDENTITIES[kind])
    created: dict[Name, int | None] = {}
    unwritten = []
    for name, outcome in zip(creatable, outcomes, strict=True):
        match outcome:
            case Written(presta_id):
                created[name] = names.ids[name] = presta_id
            case Refused():
                names.refused[name] = outcome
                unwritten.append(name)
            case Unknown(sent=False):
                unwritten.append(name)
    await _record(current, created, unwritten)
    log.info("names.created", kind=kind, created=len(created), refused=len(names.refused))
    current.stop_where_the_shop_failed(outcomes)


async def _record(current: Pass, names: Mapping[Name, int | None], unwritten: Sequence[Name] = ()) -> None:
    if not names and not unwritten:
        return
    async with current.fenced() as work:
        await store.record_names(work.connection, current.shop_id, names)
        await store.forget_names(work.connection, current.shop_id, unwritten)


async def with_names(current: Pass, plans: Sequence[ProductPlan], names: Names) -> list[ProductPlan]:
    """The plans whose brands, features and values all have ids.

    A refused name refuses its products; one whose create may still be written lets them wait.
    """
    refusals: Refusals = {}
    waits: dict[str, datetime] = {}
    complete = []
    for plan in plans:
        needed = list(names_needed([plan]))
        said_no = next((names.refused[name] for name in needed if name in names.refused), None)
        if said_no is not None:
            refusals[plan.product.reference] = Refusal(shop_refused(said_no.code, said_no.message))
        elif all(name in names.ids for name in needed):
            complete.append(plan)
        else:
            waits[plan.product.reference] = current.now + NAME_PAUSE
    if waits:
        async with current.fenced() as work:
            await store.wait_until(work.connection, current.shop_id, waits)
    await refuse(current, refusals)
    return complete
