"""Products at which the shop failed: they try again after others, and not for ever."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from prestashop_writer import store
from prestashop_writer.admission import shop_failed
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct, ProductPlan
from prestashop_writer.settling import refusal_of, refuse

T = TypeVar("T")


def together_and_alone(
    kept: Mapping[str, KeptProduct], tasks: Sequence[T], reference_of: Callable[[T], str]
) -> list[list[T]]:
    """Tasks by the request that they go in: one for all, but for those of products that failed last time.

    These go alone: one of them may be what the shop fails on.
    """
    alone = [task for task in tasks if kept[reference_of(task)].last_error is not None]
    together = [task for task in tasks if kept[reference_of(task)].last_error is None]
    return [*([together] if together else []), *([task] for task in alone)]


async def record_failures(
    current: Pass, kept: Mapping[str, KeptProduct], plans: Sequence[ProductPlan], errors: Mapping[str, str]
) -> None:
    """The shop failed on these very products: a longer pause each time, and a refusal after so many."""
    if not plans:
        return
    failures = {plan.product.reference: errors[plan.product.reference] for plan in plans}
    pause = current.settings.first_pause_seconds
    async with current.fenced() as work:
        await store.record_failures(work.connection, current.shop_id, failures, pause)
    exhausted = {}
    for plan in plans:
        reference = plan.product.reference
        attempts = kept[reference].attempts + 1
        if attempts >= current.settings.attempts:
            exhausted[reference] = refusal_of(plan, shop_failed(failures[reference], attempts))
    await refuse(current, exhausted)


async def set_back(current: Pass, references: Sequence[str], error: str) -> None:
    """A request with these products failed, and nobody knows for which: they go behind the others, singly.

    That counts for nothing against them: a shop that is down for a day refuses no product.
    """
    if not references:
        return
    seconds = current.settings.set_back_seconds
    async with current.fenced() as work:
        await store.set_back(work.connection, current.shop_id, references, error, seconds)
