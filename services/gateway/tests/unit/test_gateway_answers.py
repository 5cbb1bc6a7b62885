import pytest

from common.messages import Reason
from gateway.errors import PROBLEM_JSON, body_of, violated
from gateway.prefer import Patience, patience


@pytest.mark.parametrize(
    ("prefer", "expected"),
    [
        ("", Patience(25)),
        ("respond-async", Patience(0, "respond-async")),
        ("wait=5", Patience(5, "wait=5")),
        ("respond-async, wait=10", Patience(10, "wait=10")),
        ("wait=600", Patience(25, "wait=25")),
        ("wait=0", Patience(0, "wait=0")),
        ("wait=-1", Patience(25)),
        ("wait=soon; foo", Patience(25)),
        ("return=minimal, Respond-Async", Patience(0, "respond-async")),
    ],
)
def test_a_caller_says_how_long_it_waits(prefer: str, expected: Patience) -> None:
    assert patience(prefer, at_most=25) == expected


def test_each_surface_has_its_own_form_of_a_refusal() -> None:
    refusal = violated(
        [Reason(code="price_negative", field="price", message="Price must be a positive number")]
    )
    details = [{"field": "price", "message": "Price must be a positive number"}]
    assert body_of(refusal, "/api/products/sync") == (
        "application/json",
        {"success": False, "error": "Validation failed", "details": details},
    )
    assert body_of(refusal, "/api/v1/products")[1] == {
        "status": "error",
        "error": {"code": "validation_failed", "message": "Validation failed", "details": details},
    }
    content_type, problem = body_of(refusal, "/api/products/sync", accept=f"{PROBLEM_JSON}, */*")
    assert content_type == PROBLEM_JSON
    assert (problem["status"], problem["title"]) == (422, "Unprocessable Entity")


def test_pictures_that_are_too_large_are_413_only_when_nothing_else_is_wrong() -> None:
    large = Reason(code="image_too_large", field="images[0].base64", message="Too large.")
    other = Reason(code="type_wrong", field="price", message="No.")
    assert violated([large]).status == 413
    assert violated([large, other]).status == 422


def test_a_refusal_lists_no_more_than_somebody_reads() -> None:
    refusal = violated([Reason(code="unknown", field=str(n), message="No.") for n in range(300_000)])
    for accept, key in (("", "details"), (PROBLEM_JSON, "errors")):
        listed = body_of(refusal, "/api/products/sync", accept)[1][key]
        assert len(listed) == 1001
        assert listed[-1]["message"] == "299000 more are not listed."
