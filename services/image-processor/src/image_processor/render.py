"""Pictures made fit for a shop: what arrived is judged by its content and always encoded anew.

Pure work on bytes and the only module that knows libvips, so that another library could take its place.
Original bytes are never forwarded: a valid JPEG may carry a PHP tail, a position or a bomb of metadata.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

# Both are read when libvips starts: loaders that upstream calls unfit for untrusted input are switched off,
# and one picture uses one core (the service decides how many pictures are worked on at a time).
os.environ["VIPS_BLOCK_UNTRUSTED"] = "1"
os.environ["VIPS_CONCURRENCY"] = "1"
import pyvips  # type: ignore[import-untyped]  # pyvips ships no types

pyvips.block_untrusted_set(True)  # in case another module had loaded libvips before this one
pyvips.cache_set_max(0)  # no two pictures share an operation: a cache would only hold memory

MAX_INPUT_BYTES = 10_000_000  # seed "Image Model": at most 10 MB per image
# 4000x3000 is 12 million; a 9.9 KB PNG of 81 million took 388 MB to decode (measured).
MAX_PIXELS = 25_000_000
OPAQUE = 255
MAX_SHOP_BYTES = 32_000_000  # a shop's PNG may be larger than ours was
COMPARED_SIDE = 48
# A copy that was encoded again at quality 60 differs by 0.3 of 255 on average and by 6 at most, an article
# whose handle moved by a few pixels by 1.9 and 116 (measured at this side).
SAME_ON_AVERAGE, SAME_AT_MOST = 1.5, 32


class PictureFormat(StrEnum):
    """The formats of the seed's "Image Model", by their usual names."""

    JPEG = "jpeg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"


class RefusalCode(StrEnum):
    """Why a picture cannot be shown in a shop; part of the public answers."""

    EMPTY = "picture_empty"
    FORMAT_NOT_ALLOWED = "picture_format_not_allowed"
    TOO_LARGE = "picture_too_large"
    TOO_MANY_PIXELS = "picture_too_many_pixels"
    UNREADABLE = "picture_unreadable"


class PictureRefused(Exception):
    """The picture is an outcome of its product, not a fault: sending the same bytes again changes nothing."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type["PictureRefused"], tuple[RefusalCode, str]]:
        """On its way from a render process: an exception that cannot be unpickled breaks the whole pool."""
        return PictureRefused, (self.code, self.message)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the header says; width and height in pixels as stored, before any EXIF rotation."""

    format: PictureFormat
    width: int
    height: int
    has_alpha: bool
    pages: int


