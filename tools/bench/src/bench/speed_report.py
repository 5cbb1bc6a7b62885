"""What the measurements say: ratios with their goals, and where the time went. Pure."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from bench.speed import Figures, Phase
from simulator.speed import COSTS, PLAIN_WRITE, READ
from skuwire.demo.shop_figures import Request

SNAPSHOT = frozenset({"root", "languages", "categories", "configurations", "tax_rule_groups"})
"""What the writer reads of a shop every five minutes, however many products it has."""

NAMED = 3  # kinds of request that a line of a table names


@dataclass(frozen=True)
class Goal:
    """A figure with its limit. `least`: it should be at least that much, otherwise at most."""

    value: float
    limit: float
    least: bool
    says: str

    @property
    def reached(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit


def goals_of(figures: Figures) -> dict[str, Goal]:
    """Every goal with what was measured."""
    rate = figures.products / figures.create.seconds
    bare = 2 * figures.products / sum(figures.bare_loop_seconds)
    script = figures.script_products / figures.script_seconds
    return {
        "of the bare loop": Goal(
            rate / bare, 0.9, True, f"{rate:.1f} products/s where a bare loop of POSTs reaches {bare:.1f}"
        ),
        "times the user's script": Goal(
            rate / script, 8, True, f"{rate:.1f} products/s where the script reaches {script:.1f}"
        ),
        "requests per created product": _requests_goal(figures.create, 0.15),
        "requests per unchanged product": _requests_goal(figures.unchanged, 0.0),
        "requests per changed price": _requests_goal(figures.prices, 0.02),
        "requests per changed stock": _requests_goal(figures.stocks, 0.02),
    }


def _requests_goal(phase: Phase, limit: float) -> Goal:
    asked = Counter(kind_of(request) for request in requests_about_products(phase))
    named = [f"{count} {kind}" for kind, count in asked.most_common(NAMED)]
    others = asked.total() - sum(count for _, count in asked.most_common(NAMED))
    says = ", ".join([*named, *([f"{others} others"] if others else [])]) or "no request"
    return Goal(asked.total() / phase.products, limit, False, says)


def requests_about_products(phase: Phase) -> list[Request]:
    """The phase's requests to the webservice without those of the snapshot."""
    return [
        request
        for request in phase.requests
        if request["path"].startswith("/api")
        and _resource(request) not in SNAPSHOT
        and "schema=" not in request.get("query", "")
    ]


def kind_of(request: Request) -> str:
    """`POST products`"""
    return f"{request['method']} {_resource(request)}"


def _resource(request: Request) -> str:
    return str(request["path"]).removeprefix("/api").strip("/").split("/")[0] or "root"


def machine_seconds(request: Request) -> float:
    """The share of the shop's machine that a request needs: no client can be faster than their sum."""
    if request["method"] in ("GET", "HEAD"):
        return READ.seconds(0) / READ.at_once
    cost = COSTS.get((_resource(request), request["method"]), PLAIN_WRITE)
    return cost.seconds(request["entities"]) / cost.at_once


def time_of(phase: Phase) -> dict[str, Any]:
    """Where the time of a phase went: what its shop was busy with, and how long it had nothing to do."""
    by_kind: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0, 0.0, 0.0])
    for request in phase.requests:
        row = by_kind[kind_of(request)]
        row[0] += 1
        row[1] += request["entities"]
        row[2] += machine_seconds(request)
        row[3] += request["seconds"]
    busy = sum(row[2] for row in by_kind.values())
    return {
        "products": phase.products,
        "seconds": round(phase.seconds, 2),
        "validated_seconds": round(phase.validated_seconds, 2),
        "shop_busy_seconds": round(busy, 2),
        "shop_idle_seconds": round(phase.seconds - busy, 2),
        "processor_seconds": {
            name: round(seconds, 2)
            for name, seconds in sorted(phase.processor_seconds.items(), key=lambda entry: -entry[1])
        },
        "results": dict(phase.results),
        "requests": {
            kind: {
                "requests": int(row[0]),
                "entities": int(row[1]),
                "machine_seconds": round(row[2], 2),
                "answer_seconds": round(row[3], 2),
            }
            for kind, row in sorted(by_kind.items(), key=lambda entry: -entry[1][2])
        },
    }


def report_of(figures: Figures) -> dict[str, Any]:
    """The report as it is written to the file."""
    goals = goals_of(figures)
    return {
        "reached": all(goal.reached for goal in goals.values()),
        "goals": {
            name: {
                "value": round(goal.value, 4),
                "goal": f"{'≥' if goal.least else '≤'} {goal.limit:g}",
                "reached": goal.reached,
                "says": goal.says,
            }
            for name, goal in goals.items()
        },
        "bare_loop": {
            "products": figures.products,
            "seconds": [round(seconds, 2) for seconds in figures.bare_loop_seconds],
        },
        "users_script": {
            "products": figures.script_products,
            "seconds": round(figures.script_seconds, 2),
        },
        "phases": {
            name: time_of(getattr(figures, name)) for name in ("create", "unchanged", "prices", "stocks")
        },
    }


def goals_table(report: Mapping[str, Any]) -> Table:
    """The goals for reading."""
    table = Table("figure", "measured", "goal", "", "that is", title="Goals", title_justify="left")
    for name, goal in report["goals"].items():
        reached = "reached" if goal["reached"] else "MISSED"
        table.add_row(name, f"{goal['value']:g}", goal["goal"], reached, goal["says"])
    return table


def goals_line(report: Mapping[str, Any]) -> str:
    """How many goals were reached, and which were not."""
    goals = report["goals"]
    missed = [
        f"{name} ({goal['value']:g}, not {goal['goal']})"
        for name, goal in goals.items()
        if not goal["reached"]
    ]
    reached = f"{len(goals) - len(missed)} of {len(goals)} goals reached"
    return f"{reached}; missed: {', '.join(missed)}" if missed else reached


def time_table(report: Mapping[str, Any]) -> Table:
    """Where the time went, for reading. `busy`: what the shop's machine needs for these requests at best."""
    columns = ("phase", "in all", "validated after", "shop busy", "shop waiting", "busy with", "processors")
    table = Table(*columns, title="Where the time went, in seconds", title_justify="left")
    for name, phase in report["phases"].items():
        largest = list(phase["requests"].items())[:NAMED]
        work = ", ".join(f"{kind} {row['machine_seconds']:g}" for kind, row in largest)
        used = ", ".join(f"{who} {n:g}" for who, n in list(phase["processor_seconds"].items())[:NAMED])
        figures = ("seconds", "validated_seconds", "shop_busy_seconds", "shop_idle_seconds")
        table.add_row(name, *(f"{phase[figure]:g}" for figure in figures), work, used)
    return table
