import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skuwire.push_file import UnreadableFile, read_items, read_push_file, resolve_pictures

BYTES = b"\xff\xd8 a picture"
DIGEST = hashlib.sha256(BYTES).hexdigest()


def pushed(folder: Path, *images: object) -> tuple[list[object], dict[str, Path]]:
    file = folder / "catalogue.json"
    file.write_text(json.dumps({"items": [{"reference": "A", "images": list(images)}]}))
    push = read_push_file(file)
    return push.items[0]["images"], push.pictures


@pytest.mark.parametrize(
    "image",
    [
        "photos/front.jpg",
        {"file": "photos/front.jpg"},
        {"path": "photos/front.jpg"},
    ],
)
def test_a_picture_named_by_its_path_travels_by_its_sha256(tmp_path: Path, image: object) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "front.jpg").write_bytes(BYTES)
    images, pictures = pushed(tmp_path, image)
    assert images == [{"fileName": "front.jpg", "sha256": DIGEST}]
    assert pictures == {DIGEST: tmp_path / "photos" / "front.jpg"}


@pytest.mark.parametrize("place", ["", "pictures", "images", "pictures/3f2a"])
def test_a_picture_is_found_by_its_file_name_beside_the_file_or_in_a_picture_folder(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / place / "front.jpg").write_bytes(BYTES)
    images, pictures = pushed(
        tmp_path, {"fileName": "front.jpg"}, {"fileName": "front.jpg", "sha256": DIGEST}
    )
    assert images == [{"fileName": "front.jpg", "sha256": DIGEST}] * 2
    assert pictures == {DIGEST: tmp_path / place / "front.jpg"}


def test_a_picture_is_found_by_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / DIGEST).write_bytes(BYTES)
    _, pictures = pushed(tmp_path, {"fileName": "front.jpg", "sha256": DIGEST})
    assert pictures == {DIGEST: tmp_path / "pictures" / DIGEST}


def test_a_file_of_the_same_name_with_other_bytes_is_not_sent_for_a_sha256(tmp_path: Path) -> None:
    (tmp_path / "front.jpg").write_bytes(b"something else")
    image = {"fileName": "front.jpg", "sha256": DIGEST}
    assert pushed(tmp_path, image) == ([image], {})


def test_a_path_that_leads_nowhere_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"items\[0\]\.images\[0\].*missing\.jpg"):
        pushed(tmp_path, {"file": "missing.jpg"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON"),
        ("[]", "at least one"),
        ('{"products": [1]}', "items"),
        ('"items"', "items"),
    ],
)
def test_a_file_that_holds_no_items_is_told_so(text: str, told: str) -> None:
    with pytest.raises(UnreadableFile, match=told):
        read_items(text)


def test_a_file_from_windows_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.json"
    file.write_bytes(b'\xef\xbb\xbf[{"reference": "A"}]')
    assert read_push_file(file).items == [{"reference": "A"}]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["images", "fileName", "base64", "sha256", "reference"]) | st.text(), inner
        )
    ),
    max_leaves=20,
)


@given(st.lists(json_values))
def test_what_names_no_file_reaches_the_gateway_as_it_is(items: list[object]) -> None:
    def names_paths(value: object) -> bool:
        if not (isinstance(value, dict) and isinstance(value.get("images"), list)):
            return False
        return any(
            isinstance(i, str) or (isinstance(i, dict) and {"file", "path"} & i.keys())
            for i in value["images"]
        )

    wanted = [item for item in items if not names_paths(item)]
    assert resolve_pictures(wanted, lambda _name: None).items == wanted
