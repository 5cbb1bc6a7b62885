"""Picture files: what the shop takes, what it makes of them, where they lie."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pyvips  # type: ignore[import-untyped]  # it ships no types

THUMBNAIL_PIXELS = 250
SUFFIXES = {"image/jpeg": "jpg", "image/png": "png"}
SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the shop keeps it."""

    mime: str
    content: bytes
    thumbnail: bytes


class UndecodableError(ValueError):
    """The bytes are no picture that can be decoded."""


def sniff(content: bytes) -> str:
    """The type that the first bytes claim; empty when it is none that the shop takes."""
    for signature, mime in SIGNATURES:
        if content.startswith(signature):
            return mime
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def prepare(content: bytes) -> Picture:
    """Decode a picture and make what the shop keeps: png stays png, the rest becomes jpg, and one thumbnail.

    Runs in a thread. UndecodableError when it is broken.
    """
    try:
        image = pyvips.Image.new_from_buffer(content, "", access="random", fail_on="error")
        mime = "image/png" if sniff(content) == "image/png" else "image/jpeg"
        kept = content if sniff(content) == mime else flatten(image).jpegsave_buffer(Q=90)
        image.avg()  # decodes every pixel: a truncated file fails here and not later
        small = flatten(pyvips.Image.thumbnail_buffer(content, THUMBNAIL_PIXELS, height=THUMBNAIL_PIXELS))
        return Picture(mime, kept, bytes(small.jpegsave_buffer(Q=85)))
    except pyvips.Error as error:
        raise UndecodableError from error


def pixels_of(content: bytes) -> int:
    """How many pixels a picture has, by its header; 0 when it cannot be read."""
    try:
        image = pyvips.Image.new_from_buffer(content, "")
    except pyvips.Error:
        return 0
    return int(image.width * image.height)


def flatten(image: "pyvips.Image") -> "pyvips.Image":
    """The picture on white where it was transparent, as sRGB."""
    flat = image.flatten(background=[255, 255, 255]) if image.hasalpha() else image
    return flat.colourspace("srgb")


def picture_folder(pictures: Path, kind: str, number: int) -> Path:
    """Where one picture's files lie; spread over folders of a thousand."""
    return pictures / kind / str(number // 1000) / str(number)


def save_picture(folder: Path, picture: Picture) -> None:
    """Write a picture's files, replacing what was there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"original.{SUFFIXES[picture.mime]}").write_bytes(picture.content)
    (folder / "thumbnail.jpg").write_bytes(picture.thumbnail)


def remove_picture(folder: Path) -> None:
    """Delete a picture's files."""
    shutil.rmtree(folder, ignore_errors=True)


def original(folder: Path) -> Path | None:
    """The picture's file, or None when nothing was stored."""
    return next((path for path in folder.glob("original.*")), None)
