"""What becomes of the pictures that shops' suppliers really send, and of those that an attacker would."""

import hashlib
import io
import random
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from image_processor.render import (
    Picture,
    PictureFormat,
    PictureRefused,
    RefusalCode,
    RenderLimits,
    inspect,
    render,
)

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 180, 60), (40, 60, 210), (230, 210, 40)
ORIENTATION_TAG = 0x0112
# What has to be done to an upright picture so that the orientation tag brings it back (EXIF 2.3, table 6).
STORED_FOR_ORIENTATION = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def four_corners(width: int = 90, height: int = 60) -> Image.Image:
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def noise(mode: str, width: int, height: int) -> Image.Image:
    pixels = random.Random(7).randbytes(width * height * len(mode))
    return Image.frombytes(mode, (width, height), pixels)


def is_close(pixel: tuple[int, ...], wanted: tuple[int, ...], tolerance: int = 8) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, wanted, strict=True))


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def refusal(data: bytes, limits: RenderLimits | None = None) -> RefusalCode:
    with pytest.raises(PictureRefused) as refused:
        render(data, limits)
    assert refused.value.message == str(refused.value)
    return refused.value.code


@pytest.mark.parametrize("orientation", STORED_FOR_ORIENTATION)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_camera_picture_stands_upright_and_loses_its_metadata(orientation: int, file_format: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = orientation
    exif[0x010F] = "camera of a person"
    turn = STORED_FOR_ORIENTATION[orientation]
    stored = four_corners() if turn is None else four_corners().transpose(turn)

    result = opened(render(encoded(stored, file_format, exif=exif)).data)

    assert result.size == (90, 60)
    corners = [result.getpixel(at) for at in ((10, 10), (80, 10), (10, 50), (80, 50))]
    assert all(map(is_close, corners, (RED, GREEN, BLUE, YELLOW)))
    assert not result.getexif()
    assert "icc_profile" not in result.info


@pytest.mark.parametrize(
    ("image", "wanted"),
    [
        (Image.new("CMYK", (40, 40), (0, 0, 0, 0)), (255, 255, 255)),
        (Image.new("CMYK", (40, 40), (0, 255, 255, 0)), (232, 30, 42)),  # coated paper's red, not 255,0,0
        (Image.new("L", (40, 40), 128), (128, 128, 128)),
    ],
)
def test_print_and_grey_jpegs_become_srgb(image: Image.Image, wanted: tuple[int, int, int]) -> None:
    result = opened(render(encoded(image, "JPEG")).data)
    assert result.mode == "RGB"
    assert is_close(result.getpixel((20, 20)), wanted)


def test_sixteen_bits_become_eight() -> None:
    row = b"\0" + struct.pack(">HHH", 65535, 32768, 0) * 30
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30, 30, 16, 2, 0, 0, 0))
    data += chunk(b"IDAT", zlib.compress(row * 30)) + chunk(b"IEND", b"")
    result = render(data)
    assert result.format == PictureFormat.JPEG
    assert is_close(opened(result.data).getpixel((15, 15)), (255, 128, 0))


def test_real_transparency_stays_a_png() -> None:
    image = Image.new("P", (40, 40), 0)
    image.putpalette([*RED, *BLUE])
    image.paste(1, (20, 0, 40, 40))
    result = render(encoded(image, "PNG", transparency=0))
    assert result.format == PictureFormat.PNG
    pixels = opened(result.data).convert("RGBA")
    assert pixels.getpixel((5, 5))[3] == 0
    assert is_close(pixels.getpixel((35, 5)), (*BLUE, 255))


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
@pytest.mark.parametrize("size", [(60, 40), (1700, 1300)])
def test_an_alpha_channel_that_hides_nothing_costs_no_png(file_format: str, size: tuple[int, int]) -> None:
    image = four_corners(*size).convert("RGBA")
    assert render(encoded(image, file_format)).format == PictureFormat.JPEG


@pytest.mark.parametrize("file_format", ["GIF", "WEBP"])
def test_an_animation_is_shown_by_its_first_frame(file_format: str) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in (BLUE, RED, GREEN)]
    data = encoded(frames[0], file_format, save_all=True, append_images=frames[1:], duration=80)
    assert inspect(data).pages == 3
    result = opened(render(data).data)
    assert result.size == (64, 48)
    assert is_close(result.getpixel((30, 20)), BLUE)


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_a_picture_that_was_cut_off_never_reaches_the_shop(file_format: str, share: float) -> None:
    data = encoded(noise("RGB", 300, 200), file_format)
    assert refusal(data[: int(len(data) * share)]) == RefusalCode.UNREADABLE


