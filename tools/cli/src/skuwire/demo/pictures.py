"""Makes the demo's pictures into a folder; a second run finds them there and only reads them.

The work is done by processes of their own: libvips reads SVG only where the service's block on untrusted
formats is lifted, and that must not happen in a process that also opens pictures of strangers.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from skuwire.demo.pictures_drawing import draw
from skuwire.demo.pictures_plan import Kind, PictureSpec

if TYPE_CHECKING:
    import pyvips  # type: ignore[import-untyped]  # pyvips ships no types

Progress = Callable[[int, int], None]
"""Called with (pictures ready, pictures in all)."""

JPEG_QUALITY = 88
DRAWN_AT_MOST = (
    1600  # larger pictures are enlarged from this, as a phone does: drawing 12 million pixels is slow
)


@dataclass(frozen=True, slots=True)
class MadePicture:
    """A picture's file; `sha256` in lower-case hexadecimal, as media are addressed by it."""

    path: Path
    sha256: str


def make_pictures(
    pictures: Sequence[PictureSpec],
    folder: Path,
    *,
    on_progress: Progress = lambda _ready, _all: None,
    processes: int = min(2, os.cpu_count() or 1),
) -> Mapping[str, MadePicture]:
    """Every picture by its file name; the same plan gives the same bytes. OSError when it cannot write.

    A changed drawing lies in another sub-folder, so that a file that exists never has to be made again.
    """
    target = folder / _drawing_version()
    target.mkdir(parents=True, exist_ok=True)
    missing = [picture for picture in pictures if not (target / picture.file_name).exists()]
    ready = len(pictures) - len(missing)
    on_progress(ready, len(pictures))
    if missing:
        with ProcessPoolExecutor(
            processes, mp_context=get_context("spawn"), initializer=_allow_drawing
        ) as pool:
            for _ in pool.map(make_picture, missing, [target] * len(missing), chunksize=4):
                ready += 1
                on_progress(ready, len(pictures))
    return {picture.file_name: _made(target / picture.file_name) for picture in pictures}


def make_picture(picture: PictureSpec, folder: Path) -> None:
    """Draw one picture and put it into the folder in one step, so that a killed run leaves no half file."""
    data = _encoded(_drawn(picture), picture)
    unfinished = folder / f".{picture.file_name}.{os.getpid()}"
    unfinished.write_bytes(data)
    unfinished.replace(folder / picture.file_name)


def _allow_drawing() -> None:
    os.environ["VIPS_CONCURRENCY"] = "1"  # one core each: the processes share the work
    import pyvips  # noqa: PLC0415  (only the drawing processes load libvips)

    pyvips.block_untrusted_set(False)  # the SVG is our own


def _drawn(picture: PictureSpec) -> "pyvips.Image":
    import pyvips  # noqa: PLC0415  (only the drawing processes load libvips)

    enlarged = max(1.0, min(picture.width, picture.height) / DRAWN_AT_MOST)
    drawn = pyvips.Image.svgload_buffer(draw(picture).encode(), scale=1 / enlarged).copy_memory()
    if enlarged > 1:
        drawn = drawn.thumbnail_image(picture.width, height=picture.height, size="force")
    return drawn if picture.kind == Kind.PNG else drawn.flatten(background=255)


def _encoded(image: "pyvips.Image", picture: PictureSpec) -> bytes:
    if picture.kind == Kind.PNG:
        data = image.pngsave_buffer(compression=6)
    elif picture.kind == Kind.GIF:
        data = image.gifsave_buffer(effort=3)
    elif picture.kind == Kind.WEBP:
        data = image.webpsave_buffer(Q=86, effort=2)
    elif picture.kind == Kind.CMYK:
        data = image.icc_transform("cmyk", input_profile="srgb").jpegsave_buffer(Q=JPEG_QUALITY)
    elif picture.kind == Kind.CAMERA:
        data = _as_held(image, picture.orientation).jpegsave_buffer(Q=JPEG_QUALITY)
    else:
        data = image.jpegsave_buffer(Q=JPEG_QUALITY)
    return bytes(data)


def _as_held(upright: "pyvips.Image", orientation: int) -> "pyvips.Image":
    """As a camera held sideways stores a picture: pixels turned, the way back in EXIF tag 0x0112."""
    import pyvips  # noqa: PLC0415  (only the drawing processes load libvips)

    turned = {3: upright.rot180, 6: upright.rot270, 8: upright.rot90}[orientation]()
    stored = turned.copy()
    stored.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    stored.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "Demo camera")
    return stored


@cache
def _drawing_version() -> str:
    package = files("skuwire.demo")
    sources = (
        "pictures.py",
        "pictures_drawing.py",
        "pictures_plan.py",
        "data/silhouettes.svg",
        "data/lettering.json",
    )
    return hashlib.sha256(b"".join((package / source).read_bytes() for source in sources)).hexdigest()[:12]


def _made(path: Path) -> MadePicture:
    with path.open("rb") as file:
        return MadePicture(path, hashlib.file_digest(file, "sha256").hexdigest())
