import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.picture_stream import CutPicture, PictureCutter
from gateway.pictures import ImageRefused

PNG = b"\x89PNG\r\n\x1a\n"
MAX = 1000


def cut(body: bytes, sizes: list[int]) -> tuple[bytes, list[CutPicture]]:
    """The body fed in parts of these sizes, again and again."""
    cutter, found, at, turn = PictureCutter(MAX), [], 0, 0
    while at < len(body):
        size = sizes[turn % len(sizes)]
        found += cutter.feed(body[at : at + size])
        at, turn = at + size, turn + 1
    return bytes(cutter.remaining), found


def pictures_of(value: Any) -> list[str]:
    """The texts under keys `base64`, in the order in which they are written."""
    if isinstance(value, dict):
        return [
            found
            for key, inner in value.items()
            for found in ([inner] if key == "base64" and isinstance(inner, str) else pictures_of(inner))
        ]
    return [found for inner in value for found in pictures_of(inner)] if isinstance(value, list) else []


def with_names(value: Any, names: list[str]) -> Any:
    """The value as it should remain: every text under `base64` that is not empty replaced by its name."""
    if isinstance(value, dict):
        return {
            key: (names.pop(0) if inner else "")
            if key == "base64" and isinstance(inner, str)
            else with_names(inner, names)
            for key, inner in value.items()
        }
    return [with_names(inner, names) for inner in value] if isinstance(value, list) else value


texts = st.text(max_size=8) | st.sampled_from(
    ["base64", 'base64"', "\\base64", ":", '"', "\\", "é", "base64:"]
)
contents = texts | st.binary(max_size=20).map(lambda data: base64.b64encode(PNG + data).decode())
values = st.recursive(
    texts | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(texts, inner, max_size=3)
    | st.builds(lambda content, rest: {"fileName": "a", "base64": content, **rest}, contents | inner,
                st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=8,
)  # fmt: skip


@given(values, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.booleans(), st.sampled_from([None, 2]))
@example({"base64": "a\\/b", "x": "base64"}, [1], True, None)
def test_every_picture_is_cut_out_and_everything_else_remains(
    value: Any, sizes: list[int], ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    remaining, found = cut(body, sizes)
    sent = [text for text in pictures_of(value) if text]
    assert len(found) == len(sent)
    names = [picture.name for picture in found]
    assert json.loads(remaining.decode("utf-8", "surrogatepass")) == with_names(value, names)
    for text, picture in zip(sent, found, strict=True):
        assert picture.content == expected(text)


def expected(text: str) -> bytes | ImageRefused:
    """What the standard library makes of the text, whole."""
    try:
        data = base64.b64decode(text.translate(str.maketrans("", "", " \t\r\n")), validate=True)
    except ValueError:
        data = b""
    unreadable = ImageRefused("image_unreadable", "Must be a picture in base64: jpg, jpeg, png, gif or webp.")
    return data if data.startswith(PNG) else unreadable


@given(st.binary(max_size=200), st.lists(st.integers(1, 9), min_size=1, max_size=3))
def test_any_bytes_pass_and_the_size_of_the_parts_does_not_matter(body: bytes, sizes: list[int]) -> None:
    whole, split = cut(body, [1000]), cut(body, sizes)
    assert len(whole[1]) == len(split[1])
    if b"base64" not in body:
        assert whole[0] == split[0] == body


@given(values, st.integers(1, 9), st.sampled_from([None, 2]))
def test_what_a_body_takes_does_not_depend_on_its_parts(value: Any, size: int, indent: int | None) -> None:
    body = json.dumps(value, indent=indent).encode()
    whole, split = PictureCutter(MAX), PictureCutter(MAX)
    whole.feed(body)
    for at in range(0, len(body), size):
        split.feed(body[at : at + size])
    assert whole.memory_bytes == split.memory_bytes


def test_slashes_that_were_escaped_are_read_as_php_writes_them() -> None:
    data = PNG + b"\xff\xff\xff\xfe" * 30
    body = json.dumps({"base64": base64.b64encode(data).decode()}).replace("/", "\\/").encode()
    assert b"\\/" in body
    for size in (1, 7, 1000):
        assert [picture.content for picture in cut(body, [size])[1]] == [data]
    escaped = body.replace(b"+", b"\\u002b")
    assert [picture.content for picture in cut(escaped, [3])[1]] == [data]


@pytest.mark.parametrize("size", [1, 3, 64, 5000])
def test_a_picture_beyond_the_limit_is_not_kept(size: int) -> None:
    body = json.dumps({"base64": base64.b64encode(PNG + bytes(MAX)).decode()}).encode()
    [picture] = cut(body, [size])[1]
    assert isinstance(picture.content, ImageRefused)
    assert picture.content.code == "image_too_large"


def test_a_name_cannot_be_made_up() -> None:
    names = [cut(b'{"base64": "AAAA"}', [5])[1][0].name for _ in range(2)]
    assert names[0] != names[1]


def test_what_a_body_takes_is_known_before_it_is_read() -> None:
    small, dense, text = (PictureCutter(1000) for _ in range(3))
    small.feed(b'{"a": "b"}')
    dense.feed(b"[" + b"{}," * 10_000 + b"{}]")
    text.feed(b'["' + b"[{," * 10_000 + b'"]')  # within a string these are letters
    assert small.memory_bytes < 1000
    assert dense.memory_bytes > 10_000 * 100
    assert text.memory_bytes < 3 * 30_100
    picture = PictureCutter(10_000)
    picture.feed(b'{"base64": "' + b"/9j/" + b"A" * 8000)
    assert picture.memory_bytes > 3 * 6000
