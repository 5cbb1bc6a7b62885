"""Chunks in, the shop in its desired state with few requests, outcomes out."""

from typing import Any

from common.messages import ChunkCompleted, ChunkWritten, ImageReference, Intent, ItemOutcome, Reason, Result


def catalogue(world: Any, numbers: range, **fields: Any) -> list[Any]:
    """Products with everything: two languages, a brand, data sheets, stock."""
    return [
        world.change(
            f"P-{number}",
            **{
                "name": {"en": f"Bracket {number}", "it": f"Staffa {number}"},
                "price": "12.50",
                "quantity": number + 1,
                "categories": (2,),
                "brand": {"name": f"Brand {number % 5}"},
                "technical_data": (
                    {"group": "", "name": "Colour", "value": f"Red {number % 7}"},
                    {"group": "Box", "name": "Weight", "value": str(number % 3), "unit": "kg"},
                ),
                **fields,
            },
        )
        for number in numbers
    ]


def results(outcomes: list[ItemOutcome]) -> set[Result]:
    return {outcome.result for outcome in outcomes}


def reason(outcome: ItemOutcome) -> Reason:
    (only,) = outcome.reasons
    return only


async def test_what_a_product_is_told_to_be_stands_in_the_shop(running: Any) -> None:
    told = {
        "condition": "used",
        "visibility": "catalog",
        "available_for_order": False,
        "tax_rules_group": 1,
        "meta_title": {"*": "A bracket"},
        "meta_description": {"en": "Holds.", "it": "Tiene."},
        "width": "10",
        "depth": "2.5",
    }
    outcome = await running.bring_one("TOLD", name={"*": "Bracket"}, price="5", **told)
    assert outcome.result is Result.CREATED
    node = await running.client.get("products", outcome.presta_id)
    assert node["meta_description"] == {1: "Holds.", 2: "Tiene."}
    assert (node["width"], node["depth"]) == ("10.000000", "2.500000")
    shown = running.product("TOLD")
    assert {name: shown[name] for name in list(told)[:4]} == dict(list(told.items())[:4])

    running.forget_requests()
    assert (await running.bring_one("TOLD", **told)).result is Result.UNCHANGED
    assert running.requests() == []
    changed = {"condition": "new", "visibility": "both", "available_for_order": True, "tax_rules_group": None}
    assert (await running.bring_one("TOLD", **changed)).result is Result.UPDATED
    assert running.writes() == ["PATCH products 1"]
    assert running.product("TOLD")["tax_rules_group"] == 0


async def test_a_catalogue_costs_few_requests_and_an_unchanged_one_none(running: Any) -> None:
    halves = [running.chunk(*catalogue(running, numbers)) for numbers in (range(50), range(50, 100))]
    for half in halves:
        await running.send(half)
    outcomes = [o for half in halves for o in (await running.completed(half)).outcomes]

    assert [o.position for o in outcomes] == [*range(50), *range(50)]
    assert results(outcomes) == {Result.CREATED}
    assert all(o.presta_id and o.technical_data_processed == 2 for o in outcomes)
    product = running.product("P-7")
    assert product["names"] == {"1": "Bracket 7", "2": "Staffa 7"}
    assert (product["price"], product["quantity"], product["brand"]) == ("12.500000", 8, "Brand 2")
    assert [feature["value"]["1"] for feature in product["features"]] == ["Red 0", "1 kg"]
    assert product["active"]
    # Two chunks may be taken by one pass or by two.
    assert len(running.requests()) <= 24
    assert running.writes().count("POST products 25") == 4

    running.forget_requests()
    again = await running.bring(*catalogue(running, range(50)))
    assert results(again) == {Result.UNCHANGED}
    assert running.requests() == []

    dearer = await running.bring(*catalogue(running, range(25), price="13"))
    assert results(dearer) == {Result.UPDATED}
    assert running.requests() == ["PATCH products 25"]
    assert running.product("P-7")["price"] == "13.000000"

    running.forget_requests()
    sold = await running.bring(*[running.change(f"P-{number}", quantity=0) for number in range(50)])
    assert results(sold) == {Result.UPDATED}
    assert running.requests() == ["PATCH stock_availables 50"]


async def test_more_products_than_one_pass_takes_are_all_brought(running: Any) -> None:
    chunks = [
        running.chunk(
            *[running.change(f"P-{number}", name={"en": "Bracket"}) for number in range(start, start + 50)]
        )
        for start in range(0, 250, 50)
    ]
    for chunk in chunks:
        await running.send(chunk)
    for chunk in chunks:
        assert results(list((await running.completed(chunk)).outcomes)) == {Result.CREATED}
    assert len(running.shown()) == 250


