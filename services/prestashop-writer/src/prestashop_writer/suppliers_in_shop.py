"""What suppliers call products: the rows of all products of a lot in one request of each kind."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prestashop import Node, ShopError, Written, text_of
from prestashop_writer import store
from prestashop_writer.admission import shop_forbids
from prestashop_writer.ends import Ends
from prestashop_writer.merge import newest_sequence
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import SUPPLIER, KeptProduct, Name, ProductPlan, plan_product
from prestashop_writer.rights import lacks_right
from prestashop_writer.setbacks import together_and_alone
from prestashop_writer.settling import refusal_of, refuse
from prestashop_writer.store import rewritten
from prestashop_writer.suppliers import (
    COLUMNS,
    IDENTITY,
    RESOURCE,
    SUPPLIER_ROW,
    SupplierRow,
    held_supplier,
    is_supplied,
    supplier_node,
)

IDS_PER_REQUEST = 50
STATED = "supplier"

Kept = Mapping[str, KeptProduct]


@dataclass
class Task:
    """What is wanted of a product, the row that the shop has of this supplier, and our row of another."""

    plan: ProductPlan
    supplier_id: int
    held: SupplierRow
    former: int | None

    @property
    def reference(self) -> str:
        return self.plan.product.reference

    @property
    def wanted(self) -> SupplierRow:
        return self.plan.supplier or {}

    @property
    def is_new(self) -> bool:
        return bool(self.wanted) and not self.held

    @property
    def differs(self) -> bool:
        return bool(self.held) and not is_supplied(self.wanted, self.held)


async def set_suppliers(current: Pass, references: Sequence[str]) -> None:
    """Make what suppliers call products that the shop has what is desired."""
    async with current.database.transaction() as connection:
        kept = await store.load_products(connection, current.shop_id, references)
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    plans = [plan for plan in plans if plan.product.presta_id is not None and plan.supplier_differs]
    if not plans:
        return
    try:
        tasks = await _tasks(current, kept, plans)
    except ShopError as error:
        if not await lacks_right(current, RESOURCE, error):
            raise
        reason = shop_forbids(RESOURCE, STATED)
        await refuse(current, {plan.product.reference: refusal_of(plan, reason) for plan in plans})
        return
    for some in together_and_alone(kept, tasks, lambda task: task.reference):
        await _bring(current, kept, some)


async def _tasks(current: Pass, kept: Kept, plans: Sequence[ProductPlan]) -> list[Task]:
    """Each product with the row that it has; a supplier without id waits for one."""
    names = {Name(SUPPLIER, plan.supplier["supplier"]) for plan in plans if plan.supplier}
    known = await store.known_names(current.pool, current.shop_id, names)
    ids = {entry.name.name: entry.presta_id for entry in known if entry.presta_id is not None}
    rows = await _rows(current, [plan for plan in plans if not _has_surely_none(plan, kept)])
    tasks = []
    for plan in plans:
        supplier = (plan.supplier or {}).get("supplier", "")
        if supplier and supplier not in ids:
            continue
        supplier_id = ids.get(supplier, 0)
        same = [
            row
            for row in rows[plan.product.presta_id or 0]
            if text_of(row, "id_supplier") == str(supplier_id)
        ]
        ours: SupplierRow = plan.product.written.get(SUPPLIER_ROW, {})
        former = ours["id"] if ours and ours["supplier"] != supplier else None
        tasks.append(Task(plan, supplier_id, held_supplier(same[0], supplier) if same else {}, former))
    return tasks


def _has_surely_none(plan: ProductPlan, kept: Kept) -> bool:
    return kept[plan.product.reference].is_just_created and SUPPLIER_ROW not in plan.product.doubtful


async def _rows(current: Pass, plans: Sequence[ProductPlan]) -> Mapping[int, list[Node]]:
    """The rows that products themselves have, by the shop's id of the product."""
    rows: defaultdict[int, list[Node]] = defaultdict(list)
    ids = [str(plan.product.presta_id) for plan in plans]
    for start in range(0, len(ids), IDS_PER_REQUEST):
        filters = {"id_product": ids[start : start + IDS_PER_REQUEST], "id_product_attribute": "0"}
        for node in await current.client.list_all(RESOURCE, display=("id", *COLUMNS), filters=filters):
            rows[int(text_of(node, "id_product"))].append(node)
    return rows


async def _bring(current: Pass, kept: Kept, tasks: Sequence[Task]) -> None:
    async with current.fenced() as work:
        doubts = {task.reference: [SUPPLIER_ROW] for task in tasks}
        await store.doubt(work.connection, current.shop_id, doubts)
    ends = Ends(STATED, together=len(tasks) > 1)
    created: dict[str, int] = {}
    new = [task for task in tasks if task.is_new]
    if new:
        nodes = [
            supplier_node(task.plan.product.presta_id or 0, task.supplier_id, task.wanted) for task in new
        ]
        outcomes = await current.client.create(RESOURCE, nodes, identity=IDENTITY)
        created = {
            task.reference: end.id
            for task, end in zip(new, outcomes, strict=True)
            if isinstance(end, Written)
        }
        await ends.note(current, RESOURCE, [task.reference for task in new], outcomes)
    differing = [task for task in tasks if task.differs]
    if differing:
        changes: list[Node] = [
            {"id": task.held["id"], "product_supplier_reference": task.wanted["reference"]}
            for task in differing
        ]
        outcomes = await current.client.modify(RESOURCE, changes)
        await ends.note(current, RESOURCE, [task.reference for task in differing], outcomes)
    leaving = [task for task in tasks if task.former is not None and ends.goes_on(task.reference)]
    if leaving and not ends.against_the_shop:
        async with current.turns.deleting:
            outcomes = await current.client.delete(RESOURCE, [task.former or 0 for task in leaving])
        await ends.note(current, RESOURCE, [task.reference for task in leaving], outcomes)
    await _record(current, kept, tasks, created, ends)


async def _record(
    current: Pass, kept: Kept, tasks: Sequence[Task], created: Mapping[str, int], ends: Ends
) -> None:
    done = []
    for task in tasks:
        keeps_former = task.former is not None and ends.against_the_shop  # nothing was deleted then
        if ends.goes_on(task.reference) and not keeps_former:
            row = {**task.held, **({"reference": ""} if task.is_new else {}), **task.wanted}
            if task.is_new:
                row["id"] = created[task.reference]
            product = task.plan.product
            held = row if task.wanted else {}
            done.append(rewritten(product, SUPPLIER_ROW, held, newest_sequence(product.desired)))
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, done)
    await ends.record(current, kept, {task.reference: task.plan for task in tasks})
