"""Dry runs: how a body asks for one, what is kept of a plan, and how it is told."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.messages import FieldChange, Intent, ItemOutcome, Reason, Result, ShopRequests
from gateway.dialects import bulk, sync, sync_answers
from gateway.errors import PROBLEM_JSON, Refusal, body_of
from gateway.plans import MOST_BYTES, MOST_CHARACTERS, added, kept_plan
from gateway.submissions import ChunkState, ItemState, Kind, SubmissionState
from gateway.vocabulary import as_sent, changes_as_sent

# A busy machine must not make a law fail.
law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PATCHES = ShopRequests(method="PATCH", resource="products", requests=1, entities=2)
CHANGES = (
    FieldChange(field="price", before="10.00", after="12.50"),
    FieldChange(field="warehouses.2", before=None, after=3),
)
SHOWN = [
    {"field": "price", "before": "10.00", "after": "12.50"},
    {"field": "productWarehouses.2", "before": None, "after": 3},
]


def a_submission(kind: Kind = Kind.SYNC, *, dry_run: bool = True, items: int = 1) -> SubmissionState:
    chunk = ChunkState(0, items, completed_at=NOON, updated=items, planned_requests=(PATCHES,))
    other = ChunkState(1, 0, completed_at=NOON, planned_requests=(PATCHES,))
    chunks = (chunk,) if kind is Kind.SYNC else (chunk, other)
    return SubmissionState("sync_1", kind, "milano", NOON, items, 0, None, chunks, dry_run)


def an_item(**changed: Any) -> ItemState:
    values: dict[str, Any] = {"product_id": 7, "presta_id": 456, "result": Result.UPDATED, "changes": CHANGES}
    return ItemState(position=0, intent=Intent.UPDATE, reference="A", **(values | changed))


# ── asking ──


@pytest.mark.parametrize("dry_run", [True, False])
def test_each_door_may_ask_for_a_dry_run(dry_run: bool) -> None:
    product = {"operation": "update", "reference": "A", "price": 1}
    asked = {"dry_run": dry_run}
    assert sync.read_single(product | asked).dry_run is dry_run
    assert sync.read_batch({"products": [product], **asked}).dry_run is dry_run
    assert bulk.read_items({"items": [product], **asked}, max_items=1).dry_run is dry_run
    assert sync.read_deletion("A", "delete", str(dry_run).lower()).dry_run is dry_run


def test_nobody_who_says_nothing_gets_a_dry_run() -> None:
    assert sync.read_single({"operation": "update", "reference": "A"}).dry_run is False


@pytest.mark.parametrize("value", [None, "true", 1, 0, "", [True]])
def test_what_only_looks_like_a_dry_run_is_no_real_run_either(value: Any) -> None:
    for read in (
        lambda: sync.read_single({"operation": "update", "reference": "A", "dry_run": value}),
        lambda: sync.read_batch({"products": [{}], "dry_run": value}),
        lambda: bulk.read_items({"items": [{}], "dry_run": value}, max_items=1),
        lambda: sync.read_deletion("A", "delete", "yes"),
    ):
        with pytest.raises(Refusal) as refused:
            read()
        assert (refused.value.status, refused.value.details[0].field) == (422, "dry_run")


@pytest.mark.parametrize("name", ["dryRun", "dry-run", "dryrun"])
def test_a_dry_run_that_is_misspelt_is_refused(name: str) -> None:
    for body in ({"products": [{}], name: True}, {"items": [{}], name: True}):
        with pytest.raises(Refusal) as refused:
            sync.read_batch(body) if "products" in body else bulk.read_items(body, max_items=1)
        assert [(r.field, r.code) for r in refused.value.details] == [(name, "field_unknown")]
    [single] = sync.read_single({"operation": "update", "reference": "A", name: True}).entries
    assert [(r.field, r.code) for r in single.reasons] == [(name, "field_unknown")]  # type: ignore[union-attr] # refused


def test_a_product_of_a_list_cannot_be_a_dry_run_for_itself() -> None:
    product = {"operation": "update", "reference": "A", "dry_run": True}
    [of_batch] = sync.read_batch({"products": [product]}).entries
    [of_bulk] = bulk.read_items({"items": [product]}, max_items=1).entries
    for refused in (of_batch, of_bulk):
        assert [r.field for r in refused.reasons] == ["dry_run"]  # type: ignore[union-attr] # refused


# ── keeping ──


def an_outcome(*changes: FieldChange) -> ItemOutcome:
    warning = Reason(code="quantity_ignored", field="quantity", message="It has variants.")
    return ItemOutcome(
        position=0,
        sequence=1,
        intent=Intent.UPDATE,
        result=Result.UPDATED,
        warnings=(warning,),
        changes=changes,
    )


def test_a_plan_that_is_small_is_kept_whole() -> None:
    kept = kept_plan(an_outcome(*CHANGES))
    assert kept.changes == CHANGES
    assert [warning.code for warning in kept.warnings] == ["quantity_ignored"]


def test_a_long_text_is_cut_and_a_change_too_many_is_counted() -> None:
    long = FieldChange(field="description.en", before="x" * 100_000, after="y")
    kept = kept_plan(an_outcome(long))
    assert kept.changes[0].before == "x" * (MOST_CHARACTERS - 1) + "…"
    kept = kept_plan(an_outcome(*[long] * 1_000))
    assert 0 < len(kept.changes) < 1_000
    assert kept.warnings[-1].code == "plan_cut"
    assert kept.warnings[-1].message.startswith(f"{1_000 - len(kept.changes)} further changes")


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4_000),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=8,
)


@law
@given(st.lists(st.builds(FieldChange, field=st.text(max_size=20), before=values, after=values), max_size=30))
def test_what_is_kept_is_a_bounded_beginning_and_tells_the_rest(changes: list[FieldChange]) -> None:
    kept = kept_plan(an_outcome(*changes))
    assert [change.field for change in kept.changes] == [c.field for c in changes[: len(kept.changes)]]
    assert sum(len(change.model_dump_json()) for change in kept.changes) <= MOST_BYTES
    assert ("plan_cut" in {warning.code for warning in kept.warnings}) == (len(kept.changes) < len(changes))


requests = st.builds(
    ShopRequests,
    method=st.sampled_from(["POST", "PATCH"]),
    resource=st.sampled_from(["products", "stock_availables", "images"]),
    requests=st.integers(0, 9),
    entities=st.integers(0, 99),
)


@law
@given(st.lists(requests, max_size=12))
def test_adding_requests_loses_none_and_names_each_kind_once(planned: list[ShopRequests]) -> None:
    total = added(planned)
    assert sum(r.requests for r in total) == sum(r.requests for r in planned)
    assert sum(r.entities for r in total) == sum(r.entities for r in planned)
    assert len({(r.method, r.resource) for r in total}) == len(total)


# ── telling ──


def test_a_dry_run_of_one_product_answers_with_its_plan() -> None:
    warning = Reason(code="w", field="price", message="Look.")
    answer = sync_answers.finished(a_submission(), an_item(warnings=(warning,)))
    assert answer.keys() == {"success", "message", "data", "dryRun"}
    assert (answer["success"], answer["dryRun"]) == (True, True)
    assert answer["message"] == "Dry run: nothing was changed"
    assert answer["data"]["plan"] == {
        "outcome": "updated",
        "changes": SHOWN,
        "warnings": [{"code": "w", "field": "price", "message": "Look."}],
        "shopRequests": {
            "total": 1,
            "requests": [{"method": "PATCH", "resource": "products", "requests": 1, "entities": 2}],
        },
    }
    real = sync_answers.finished(a_submission(dry_run=False), an_item())
    assert answer["data"].keys() - real["data"].keys() == {"plan"}
    assert "dryRun" not in real


def test_a_refused_dry_run_answers_as_a_real_run_and_says_so() -> None:
    reason = Reason(code="product_exists", field="reference", message="There is one.")
    refusals = []
    for dry_run in (False, True):
        with pytest.raises(Refusal) as refused:
            sync_answers.finished(
                a_submission(dry_run=dry_run), an_item(result=Result.REFUSED, reasons=(reason,))
            )
        refusals.append(refused.value)
    real, dry = refusals
    assert real.status == dry.status == 409
    for accept in ("", PROBLEM_JSON):
        of_real, of_dry = (body_of(refusal, "/api/products/sync", accept)[1] for refusal in (real, dry))
        assert of_dry == of_real | {"dryRun": True}


def test_a_batch_has_a_plan_for_each_product_and_the_requests_of_all() -> None:
    submission = a_submission(Kind.BATCH, items=2)
    answer = sync_answers.batch_answer(submission, [an_item(), an_item(result=None)])
    assert answer["dryRun"] is True
    done, going_on = answer["data"]["results"]
    assert done["plan"] == {"outcome": "updated", "changes": SHOWN, "warnings": []}
    assert "plan" not in going_on
    assert answer["data"]["shopRequests"]["requests"] == [
        {"method": "PATCH", "resource": "products", "requests": 2, "entities": 4}
    ]


def test_the_status_of_a_dry_run_shows_its_plan_again() -> None:
    single = sync_answers.status_answer(a_submission(), [an_item()])
    assert (single["dryRun"], single["data"]["plan"]["changes"]) == (True, SHOWN)
    waiting = sync_answers.status_answer(a_submission(), [an_item(result=None)])
    assert (waiting["dryRun"], "plan" in waiting["data"]) == (True, False)


def test_a_bulk_shows_requests_by_chunk_and_plans_by_item() -> None:
    assert bulk.accepted("bulk_1", 1, [], dry_run=True)["dryRun"] is True
    data = bulk.progress(a_submission(Kind.BULK), [an_item()], 1)["data"]
    assert data["dryRun"] is True
    assert [chunk["shopRequests"]["total"] for chunk in data["chunks"]] == [1, 1]
    assert data["shopRequests"]["total"] == 2
    assert data["items"][0]["plan"]["changes"] == SHOWN
    real = bulk.progress(a_submission(Kind.BULK, dry_run=False), [an_item()], 1)["data"]
    assert not {"dryRun", "shopRequests"} & real.keys()
    assert "plan" not in real["items"][0]


def test_a_proof_is_shown_where_there_is_one_with_its_gaps() -> None:
    gap = Reason(code="not_verified", field="technical_data[0].value", message="The shop holds 3.")
    shown = {"code": "not_verified", "field": "technical_data[0].Valore", "message": "The shop holds 3."}
    real = a_submission(dry_run=False)
    for verified, expected in ((True, {"verified": True}), (False, {"verified": False, "warnings": [shown]})):
        item = an_item(verified=verified, warnings=() if verified else (gap,))
        data = sync_answers.finished(real, item)["data"]
        assert {key: data[key] for key in expected} == expected
        assert sync_answers.batch_answer(real, [item, item])["data"]["results"][0]["verified"] is verified
        assert bulk.progress(real, [item], 1)["data"]["items"][0]["verified"] is verified
    assert "verified" not in sync_answers.finished(real, an_item())["data"]


def test_paths_and_entries_are_told_in_the_senders_words() -> None:
    reasons = [
        Reason(code="c", field=field, message="")
        for field in (
            "images[0].file_name",
            "discounts[2].from_quantity",
            "discounts[2].ends",
            "warehouses.2",
            "name.*",
            "variants[0].options.name",
            "variants[3].quantity",
            "quantity",
        )
    ]
    assert [reason.field for reason in as_sent(reasons)] == [
        "images[0].fileName",
        "discounts[2].quantity",
        "discounts[2].date_end",
        "productWarehouses.2",
        "name",
        "variants[0].options.name",
        "variants[3].quantity",
        "quantity",
    ]
    datum = {"group": "Power", "name": "Voltage", "value": "230"}
    [change] = changes_as_sent(
        [FieldChange(field="technical_data", before=[], after=[datum, "Voltage: 230"])]
    )
    assert change.after == [{"Gruppo": "Power", "Descrizione": "Voltage", "Valore": "230"}, "Voltage: 230"]
    [variant] = changes_as_sent([FieldChange(field="variants.SKU-L.quantity", before=1, after=2)])
    assert variant.field == "variants.SKU-L.quantity"
