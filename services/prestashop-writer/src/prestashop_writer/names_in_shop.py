"""Brands, suppliers, features, options and values in the shop: known, else found, else created once."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from common.create_protocol import Absent, Answer, Post, Wait
from common.messages import Reason
from prestashop import Node, Outcome, Refused, ShopBlocked, ShopError, Unknown, Written
from prestashop_writer import store
from prestashop_writer.admission import shop_forbids, shop_refused
from prestashop_writer.brand_texts import BrandText
from prestashop_writer.names import (
    CHAINS,
    FIELDS_IN_NEED,
    IDENTITIES,
    LABELS,
    PARENTS,
    RESOURCES,
    matching,
    missing,
    name_node,
    parent_of,
)
from prestashop_writer.pass_context import Pass, answer_of, speaks_against_the_shop
from prestashop_writer.plan import BRAND, FEATURE_VALUE, KeptProduct, Name, ProductPlan, names_needed
from prestashop_writer.rights import is_forbidden, lacks_right
from prestashop_writer.setbacks import record_failures
from prestashop_writer.settling import Refusals, refusal_of, refuse

log = structlog.get_logger()

IDS_PER_REQUEST = 50

Kept = Mapping[str, KeptProduct]


class Names:
    """Ids of the names that a lot needs, and why those without one have none: each is in one of four."""

    def __init__(self) -> None:
        self.ids: dict[Name, int] = {}
        self.refused: dict[Name, Reason] = {}
        self.failed: dict[Name, str] = {}
        self.waiting: dict[Name, Wait] = {}


async def bring_names(current: Pass, needed: Mapping[Name, Any]) -> Names:
    """Give every needed name an id, as far as the shop allows it now.

    A value of a feature or an option without id is left out.
    """
    names = Names()
    chains = (_bring_chain(current, chain, needed, names) for chain in CHAINS)
    for end in await asyncio.gather(*chains, return_exceptions=True):
        if end is not None:
            raise end
    return names


async def _bring_chain(current: Pass, kinds: Sequence[str], needed: Mapping[Name, Any], names: Names) -> None:
    for kind in kinds:
        wanted = [
            name
            for name in needed
            if name.kind == kind and (kind not in PARENTS or parent_of(name) in names.ids)
        ]
        if wanted:
            await _bring_kind(current, kind, wanted, needed, names)


async def _bring_kind(
    current: Pass, kind: str, wanted: Sequence[Name], details: Mapping[Name, Any], names: Names
) -> None:
    known = await store.known_names(current.pool, current.shop_id, wanted)
    names.ids |= {entry.name: entry.presta_id for entry in known if entry.presta_id is not None}
    unknown = missing(wanted, names.ids, kind)
    if not unknown:
        return
    try:
        listed = await _listed(current, kind, unknown, names)
    except ShopError as error:
        if kind not in FIELDS_IN_NEED or not await lacks_right(current, RESOURCES[kind], error):
            raise
        names.refused |= dict.fromkeys(unknown, shop_forbids(RESOURCES[kind], FIELDS_IN_NEED[kind]))
        return
    found = matching(unknown, listed, names.ids)
    names.ids |= found
    posts = {entry.name: entry.post for entry in known}
    creatable = []
    for name in missing(unknown, found, kind):
        match current.judge(posts.get(name), found=False):
            case Wait() as wait:
                names.waiting[name] = wait
            case Absent():
                creatable.append(name)
    waits = {name: wait.post for name, wait in names.waiting.items() if name.kind == kind}
    await _record(current, {**found, **waits})
    if creatable:
        await _create(current, creatable, details, names)


async def _listed(current: Pass, kind: str, wanted: Sequence[Name], names: Names) -> list[Node]:
    """What the shop has of a kind: all of it, or the values of the features or options in question."""
    if kind not in PARENTS:
        return await current.client.list_all(RESOURCES[kind], display=("id", LABELS[kind]))
    parents = sorted({names.ids[parent_of(name)] for name in wanted})
    label, parent_id = IDENTITIES[kind]
    shared = {"custom": "0"} if kind == FEATURE_VALUE else {}
    nodes: list[Node] = []
    for start in range(0, len(parents), IDS_PER_REQUEST):
        some = [str(parent) for parent in parents[start : start + IDS_PER_REQUEST]]
        nodes += await current.client.list_all(
            RESOURCES[kind], display=("id", parent_id, label), filters={parent_id: some, **shared}
        )
    return nodes


async def _create(
    current: Pass, creatable: Sequence[Name], details: Mapping[Name, Any], names: Names
) -> None:
    kind = creatable[0].kind
    await _record(current, dict.fromkeys(creatable, current.post))  # the intent, before the request
    answers = await _send(current, creatable, details, names)
    for name in [name for name, outcome in answers.items() if _is_blocked(outcome) and len(creatable) > 1]:
        answers |= await _send(current, [name], details, names)  # one of them was blocked, or all
    created = {name: outcome.id for name, outcome in answers.items() if isinstance(outcome, Written)}
    names.ids |= created
    forbidden = {name for name, outcome in answers.items() if await _is_forbidden(current, name, outcome)}
    for name, outcome in answers.items():
        if name in forbidden:
            names.refused[name] = shop_forbids(RESOURCES[kind], FIELDS_IN_NEED[kind])
        else:
            _sort_out(name, outcome, names)
    over = (Answer.NOT_WRITTEN, Answer.STOPPED)  # the next look-up tells
    await _record(current, created, [name for name in creatable if answer_of(answers[name]) in over])
    await _record_descriptions(current, {name: details[name] for name in created if name.kind == BRAND})
    log.info("names.created", kind=kind, created=len(created), refused=len(names.refused))
    current.stop_where_the_shop_failed([end for name, end in answers.items() if name not in forbidden])


async def _record_descriptions(current: Pass, brands: Mapping[Name, Any]) -> None:
    """Brands were just created with these descriptions; whatever is said of them is newer."""
    if brands:
        async with current.fenced() as work:
            texts = {name: BrandText(text or "", 0) for name, text in brands.items()}
            await store.record_brand_texts(work.connection, current.shop_id, texts)


async def _send(
    current: Pass, creatable: Sequence[Name], details: Mapping[Name, Any], names: Names
) -> dict[Name, Outcome]:
    kind = creatable[0].kind
    nodes = [name_node(name, details[name], names.ids, current.profile) for name in creatable]
    outcomes = await current.client.create(RESOURCES[kind], nodes, identity=IDENTITIES[kind])
    return dict(zip(creatable, outcomes, strict=True))


async def _is_forbidden(current: Pass, name: Name, outcome: Outcome) -> bool:
    return name.kind in FIELDS_IN_NEED and await is_forbidden(current, RESOURCES[name.kind], outcome)


def _is_blocked(outcome: Outcome) -> bool:
    return isinstance(outcome, Unknown) and isinstance(outcome.error, ShopBlocked)


def _sort_out(name: Name, outcome: Outcome, names: Names) -> None:
    match outcome:
        case Refused():
            names.refused[name] = shop_refused(outcome.code, outcome.message)
        case Unknown(error) if not speaks_against_the_shop(outcome):
            names.failed[name] = str(error)


async def _record(current: Pass, names: Mapping[Name, int | Post], unwritten: Sequence[Name] = ()) -> None:
    if not names and not unwritten:
        return
    async with current.fenced() as work:
        await store.record_names(work.connection, current.shop_id, names)
        await store.forget_names(work.connection, current.shop_id, unwritten)


async def with_names(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names
) -> list[ProductPlan]:
    """The plans whose names all have ids.

    A refused name refuses its products, one over which the shop failed has failed for them, and one whose
    create may still be written lets them wait.
    """
    refusals: Refusals = {}
    failures: dict[str, str] = {}
    waits: dict[str, datetime] = {}
    complete = []
    for plan in plans:
        needed, reference = names_needed([plan]), plan.product.reference
        said_no = next((names.refused[name] for name in needed if name in names.refused), None)
        failed = next((names.failed[name] for name in needed if name in names.failed), None)
        looks = [names.waiting[name].look_at for name in needed if name in names.waiting]
        if said_no is not None:
            refusals[reference] = refusal_of(plan, said_no)
        elif failed is not None:
            failures[reference] = failed
        elif looks:
            waits[reference] = max(looks)
        else:
            complete.append(plan)
    if waits:
        async with current.fenced() as work:
            await store.wait_until(work.connection, current.shop_id, waits)
    await refuse(current, refusals)
    if failures:
        await current.make_sure_the_shop_works()
    await record_failures(
        current, kept, [plan for plan in plans if plan.product.reference in failures], failures
    )
    return complete
