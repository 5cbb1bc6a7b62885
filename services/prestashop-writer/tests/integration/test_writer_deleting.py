"""Deletions in, products gone from the shop, and what came before them stays gone."""

from typing import Any

from common.messages import ChunkWritten, Intent, Result


async def test_products_are_deleted_in_one_request(running: Any) -> None:
    made = await running.bring(*(running.change(f"D-{n}", name={"*": f"Bracket {n}"}) for n in range(10)))
    running.forget_requests()
    chunk = running.chunk(*(running.change(f"D-{n}", Intent.DELETE) for n in range(10)))
    await running.send(chunk)
    told = await running.completed(chunk)
    assert isinstance(told, ChunkWritten)  # their pictures are still to be forgotten
    assert [work.outcome.result for work in told.pictures] == [Result.DELETED] * 10
    assert [work.outcome.presta_id for work in told.pictures] == [outcome.presta_id for outcome in made]
    assert running.shown() == []
    assert [request.split()[:2] for request in running.requests()] == [["DELETE", "products"]]


async def test_deleting_a_product_that_nobody_has_is_refused(running: Any) -> None:
    for _ in range(2):
        outcome = await running.bring_one("NOWHERE", Intent.DELETE)
        assert (outcome.result, outcome.reasons[0].code) == (Result.REFUSED, "product_not_found")
    assert running.writes() == []


async def test_a_product_made_by_hand_is_found_and_deleted(running: Any) -> None:
    await running.made_by_hand({"reference": "HAND", "name": {1: "By hand", 2: "A mano"}})
    chunk = running.chunk(running.change("HAND", Intent.DELETE))
    await running.send(chunk)
    told = await running.completed(chunk)
    assert told.pictures[0].outcome.result is Result.DELETED
    assert running.shown() == []


async def test_an_older_change_does_not_revive_a_deleted_product_and_a_newer_one_makes_it_anew(
    running: Any,
) -> None:
    first = await running.bring_one("ANEW", name={"*": "Old"}, price="5", brand={"name": "Acme"})
    old = running.change("ANEW", name={"*": "Late"}, images=({"file_name": "a.png", "sha256": "0" * 64},))
    deletion = running.change("ANEW", Intent.DELETE)
    await running.bring(deletion)

    (late,) = await running.bring(old)
    assert (late.result, [reason.code for reason in late.warnings]) == (Result.UNCHANGED, ["product_deleted"])
    assert running.shown() == []
    update = await running.bring_one("ANEW", Intent.UPDATE, price="6")
    assert (update.result, update.reasons[0].code) == (Result.REFUSED, "product_not_found")

    again = await running.bring_one("ANEW", Intent.CREATE, name={"*": "New"})
    assert again.result is Result.CREATED
    assert again.presta_id != first.presta_id
    product = running.product("ANEW")
    assert (product["names"]["1"], product["price"], product["brand"]) == ("New", "0.000000", None)


async def test_a_deletion_and_a_create_in_one_chunk_end_in_a_new_product(running: Any) -> None:
    first = await running.bring_one("TURN", name={"*": "Old"}, quantity=4)
    chunk = running.chunk(
        running.change("TURN", Intent.DELETE), running.change("TURN", Intent.CREATE, name={"*": "New"})
    )
    await running.send(chunk)
    told = await running.completed(chunk)
    assert told.pictures[0].outcome.result is Result.DELETED
    (created,) = told.outcomes
    assert created.result is Result.CREATED
    product = running.product("TURN")
    assert (product["id"] != first.presta_id, product["quantity"]) == (True, 0)


async def test_a_lost_answer_to_a_deletion_is_asked_for_again(running: Any) -> None:
    await running.bring_one("LOST", name={"*": "Bracket"})
    running.fail("DELETE /api/products", drop="after", times=1)
    chunk = running.chunk(running.change("LOST", Intent.DELETE))
    await running.send(chunk)
    told = await running.completed(chunk)
    assert told.pictures[0].outcome.result is Result.DELETED
    assert running.shown() == []


async def test_a_page_in_place_of_an_answer_deletes_nothing_and_the_deletion_goes_on(running: Any) -> None:
    await running.bring(*(running.change(f"D-{n}", name={"*": f"Bracket {n}"}) for n in range(3)))
    running.fail("DELETE /api/products", fault="html_200", times=1)
    chunk = running.chunk(*(running.change(f"D-{n}", Intent.DELETE) for n in range(3)))

    await running.send(chunk)
    told = await running.completed(chunk)

    assert [work.outcome.result for work in told.pictures] == [Result.DELETED] * 3
    assert running.shown() == []