def test_a_damaged_picture_is_refused_in_words_that_show_nothing_of_its_content() -> None:
    data = bytearray(encoded(noise("RGB", 300, 200), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(PictureRefused, match="The PNG picture is damaged or cut off and cannot be decoded"):
        render(bytes(data))


@pytest.mark.parametrize(
    "tail", [b"<?php system($_GET['c']); ?>", b"PK\x05\x06" + bytes(18), b"<script>1</script>"]
)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "GIF"])
def test_whatever_hangs_on_a_picture_is_left_behind(file_format: str, tail: bytes) -> None:
    clean = encoded(four_corners(), file_format)
    result = render(clean + tail)
    assert tail not in result.data
    assert result == render(clean)


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>1</script></svg>',
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"<html><body>Not found</body></html>",
        encoded(four_corners(), "BMP"),
        encoded(four_corners(), "TIFF"),
        encoded(four_corners(), "PPM"),
        encoded(four_corners(), "AVIF"),
        encoded(four_corners(), "ICO"),
    ],
    ids=["svg", "xml", "eps", "html", "bmp", "tiff", "ppm", "avif", "ico"],
)
def test_other_formats_are_refused_by_content(data: bytes) -> None:
    assert refusal(data) == RefusalCode.FORMAT_NOT_ALLOWED


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"") == RefusalCode.EMPTY


def test_more_than_ten_megabytes_are_not_even_opened() -> None:
    assert refusal(encoded(four_corners(), "JPEG") + bytes(10_000_000)) == RefusalCode.TOO_LARGE


def test_a_bomb_of_pixels_is_refused_by_its_header_alone() -> None:
    bomb = encoded(Image.new("1", (13_000, 13_000)), "PNG")
    assert len(bomb) < 100_000
    assert refusal(bomb[:60]) == RefusalCode.TOO_MANY_PIXELS  # the pixels are not even there


def test_a_photograph_of_twelve_million_pixels_is_welcome() -> None:
    result = render(encoded(Image.new("RGB", (4000, 3000), GREEN), "JPEG"))
    assert (result.width, result.height) == (1200, 900)


def test_compressed_comments_are_not_unpacked() -> None:
    comments = PngInfo()
    for number in range(20):
        comments.add_text(f"comment {number}", "a" * 8_000_000, zip=True)
    commented = encoded(four_corners(), "PNG", pnginfo=comments)
    assert render(commented) == render(encoded(four_corners(), "PNG"))


@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 2), (1, 1)])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_the_thinnest_picture_keeps_at_least_one_pixel(size: tuple[int, int], file_format: str) -> None:
    result = render(encoded(Image.new("RGB", size, RED), file_format))
    assert min(result.width, result.height) == 1
    assert max(result.width, result.height) == min(1200, max(size))


def test_a_picture_that_compresses_badly_still_reaches_the_target() -> None:
    photo = render(encoded(noise("RGB", 1500, 1500), "PNG"))
    graphic = render(encoded(noise("RGBA", 1300, 700), "PNG"))
    assert photo.format == PictureFormat.JPEG
    assert graphic.format == PictureFormat.PNG
    assert max(len(photo.data), len(graphic.data)) <= 500_000
    assert photo.width >= 900  # quality goes first, size after it


def test_the_header_tells_what_the_picture_is() -> None:
    data = encoded(Image.new("RGBA", (321, 123)), "WEBP")
    assert inspect(data) == Picture(PictureFormat.WEBP, 321, 123, has_alpha=True, pages=1)


@st.composite
def pictures(draw: st.DrawFn) -> bytes:
    mode = draw(st.sampled_from(["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"]))
    formats = {"CMYK": ["JPEG"], "RGB": ["JPEG", "PNG", "GIF", "WEBP"], "L": ["JPEG", "PNG"]}
    size = draw(st.tuples(st.integers(1, 220), st.integers(1, 220)))
    image = Image.blend(four_corners(*size), noise("RGB", *size), draw(st.floats(0, 1)))
    if mode in {"RGBA", "LA"}:
        image.putalpha(noise("L", *size))
    return encoded(image.convert(mode), draw(st.sampled_from(formats.get(mode, ["PNG"]))))


@settings(deadline=None, max_examples=60)
@given(
    data=pictures(),
    max_side=st.integers(1, 300),
    target_bytes=st.integers(300, 40_000),
    shop_limit_bytes=st.integers(300, 40_000),
)
def test_the_limits_always_hold(data: bytes, max_side: int, target_bytes: int, shop_limit_bytes: int) -> None:
    limits = RenderLimits(max_side=max_side, target_bytes=target_bytes, shop_limit_bytes=shop_limit_bytes)
    stored = inspect(data)
    try:
        result = render(data, limits)
    except PictureRefused as refused:
        assert refused.code == RefusalCode.TOO_LARGE  # noqa: PT017  (a refusal is one of two lawful answers)
        return
    assert len(result.data) <= shop_limit_bytes
    assert result.width <= min(max_side, stored.width)
    assert result.height <= min(max_side, stored.height)
    assert result.sha256 == hashlib.sha256(result.data).hexdigest()
    assert opened(result.data).size == (result.width, result.height)
    assert inspect(result.data).format == result.format
    assert render(data, limits) == result


@settings(deadline=None, max_examples=150)
@given(
    file_format=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]),
    damage=st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_damaged_bytes_end_in_a_picture_or_a_refusal(file_format: str, damage: list[tuple[int, int]]) -> None:
    data = bytearray(encoded(noise("RGB", 40, 30), file_format))
    for at, value in damage:
        data[at % len(data)] = value
    try:
        result = render(bytes(data))
    except PictureRefused:
        return
    assert opened(result.data).size == (result.width, result.height)
