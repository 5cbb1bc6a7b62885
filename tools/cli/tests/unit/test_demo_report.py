from dataclasses import replace
from typing import Any

import pytest

from skuwire.demo.report import (
    Expected,
    Outcome,
    Pass,
    ShopAtTheEnd,
    SyncAnswer,
    Webhooks,
    report_of,
    unexpected_refusals,
    what_is_off,
)
from skuwire.demo.shop_figures import as_sent, duplicate_references, traffic_of
from skuwire.progress import Progress, RefusedItem

EXPECTED = Expected(
    items=10, refused={4: "price_negative"}, pictures=18, changed_prices=2, changed_quantities=2, products=10
)
REFUSED = RefusedItem(4, "A-4", (("price", "price_negative", "Send 0 or more."),))


def requests(*kinds: str) -> list[dict[str, Any]]:
    return [dict(zip(("method", "path"), kind.split(" "), strict=True)) for kind in kinds]


def one_pass(name: str, *kinds: str, items: int = 10, **results: int) -> Pass:
    counted = dict.fromkeys(("created", "updated", "unchanged", "deleted", "refused"), 0) | results
    progress = Progress(items, items, items, items, counted, 0, 1, 1, finished=True)
    refused = [REFUSED] if results.get("refused") else []
    return Pass(name, progress, refused, traffic_of(requests(*kinds)), 1.0)


CREATE_KINDS = (
    "GET /api/products",
    "POST /api/products",
    "PATCH /api/stock_availables",
    "POST /api/images/products/1",
)
WELL = Outcome(
    expected=EXPECTED,
    create=one_pass("create", *CREATE_KINDS, created=9, refused=1),
    again=one_pass("again", "GET /api/languages", unchanged=9, refused=1),
    changes=one_pass("changes", "PATCH /api/products", "PATCH /api/stock_availables", items=4, updated=4),
    shop=ShopAtTheEnd(10, 18, [], 2, 2, {"reference": "A-1", "quantity": 20, "categories": [2]}),
    webhooks=Webhooks(expected=4, received=4, verified=4, chunks=4, repeats=1),
    sync=SyncAnswer(200, 202, "4bf92f35", {}),
    seconds=60.0,
    extras={},
)


def off(outcome: Outcome) -> list[str]:
    return what_is_off(report_of(outcome), outcome.expected)


def test_a_demo_in_which_all_went_well_is_as_promised() -> None:
    report = report_of(WELL)
    assert off(WELL) == []
    assert (report["sent"], report["written"], report["refused"]) == (10, 9, 1)
    assert report["create_shop_requests_per_product"] == pytest.approx(3 / 9, abs=0.001)
    assert report["reasons_of_the_refused"] == {"price_negative": 1}


@pytest.mark.parametrize(
    ("outcome", "figure"),
    [
        (
            replace(WELL, again=one_pass("again", "PATCH /api/products", unchanged=9, refused=1)),
            "second_pass_shop_writes",
        ),
        (
            replace(WELL, again=one_pass("again", "POST /api/images/products/1", unchanged=9, refused=1)),
            "second_pass_shop_writes",
        ),
        (
            replace(WELL, changes=one_pass("changes", *["PATCH /api/products"] * 5, items=4, updated=4)),
            "price_stock_pass_shop_writes",
        ),
        (
            replace(WELL, create=one_pass("create", *["POST /api/products"] * 9, created=9, refused=1)),
            "create_shop_requests_per_product",
        ),
        (replace(WELL, create=one_pass("create", *CREATE_KINDS, created=10)), "refused"),
        (replace(WELL, shop=replace(WELL.shop, pictures=17)), "images_uploaded"),
        (replace(WELL, shop=replace(WELL.shop, products=11)), "products_in_shop"),
        (replace(WELL, shop=replace(WELL.shop, duplicate_references=["A"])), "duplicate_references_in_shop"),
        (replace(WELL, shop=replace(WELL.shop, changed_prices=1)), "prices_in_shop_as_sent"),
        (replace(WELL, shop=replace(WELL.shop, example={})), "update_examples_in_shop"),
        (replace(WELL, webhooks=replace(WELL.webhooks, verified=3)), "chunk_webhooks_verified"),
        (
            replace(WELL, webhooks=replace(WELL.webhooks, received=3, verified=3, chunks=3)),
            "chunk_webhooks_received",
        ),
        (replace(WELL, sync=SyncAnswer(409, 409, None, {})), "sync_answer_status"),
    ],
)
def test_a_figure_that_is_off_is_named(outcome: Outcome, figure: str) -> None:
    assert any(sentence.startswith(f"{figure} is ") for sentence in off(outcome))


def test_an_item_refused_for_another_reason_than_expected_is_named() -> None:
    other = RefusedItem(5, "A-5", (("name", "name_too_long", "Shorten it."),))
    assert unexpected_refusals({4: "price_negative"}, [REFUSED]) == {}
    assert unexpected_refusals({4: "price_negative"}, [other]) == {
        "4": "written instead of price_negative",
        "5 A-5": "name_too_long instead of written",
    }
    assert unexpected_refusals({4: "type_wrong"}, [REFUSED]) == {
        "4 A-4": "price_negative instead of type_wrong"
    }


def test_requests_about_pictures_are_counted_apart_and_visits_of_people_not_at_all() -> None:
    traffic = traffic_of(
        requests(
            "GET /api/",
            "PATCH /api/products",
            "GET /api/images/products/7",
            "POST /api/images/products/7",
            "GET /",
        )
    )
    assert (traffic.reads, traffic.writes, traffic.picture_reads, traffic.picture_writes) == (1, 1, 1, 1)
    assert traffic.by_kind == {
        "GET images/products": 1,
        "GET root": 1,
        "PATCH products": 1,
        "POST images/products": 1,
    }


def test_the_shop_is_asked_what_it_shows_whatever_zeros_it_adds() -> None:
    products = [
        {"reference": "A", "price": "12.500000"},
        {"reference": "B", "price": "3"},
        {"reference": "B", "price": "3"},
    ]
    changes = [
        {"reference": "A", "price": "12.50"},
        {"reference": "B", "price": "4"},
        {"reference": "C", "price": "1"},
    ]
    assert as_sent(products, changes, "price") == 1
    assert duplicate_references(products) == ["B"]