async def test_a_create_of_a_product_that_the_shop_has_is_refused_and_leaves_no_trace(running: Any) -> None:
    await running.made_by_hand({"reference": "OLD", "name": {1: "Made by hand", 2: "Fatto a mano"}})
    running.forget_requests()

    outcome = await running.bring_one("OLD", Intent.CREATE, name={"en": "From the ERP"}, price="99")

    assert (outcome.result, reason(outcome).code) == (Result.REFUSED, "product_exists")
    # The later change is adopted without what was refused.
    later = await running.bring_one("OLD", quantity=5)
    assert later.result is Result.UPDATED
    product = running.product("OLD")
    assert (product["names"]["1"], product["price"], product["quantity"]) == ("Made by hand", "1.000000", 5)

    known = await running.bring_one("OLD", Intent.CREATE, price="98")
    assert reason(known).code == "product_exists"
    assert running.product("OLD")["price"] == "1.000000"


async def test_an_update_of_a_product_that_nobody_has_is_refused(running: Any) -> None:
    outcome = await running.bring_one("NONE", Intent.UPDATE, name={"en": "Bracket"})
    assert (outcome.result, reason(outcome).code) == (Result.REFUSED, "product_not_found")

    nameless = await running.bring_one("NONE", price="3")
    assert reason(nameless).field == "name"

    pictures_alone = await running.bring_one("NONE", Intent.UPDATE, images=())
    assert reason(pictures_alone).code == "product_not_found"

    (unknown_id,) = await running.bring(running.change(None, Intent.UPDATE, presta_id=77, price="3"))
    assert "77" in reason(unknown_id).message
    assert running.writes() == []


async def test_a_product_made_by_hand_is_adopted_and_keeps_the_texts_that_we_were_not_given(
    running: Any,
) -> None:
    (by_hand,) = await running.made_by_hand(
        {"reference": "OLD", "name": {1: "Bracket", 2: "Staffa"}, "description": {1: "Good", 2: "Buono"}}
    )

    outcome = await running.bring_one("OLD", name={"en": "Steel bracket"}, price="7", quantity=3)

    assert (outcome.result, outcome.presta_id) == (Result.UPDATED, by_hand)
    product = running.product("OLD")
    assert product["names"] == {"1": "Steel bracket", "2": "Staffa"}
    assert product["descriptions"] == {"1": "Good", "2": "Buono"}
    assert (product["price"], product["quantity"]) == ("7.000000", 3)
    (by_id,) = await running.bring(running.change(None, Intent.UPDATE, presta_id=by_hand, price="8"))
    assert (by_id.result, by_id.reference) == (Result.UPDATED, "OLD")


async def test_twins_in_the_shop_are_a_conflict_that_names_them(running: Any) -> None:
    twin = {"reference": "TWIN", "name": {1: "A", 2: "A"}}
    twins = await running.made_by_hand(twin, twin)

    outcome = await running.bring_one("TWIN", name={"en": "Which?"}, price="9")

    assert reason(outcome).code == "product_conflict"
    assert all(str(twin) in reason(outcome).message for twin in twins)
    assert len(running.shown()) == 2


async def test_one_bad_product_among_fifty_is_refused_with_the_shops_words(running: Any) -> None:
    changes = catalogue(running, range(49))
    changes.insert(20, running.change("BAD", name={"en": "A {bad} name"}, quantity=1))

    outcomes = await running.bring(*changes)

    assert [o.reference for o in outcomes if o.result is Result.REFUSED] == ["BAD"]
    assert reason(outcomes[20]).code == "shop_refused"
    assert "name" in reason(outcomes[20]).message
    assert len(running.shown()) == 49
    corrected = await running.bring_one("BAD", name={"en": "A good name"}, quantity=2)
    assert corrected.result is Result.CREATED
    assert running.product("BAD")["quantity"] == 2


async def test_a_refused_change_takes_nothing_of_the_product_with_it(running: Any) -> None:
    await running.bring_one("P", name={"en": "Bracket"}, price="10")

    refused = await running.bring_one("P", name={"en": "<b>"}, price="11")
    assert reason(refused).code == "shop_refused"

    dearer = await running.bring_one("P", price="12")
    assert dearer.result is Result.UPDATED
    assert running.product("P")["names"]["1"] == "Bracket"


async def test_a_brand_that_the_shop_refuses_refuses_its_products_alone(running: Any) -> None:
    bad = running.change("BAD", name={"en": "Bracket"}, brand={"name": "A <brand>"})
    good = running.change("GOOD", name={"en": "Bracket"}, brand={"name": "Brand"})

    outcomes = await running.bring(bad, good)

    assert [o.result for o in outcomes] == [Result.REFUSED, Result.CREATED]
    assert reason(outcomes[0]).code == "shop_refused"