@dataclass(frozen=True, slots=True)
class RenderLimits:
    """How far a picture is brought down (seed "Image Optimization": 1200x1200 pixels, under 500 KB)."""

    max_side: int = 1200
    target_bytes: int = 500_000
    shop_limit_bytes: int = 2_000_000  # PS_LIMIT_UPLOAD_IMAGE_VALUE is 2 MB unless the shop says otherwise
    max_pixels: int = MAX_PIXELS
    max_input_bytes: int = MAX_INPUT_BYTES


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture ready to be uploaded; `sha256` is of `data`, in lower-case hexadecimal."""

    data: bytes
    format: PictureFormat
    width: int
    height: int
    sha256: str


PNG_CHUNKS = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sRGB", b"iCCP", b"eXIf"))
# (share of the fitted size, quality), from best to smallest; the first that reaches the target is taken.
JPEG_STEPS = (
    (1.0, 82),
    (1.0, 75),
    (1.0, 65),
    (0.8, 72),
    (0.8, 60),
    (0.6, 60),
    (0.4, 60),
    (0.25, 50),
    (0.1, 50),
)
# After full colour at full size: a palette of up to 256 colours, which looks better than fewer pixels.
PNG_STEPS = (1.0, 0.8, 0.6, 0.4, 0.25, 0.1)


def inspect(data: bytes, *, max_pixels: int = MAX_PIXELS, max_input_bytes: int = MAX_INPUT_BYTES) -> Picture:
    """Judge a picture by its first bytes and its header; no pixel is decoded. Raises `PictureRefused`."""
    if not data:
        raise PictureRefused(RefusalCode.EMPTY, "The picture has no bytes.")
    if len(data) > max_input_bytes:
        raise PictureRefused(
            RefusalCode.TOO_LARGE,
            f"The picture has {len(data):,} bytes; at most {max_input_bytes:,} are allowed. Send it smaller.",
        )
    picture_format = _format_of(data)
    try:
        header = _open(data, picture_format)
        pages = int(header.get("n-pages")) if header.get_typeof("n-pages") else 1
        picture = Picture(picture_format, header.width, header.height, bool(header.hasalpha()), pages)
    except pyvips.Error as error:
        raise _unreadable(picture_format) from error
    if picture.width * picture.height > max_pixels:
        raise PictureRefused(
            RefusalCode.TOO_MANY_PIXELS,
            f"The picture has {picture.width}x{picture.height} pixels; at most {max_pixels:,} are allowed. "
            "Send it smaller.",
        )
    return picture


def render(data: bytes, limits: RenderLimits | None = None) -> Rendered:
    """Fit a picture into the limits; the same input always gives the same bytes.

    Upright after its EXIF orientation, in sRGB with 8 bits, without metadata, the first frame of an
    animation, never enlarged. JPEG, or PNG where something really is transparent. Raises `PictureRefused`,
    also for a picture that no step brings below the shop's limit.
    """
    limits = limits or RenderLimits()
    picture = inspect(data, max_pixels=limits.max_pixels, max_input_bytes=limits.max_input_bytes)
    try:
        pixels = _fitted(data, picture, limits.max_side)
        return _first_that_fits(pixels, limits)
    except pyvips.Error as error:
        raise _unreadable(picture.format) from error


def shows_the_same(ours: bytes, theirs: bytes) -> bool:
    """Whether `theirs` is `ours` as a shop keeps it: of the same size, encoded anew, white where transparent.

    A shop encodes what it is given again (GD at quality 90, measured on PrestaShop 8.2.1), so that bytes tell
    nothing.
    """
    try:
        pictures = [_small(data) for data in (ours, theirs)]
    except (PictureRefused, pyvips.Error):
        return False
    (our_size, our_pixels), (their_size, their_pixels) = pictures
    if our_size != their_size:
        return False
    difference = (our_pixels - their_pixels).abs()
    return bool(difference.avg() < SAME_ON_AVERAGE and difference.max() < SAME_AT_MOST)


def _small(data: bytes) -> tuple[tuple[int, int], pyvips.Image]:
    picture = inspect(data, max_input_bytes=MAX_SHOP_BYTES)
    pixels = _fitted(data, picture, COMPARED_SIDE)
    flat = pixels.flatten(background=[OPAQUE] * 3) if pixels.hasalpha() else pixels
    return (picture.width, picture.height), flat.colourspace("srgb")


def _format_of(data: bytes) -> PictureFormat:
    if data.startswith(b"\xff\xd8\xff"):
        return PictureFormat.JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PictureFormat.PNG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return PictureFormat.GIF
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return PictureFormat.WEBP
    raise PictureRefused(
        RefusalCode.FORMAT_NOT_ALLOWED,
        "The content is not a JPEG, PNG, GIF or WebP picture, whatever its name says. Send one of these.",
    )


def _open(data: bytes, picture_format: PictureFormat, **options: object) -> pyvips.Image:
    load = {
        PictureFormat.JPEG: pyvips.Image.jpegload_buffer,
        PictureFormat.PNG: pyvips.Image.pngload_buffer,
        PictureFormat.GIF: pyvips.Image.gifload_buffer,
        PictureFormat.WEBP: pyvips.Image.webpload_buffer,
    }[picture_format]
    readable = _png_without_comments(data) if picture_format == PictureFormat.PNG else data
    return load(readable, access="sequential", fail_on="error", **options)


def _png_without_comments(data: bytes) -> bytes:
    """Only the chunks that change how the picture looks (PNG specification, chapter 11).

    Text chunks are compressed and unpacked with the header: 90 of them, 700 KB in all, took 2.2 GB and 9 s.
    """
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] in PNG_CHUNKS:
            kept.append(data[at:end])
        at = end
    return b"".join(kept)


def _unreadable(picture_format: PictureFormat) -> PictureRefused:
    # The library's own text stays in __cause__: it quotes file content and says nothing to a shopkeeper.
    return PictureRefused(
        RefusalCode.UNREADABLE,
        f"The {picture_format.upper()} picture is damaged or cut off and cannot be decoded. "
        "Export it again and send it anew.",
    )


def _fitted(data: bytes, picture: Picture, max_side: int) -> pyvips.Image:
    """Decode once, row by row; what remains in memory is at most max_side * max_side * 4 bytes.

    libvips' `thumbnail_buffer` would do the same in one call, but drops `fail_on` (measured on 8.18.7): the
    grey half of a cut-off JPEG would reach the shop.
    """
    options = {"shrink": _shrink_on_load(picture, max_side)} if picture.format == PictureFormat.JPEG else {}
    stored = _open(data, picture.format, **options)
    upright = stored.thumbnail_image(max_side, height=max_side, size="down", **_profiles(stored))
    pixels = upright.colourspace("srgb").cast("uchar").copy_memory()
    if pixels.hasalpha() and pixels[pixels.bands - 1].min() >= OPAQUE:
        return pixels[0:3].copy_memory()
    return pixels


def _profiles(stored: pyvips.Image) -> dict[str, str]:
    """The way to sRGB. A picture without a profile counts as sRGB: nothing to do, 8 ms of 22 saved."""
    if stored.interpretation == "cmyk":
        return {"input_profile": "cmyk", "output_profile": "srgb"}
    if stored.get_typeof("icc-profile-data"):
        return {"input_profile": "srgb", "output_profile": "srgb"}
    return {}


def _shrink_on_load(picture: Picture, max_side: int) -> int:
    """The JPEG decoder halves cheaply but coarsely; at least a factor of two is left to the good resizer."""
    shortest, longest = sorted((picture.width, picture.height))
    return next((n for n in (8, 4, 2) if longest >= 2 * n * max_side and shortest >= n), 1)


def _first_that_fits(pixels: pyvips.Image, limits: RenderLimits) -> Rendered:
    """The best quality that reaches the target, else the smallest result if the shop takes that."""
    target = min(limits.target_bytes, limits.shop_limit_bytes)
    for candidate in _candidates(pixels):
        smallest = candidate
        if len(candidate.data) <= target:
            return candidate
    if len(smallest.data) <= limits.shop_limit_bytes:
        return smallest
    raise PictureRefused(
        RefusalCode.TOO_LARGE,
        f"The picture still has {len(smallest.data):,} bytes at {smallest.width}x{smallest.height} pixels; "
        f"the shop takes at most {limits.shop_limit_bytes:,}. Raise that limit or send a simpler picture.",
    )


def _candidates(pixels: pyvips.Image) -> Iterator[Rendered]:
    if not pixels.hasalpha():
        for share, quality in JPEG_STEPS:
            scaled = _scaled(pixels, share)
            # Not progressive: it takes as long again for 2 % fewer bytes, and the shop encodes it anew.
            encoded = scaled.jpegsave_buffer(Q=quality, optimize_coding=True, keep="none")
            yield _rendered(scaled, encoded, PictureFormat.JPEG)
        return
    yield _rendered(pixels, pixels.pngsave_buffer(compression=9, keep="none"), PictureFormat.PNG)
    for share in PNG_STEPS:
        scaled = _scaled(pixels, share)
        # effort 7, the default, takes 18 s on 1200x1200 pixels of noise for 0.5 % fewer bytes (measured).
        encoded = scaled.pngsave_buffer(compression=9, palette=True, dither=1.0, effort=1, keep="none")
        yield _rendered(scaled, encoded, PictureFormat.PNG)


def _scaled(pixels: pyvips.Image, share: float) -> pyvips.Image:
    if share == 1.0:
        return pixels
    longest = max(1, round(max(pixels.width, pixels.height) * share))
    return pixels.thumbnail_image(longest, height=longest, size="down").copy_memory()


def _rendered(pixels: pyvips.Image, data: bytes, picture_format: PictureFormat) -> Rendered:
    return Rendered(data, picture_format, pixels.width, pixels.height, hashlib.sha256(data).hexdigest())
