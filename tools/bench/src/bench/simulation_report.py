"""What the simulation of the create protocol has shown, and one schedule drawn line by line. Pure."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text

from bench.create_simulation import Schedule
from bench.naive_protocols import NAIVE, OURS
from bench.simulate import Figures

WRITERS_AND_SHOP = {"A": "writer A", "B": "writer B", "shop": "the shop"}


def holds(found: Mapping[str, Figures]) -> bool:
    """Ours has made one product in every schedule, and each naive protocol has made duplicates."""
    return not found[OURS].problems and all(found[name].doubled for name in NAIVE if name in found)


def figures_table(figures: Figures) -> Table:
    """What the schedules met, and what came of them."""
    table = Table(title="The writer's protocol", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("schedules", f"{figures.schedules:,}")
    for name, schedules in figures.met.most_common():
        table.add_row(f"… with {name}", f"{schedules:,}")
    table.add_row("products", f"{figures.products:,}")
    table.add_row("schedules with duplicates", _zero_is_well(figures.doubled))
    table.add_row("schedules that do not come to their end", _zero_is_well(_endless(figures)))
    return table


def _endless(figures: Figures) -> int:
    return len(figures.problems) - figures.doubled


def _zero_is_well(count: int) -> Text:
    return Text(f"{count:,}", style="bold red" if count else "green")


def naive_table(found: Mapping[str, Figures]) -> Table:
    """What less careful protocols make of the same schedules: without duplicates there, nothing is shown."""
    table = Table(title="Less careful protocols, in the same schedules", title_justify="left")
    for name in ("protocol", "schedules", "with duplicates", "the first"):
        table.add_column(name, justify="left" if name == "protocol" else "right")
    for name in NAIVE:
        figures = found[name]
        first = f"seed {min(figures.problems)}" if figures.problems else "NONE: nothing is shown"
        table.add_row(name, f"{figures.schedules:,}", f"{figures.doubled:,}", first)
    return table


def story_table(schedule: Schedule) -> Table:
    """A schedule, line by line; whoever acts has a column."""
    table = Table(title=f"Seed {schedule.seed}", title_justify="left")
    table.add_column("seconds", justify="right")
    for title in WRITERS_AND_SHOP.values():
        table.add_column(title)
    for event in schedule.story:
        told = (event.does if event.who == who else "" for who in WRITERS_AND_SHOP)
        table.add_row(f"{event.at:.2f}", *told)
    return table


def ending_of(schedule: Schedule) -> str:
    """How a schedule ended, in a sentence."""
    met = ", ".join(sorted(schedule.met)) or "nothing"
    return f"Seed {schedule.seed}: {schedule.problem or 'one product'}. What went wrong on the way: {met}."
