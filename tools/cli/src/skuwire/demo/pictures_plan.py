"""Which pictures the demo's products get: plain data, made into files by `skuwire.demo.pictures`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class View(StrEnum):
    """How a product is shown."""

    FRONT = "front"
    ANGLE = "angle"
    DETAIL = "detail"
    FACTS = "facts"
    CUTOUT = "cutout"  # without a background; only as PNG with transparency


class Kind(StrEnum):
    """What suppliers send: the file's kind, each of which asks something else of the one who renders it."""

    JPEG = "jpeg"
    CAMERA = "camera"  # JPEG of 4000x3000 pixels that needs its EXIF orientation
    CMYK = "cmyk"  # JPEG made for print
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"


SUFFIX = {
    Kind.JPEG: "jpg",
    Kind.CAMERA: "jpg",
    Kind.CMYK: "jpg",
    Kind.PNG: "png",
    Kind.GIF: "gif",
    Kind.WEBP: "webp",
}
SIZES = ((1000, 1000), (1200, 1200), (1400, 1400), (1600, 1200), (1200, 1500), (1600, 1600))
CAMERA_SIZE = (4000, 3000)
ORIENTATIONS = (3, 6, 8)
# The n-th picture of the whole catalogue is of another kind than JPEG when n leaves this rest; prime steps
# spread the kinds over the families: of 720 pictures about 30 WebP, 25 PNG, 17 CMYK, 12 GIF, 12 camera shots.
KIND_EVERY = ((Kind.CAMERA, 59), (Kind.GIF, 53), (Kind.CMYK, 41), (Kind.PNG, 29), (Kind.WEBP, 23))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a picture has to know of its product. Colours are `#rrggbb`; facts are (label, value) pairs."""

    reference: str
    family: str
    brand: str
    title: str
    facts: tuple[tuple[str, str], ...]
    colour: str
    accent: str


@dataclass(frozen=True, slots=True)
class PictureSpec:
    """One picture to make; `width` and `height` are those of the upright picture, in pixels."""

    file_name: str
    subject: Subject
    view: View
    kind: Kind
    width: int
    height: int
    orientation: int = 1


def plan_pictures(subjects: Sequence[Subject]) -> dict[str, list[PictureSpec]]:
    """One to four pictures for every subject, 2.4 on average; by reference, the first is the cover."""
    number = 0
    planned: dict[str, list[PictureSpec]] = {}
    for subject in subjects:
        planned[subject.reference] = []
        for position, view in enumerate(_views(subject), start=1):
            number += 1
            planned[subject.reference].append(_picture(subject, view, position, number))
    return planned


def _views(subject: Subject) -> Iterator[View]:
    drawn = Random(f"views {subject.reference}").random()  # noqa: S311  (a catalogue, not a secret)
    count = 1 + (drawn > 0.18) + (drawn > 0.54) + (drawn > 0.86)
    yield from (View.FRONT, View.ANGLE, View.FACTS, View.DETAIL)[:count]


def _picture(subject: Subject, view: View, position: int, number: int) -> PictureSpec:
    kind = next((kind for kind, every in KIND_EVERY if number % every == every // 2), Kind.JPEG)
    width, height = SIZES[number % len(SIZES)]
    orientation = 1
    if kind == Kind.CAMERA:
        orientation = ORIENTATIONS[number % len(ORIENTATIONS)]
        width, height = CAMERA_SIZE if orientation == 3 else CAMERA_SIZE[::-1]
    elif kind == Kind.GIF:
        width, height = 1000, 1000
    elif kind == Kind.PNG:
        view = View.CUTOUT
    file_name = f"{subject.reference.lower()}-{position}.{SUFFIX[kind]}"
    return PictureSpec(file_name, subject, view, kind, width, height, orientation)
