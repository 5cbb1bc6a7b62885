"""The demo's pictures: what a supplier's mailbox contains, drawn the same on every machine."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from skuwire.demo.catalogue import catalogue
from skuwire.demo.catalogue_products import products
from skuwire.demo.pictures import make_pictures
from skuwire.demo.pictures_drawing import draw, text_width
from skuwire.demo.pictures_plan import Kind, PictureSpec, View

ORIENTATION_TAG = 0x0112


def one_of_each_kind() -> list[PictureSpec]:
    pictures = catalogue().pictures
    small = [next(picture for picture in pictures if picture.kind == kind) for kind in Kind]
    return [
        replace(
            picture,
            width=picture.width // 8,
            height=picture.height // 8,
            file_name=f"{at}-{picture.file_name}",
        )
        for at, picture in enumerate(small)
    ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    wanted = one_of_each_kind()
    found = make_pictures(wanted, tmp_path_factory.mktemp("pictures"), processes=1)
    return {picture.kind: found[picture.file_name].path for picture in wanted}


def test_a_product_has_one_to_four_pictures_and_about_two_and_a_half() -> None:
    pictures = Counter(picture.subject.reference for picture in catalogue().pictures)
    assert set(pictures) == {product.reference for product in products()}
    assert set(pictures.values()) == {1, 2, 3, 4}
    assert 2.3 <= sum(pictures.values()) / len(pictures) <= 2.5


def test_suppliers_send_every_kind_of_file() -> None:
    kinds = Counter(picture.kind for picture in catalogue().pictures)
    assert min(kinds[kind] for kind in Kind) >= 10
    assert kinds[Kind.JPEG] > 500
    held = {picture.orientation for picture in catalogue().pictures if picture.kind == Kind.CAMERA}
    assert held == {3, 6, 8}


@pytest.mark.parametrize(
    ("kind", "file_format", "mode"),
    [
        (Kind.JPEG, "JPEG", "RGB"),
        (Kind.CMYK, "JPEG", "CMYK"),
        (Kind.PNG, "PNG", "RGBA"),
        (Kind.GIF, "GIF", "P"),
        (Kind.WEBP, "WEBP", "RGB"),
    ],
)
def test_a_file_is_of_the_kind_that_was_planned(
    made: dict[Kind, Path], kind: Kind, file_format: str, mode: str
) -> None:
    with Image.open(made[kind]) as image:
        assert (image.format, image.mode) == (file_format, mode)


def test_a_camera_shot_stands_upright_only_after_its_exif_orientation(made: dict[Kind, Path]) -> None:
    planned = next(picture for picture in one_of_each_kind() if picture.kind == Kind.CAMERA)
    with Image.open(made[Kind.CAMERA]) as image:
        assert image.getexif()[ORIENTATION_TAG] == planned.orientation
        stored = (
            (planned.width, planned.height) if planned.orientation == 3 else (planned.height, planned.width)
        )
        assert image.size == stored


def test_a_cutout_is_transparent_around_the_product(made: dict[Kind, Path]) -> None:
    with Image.open(made[Kind.PNG]) as image:
        assert image.getchannel("A").getextrema() == (0, 255)


def test_a_second_run_makes_nothing_anew_and_another_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    wanted = one_of_each_kind()[:1]
    first = make_pictures(wanted, tmp_path / "one", processes=1)
    seen: list[tuple[int, int]] = []
    again = make_pictures(
        wanted, tmp_path / "one", on_progress=lambda ready, total: seen.append((ready, total))
    )
    assert seen == [(1, 1)]
    assert again == first
    elsewhere = make_pictures(wanted, tmp_path / "two", processes=1)
    assert [picture.sha256 for picture in elsewhere.values()] == [
        picture.sha256 for picture in first.values()
    ]
    assert [path.name for path in (tmp_path / "one").rglob("*.*") if path.is_file()] == [wanted[0].file_name]


def test_every_family_can_be_drawn_in_every_view() -> None:
    families = {product.subject.family: product.subject for product in products()}
    assert len(families) == 22
    for subject in families.values():
        for view in View:
            drawn = draw(PictureSpec("x.jpg", subject, view, Kind.JPEG, 1600, 1200))
            assert ET.fromstring(drawn).get("width") == "1600"


def test_lettering_knows_every_character_of_the_products() -> None:
    for product in products():
        subject = product.subject
        for text in (
            subject.brand.upper(),
            subject.title,
            *(part for fact in subject.facts for part in fact),
        ):
            blank = [
                character
                for character in text
                if character != " " and text_width(character, 1000) == text_width(" ", 1000)
            ]
            assert not blank
