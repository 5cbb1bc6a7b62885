"""Picture files: what the shop takes, what it makes of them, where they lie."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pyvips  # type: ignore[import-untyped]  # it ships no types

THUMBNAIL_PIXELS = 250
QUALITY = 90
COMMENT = f"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = {QUALITY}\n".encode()
JFIF = b"JFIF\0\x01\x01\x01" + (96).to_bytes(2, "big") * 2 + b"\0\0"  # 96 dots per inch, no preview
START = b"\xff\xd8"
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


@dataclass(frozen=True, slots=True)
class Jpeg:
    """How PHP's GD writes a jpg. `halves_colours`: at half the resolution, as older GDs do at any quality."""

    halves_colours: bool
    progressive: bool = True

    def encode(self, image: "pyvips.Image") -> bytes:
        """The picture as GD writes it, byte for byte (recording 32)."""
        encoded: bytes = image.jpegsave_buffer(
            Q=QUALITY,
            interlace=self.progressive,
            optimize_coding=self.progressive,
            subsample_mode="on" if self.halves_colours else "off",
            keep="none",
        )
        return START + _segment(0xE0, JFIF) + _segment(0xFE, COMMENT) + encoded.removeprefix(START)


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (2 + len(content)).to_bytes(2, "big") + content


class UndecodableError(ValueError):
    """The bytes are no picture that can be decoded."""


def sniff(content: bytes) -> str:
    """The type that the first bytes claim; empty when it is none that the shop takes."""
    for signature, mime in SIGNATURES:
        if content.startswith(signature):
            return mime
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def prepare(content: bytes, jpeg: Jpeg, *, keeps_png: bool = True) -> Picture:
    """Decode a picture and make what the shop keeps: png stays, the rest becomes a new jpg, one thumbnail.

    Runs in a thread. UndecodableError when it is broken.
    """
    try:
        image = pyvips.Image.new_from_buffer(content, "", access="random", fail_on="error")
        is_png = keeps_png and sniff(content) == "image/png"
        image.avg()  # decodes every pixel: a truncated file fails here and not later
        kept = content if is_png else jpeg.encode(flatten(image))
        small = flatten(pyvips.Image.thumbnail_buffer(content, THUMBNAIL_PIXELS, height=THUMBNAIL_PIXELS))
        return Picture("image/png" if is_png else "image/jpeg", kept, jpeg.encode(small))
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
    remove_picture(folder)  # it may have been of the other type
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"original.{SUFFIXES[picture.mime]}").write_bytes(picture.content)
    (folder / "thumbnail.jpg").write_bytes(picture.thumbnail)


def remove_picture(folder: Path) -> None:
    """Delete a picture's files."""
    shutil.rmtree(folder, ignore_errors=True)


def original(folder: Path) -> Path | None:
    """The picture's file, or None when nothing was stored."""
    return next((path for path in folder.glob("original.*")), None)
