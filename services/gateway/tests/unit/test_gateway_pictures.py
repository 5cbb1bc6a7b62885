import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.pictures import ImageRefused, decode_base64, is_picture

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
