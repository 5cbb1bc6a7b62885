import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Reason
from gateway.errors import PROBLEM_JSON, Refusal, body_of, violated
from gateway.pictures import ImageRefused, decode_base64, is_picture
from gateway.prefer import Patience, patience

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
MAX = 1000


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "header", [b"\xff\xd8\xff\xe0" + bytes(8), PNG[:12], b"GIF89a" + bytes(6), b"RIFF\x00\x00\x00\x00WEBP"]
)
def test_the_four_formats_are_known_by_their_bytes(header: bytes) -> None:
    assert is_picture(header)


@pytest.mark.parametrize(
    "header",
    [b"", b"<svg xmlns=", b"BM" + bytes(10), b"%PDF-1.7 abc", b"RIFF\0\0\0\0WAVE", b"II*\0" + bytes(8)],
)
def test_other_formats_are_no_pictures(header: bytes) -> None:
    assert not is_picture(header)


def test_line_breaks_and_a_data_urls_prefix_are_taken() -> None:
    text = encoded(PNG)
    assert decode_base64("data:image/png;base64," + text, max_bytes=MAX) == PNG
    assert decode_base64("\n".join(text[i : i + 76] for i in range(0, len(text), 76)), max_bytes=MAX) == PNG


@pytest.mark.parametrize(
    "text",
    ["", "====", "!!!!", encoded(PNG)[:-1], encoded(PNG + b"x") + "AAAA", encoded(b"hello world!"), "https://example.com/a.png",
     base64.urlsafe_b64encode(PNG + b"\xff\xfe\xfb").decode(), "data:image/png," + encoded(PNG), "é" * 8],
)  # fmt: skip
def test_what_is_no_picture_in_base64_is_unreadable(text: str) -> None:
    with pytest.raises(ImageRefused) as refused:
        decode_base64(text, max_bytes=MAX)
    assert refused.value.code == "image_unreadable"


def test_a_picture_may_have_exactly_the_largest_size() -> None:
    largest = PNG + bytes(MAX - len(PNG))
    assert len(decode_base64(encoded(largest), max_bytes=MAX)) == MAX
    for more in (1, 2, 3, MAX):
        with pytest.raises(ImageRefused) as refused:
            decode_base64(encoded(largest + bytes(more)), max_bytes=MAX)
        assert refused.value.code == "image_too_large"


@given(st.text(max_size=50))
def test_any_text_is_a_picture_or_refused(text: str) -> None:
    with pytest.raises(ImageRefused):
        decode_base64(text, max_bytes=MAX)


# ── preferences ──


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


# ── the bodies of refusals ──


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
    assert isinstance(violated([]), Refusal)
