"""Figures and goals: what is counted, and where the time went."""

import pytest

from bench.speed import Figures, Phase
from bench.speed_products import catalogue
from bench.speed_report import goals_line, goals_of, machine_seconds, report_of, time_of


def request(method: str, path: str, entities: int = 0):
    return {"method": method, "path": path, "entities": entities, "seconds": 0.1}


def phase(seconds: float = 10.0, *requests, products: int = 100) -> Phase:
    return Phase(products, seconds, 1.0, {"created": products}, requests, {"prestashop-writer": 2.0})


def figures(**changed) -> Figures:
    nothing = phase(1.0)
    values = {"create": phase(12.5), "unchanged": nothing, "prices": nothing, "stocks": nothing} | changed
    return Figures(100, (8.0, 12.0), 10, 10.0, **values)


def test_the_rate_of_the_stack_is_divided_by_that_of_its_rivals():
    goals = goals_of(figures())

    assert goals["of the bare loop"].value == pytest.approx(0.8)  # 8 a second of 10
    assert not goals["of the bare loop"].reached
    assert goals["times the user's script"].value == pytest.approx(8)
    assert goals["times the user's script"].reached


def test_requests_are_counted_by_the_product_and_those_of_the_snapshot_are_not():
    asked = [request("PATCH", "/api/products", 50), request("PATCH", "/api/products", 50)]
    snapshot = [
        request("GET", "/api/"),
        request("GET", "/api/languages"),
        request("GET", "/_simulator/state"),
    ]

    goals = goals_of(figures(prices=phase(1.0, *asked, *snapshot), unchanged=phase(1.0, *snapshot)))

    assert goals["requests per changed price"].value == pytest.approx(0.02)
    assert goals["requests per changed price"].reached
    assert goals["requests per unchanged product"].reached


def test_one_request_for_unchanged_products_misses_the_goal():
    goals = goals_of(figures(unchanged=phase(1.0, request("GET", "/api/products"))))

    assert not goals["requests per unchanged product"].reached


def test_the_shop_waits_when_it_is_not_asked_for_all_that_its_machine_could_do():
    posts = [request("POST", "/api/products", 25)] * 4
    busy = 4 * machine_seconds(posts[0])

    told = time_of(phase(5.0, *posts))

    assert told["shop_busy_seconds"] == pytest.approx(busy, abs=0.01)
    assert told["shop_idle_seconds"] == pytest.approx(5 - busy, abs=0.01)
    assert told["requests"]["POST products"]["entities"] == 100


def test_the_report_names_every_goal_with_whether_it_was_reached():
    report = report_of(figures())

    assert [name for name, goal in report["goals"].items() if not goal["reached"]] == ["of the bare loop"]
    assert not report["reached"]
    assert goals_line(report) == "5 of 6 goals reached; missed: of the bare loop (0.8, not ≥ 0.9)"


def test_a_report_without_a_missed_goal_says_so():
    report = report_of(figures(create=phase(10.0)))

    assert report["reached"]
    assert goals_line(report) == "6 of 6 goals reached"


def test_changed_prices_and_stocks_change_nothing_else():
    before, dearer = catalogue(20), catalogue(20, price="13")

    assert [{**item, "price": "12.5"} for item in dearer] == before
    assert all(item["quantity"] for item in catalogue(20, more_stock=1))