async def test_a_product_deleted_in_the_back_office_is_made_anew(running: Any) -> None:
    (first, *_) = await running.bring(
        *[running.change(f"P-{n}", name={"en": f"Bracket {n}"}, price="4", quantity=6) for n in range(3)]
    )
    await running.client.delete("products", [product["id"] for product in running.shown()])

    by_content = await running.bring_one("P-0", price="5")
    by_stock = await running.bring_one("P-1", quantity=7)

    assert [by_content.result, by_stock.result] == [Result.CREATED, Result.CREATED]
    assert by_content.presta_id != first.presta_id
    product = running.product("P-1")
    assert (product["names"]["1"], product["price"], product["quantity"]) == ("Bracket 1", "4.000000", 7)
    updated = await running.bring_one("P-2", Intent.UPDATE, price="5")
    assert reason(updated).code == "product_not_found"


async def test_a_product_that_got_another_reference_in_the_back_office_is_found_by_it(running: Any) -> None:
    created = await running.bring_one("OLD", name={"en": "Bracket"})
    await running.client.patch("products", [{"id": created.presta_id, "reference": "RENAMED"}])

    renamed = await running.bring_one("RENAMED", price="5")
    old = await running.bring_one("OLD", name={"en": "A new one"}, price="6")

    assert (renamed.result, renamed.presta_id) == (Result.UPDATED, created.presta_id)
    assert old.result is Result.CREATED
    assert old.presta_id != created.presta_id


async def test_names_that_differ_in_case_alone_are_one_feature_value(running: Any) -> None:
    await running.bring_one(
        "A", name={"en": "A"}, technical_data=({"group": "", "name": "Colour", "value": "red"},)
    )
    outcome = await running.bring_one(
        "B",
        name={"en": "B"},
        technical_data=(
            {"group": "", "name": "Colour", "value": "Red"},
            {"group": "", "name": "colour", "value": "RED"},
        ),
    )
    assert outcome.result is Result.CREATED
    assert [feature["value"]["1"] for feature in running.product("B")["features"]] == ["red"]


async def test_a_chunk_that_is_delivered_twice_completes_once(running: Any) -> None:
    chunk = running.chunk(running.change("P", Intent.CREATE, name={"en": "Bracket"}))
    await running.send(chunk)
    await running.send(chunk)  # under another message id: the inbox does not know it
    await running.completed(chunk)
    await running.send(chunk)

    last = running.chunk(running.change("Q", name={"en": "Bracket"}))
    await running.send(last)
    await running.completed(last)

    assert len({message.model_dump_json() for message in running.finished(chunk)}) == 1
    assert results(list(running.finished(chunk)[0].outcomes)) == {Result.CREATED}
    assert len(running.shown()) == 2


async def test_what_the_validator_refused_is_in_the_outcomes_and_pictures_go_on(running: Any) -> None:
    refused = ItemOutcome(
        position=1, sequence=1_000_000, intent=Intent.UPSERT, result=Result.REFUSED, reference="X"
    )
    picture = ImageReference(file_name="a.jpg", sha256="0" * 64)
    with_picture = running.chunk(
        running.change("P", name={"en": "Bracket"}, images=(picture,)), outcomes=(refused,)
    )
    await running.send(with_picture)
    written = await running.completed(with_picture)

    assert isinstance(written, ChunkWritten)
    assert written.outcomes == (refused,)
    (work,) = written.pictures
    assert (work.images, work.outcome.result) == ((picture,), Result.CREATED)
    assert work.outcome.presta_id == running.product("P")["id"]

    nothing_open = running.chunk(outcomes=(refused,))
    await running.send(nothing_open)
    assert isinstance(await running.completed(nothing_open), ChunkCompleted)


async def test_changes_that_arrive_in_any_order_end_in_the_newest_state(running: Any) -> None:
    old = running.chunk(running.change("P", name={"en": "Old"}, price="1", quantity=1))
    new = running.chunk(running.change("P", name={"en": "New"}, price="2"))
    await running.send(new)
    await running.completed(new)
    await running.send(old)
    await running.completed(old)

    product = running.product("P")
    assert (product["names"]["1"], product["price"], product["quantity"]) == ("New", "2.000000", 1)


async def test_a_product_named_by_the_shops_id_is_found_there(running: Any) -> None:
    by_hand, unnamed = await running.made_by_hand(
        {"reference": "HAND-1", "name": {1: "A", 2: "A"}}, {"reference": "X", "name": {1: "B", 2: "B"}}
    )
    await running.client.patch("products", [{"id": unnamed, "reference": ""}])

    outcomes = await running.bring(
        running.change(None, Intent.UPDATE, presta_id=by_hand, price="8"),
        running.change(None, Intent.UPDATE, presta_id=unnamed, price="8"),
        running.change(None, Intent.UPDATE, presta_id=9999, price="8"),
        running.change("NEW", name={"en": "New"}, price="9"),
    )

    assert [o.result.value for o in outcomes] == ["updated", "refused", "refused", "created"]
    assert (outcomes[0].reference, outcomes[0].presta_id) == ("HAND-1", by_hand)
    assert [o.reasons[0].field for o in outcomes[1:3]] == ["presta_id", "presta_id"]
    assert "has no reference" in outcomes[1].reasons[0].message
    assert running.product("HAND-1")["price"] == "8.000000"
