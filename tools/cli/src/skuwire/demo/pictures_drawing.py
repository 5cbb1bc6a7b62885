"""Product pictures drawn as SVG: a family's silhouette in the product's colour, on a studio floor.

The lettering is drawn from stored outlines, so that a machine without any font gives the same pictures.
Lengths are in units of which the shorter side of a picture has 1000.
"""

import json
import re
from colorsys import hls_to_rgb, rgb_to_hls
from functools import cache
from importlib.resources import files

from skuwire.demo.pictures_plan import PictureSpec, Subject, View

DATA = files("skuwire.demo") / "data"
INK = "#23262b"


def draw(spec: PictureSpec) -> str:
    """The picture as an SVG document of `spec.width` by `spec.height` pixels."""
    shorter = min(spec.width, spec.height)
    width, height = 1000 * spec.width / shorter, 1000 * spec.height / shorter
    scene = {
        View.FRONT: _front,
        View.ANGLE: _angle,
        View.DETAIL: _detail,
        View.FACTS: _facts,
        View.CUTOUT: _cutout,
    }[spec.view]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{spec.width}" height="{spec.height}" '
        f'viewBox="0 0 {width:g} {height:g}"><defs>{_gradients(spec.subject)}</defs>'
        f"{scene(spec.subject, width, height)}</svg>"
    )


def _front(subject: Subject, width: float, height: float) -> str:
    left, top = (width - 720) / 2, (height - 720) / 2 - 30
    return (
        _studio(width, height, floor=top + 634, tint=subject.accent, strength=0.10)
        + _standing(subject, left, top, 0.72)
        + _badge(subject, 46, 46)
        + _strip(subject, width, height)
    )


def _angle(subject: Subject, width: float, height: float) -> str:
    left, top = (width + 760) / 2, (height - 760) / 2 + 30
    turned = f'<g transform="translate({left:g} {top:g}) scale(-.76 .76) skewY(3)">'
    return (
        _studio(width, height, floor=top + 660, tint=subject.accent, strength=0.55)
        + f'<circle cx="{width / 2:g}" cy="{height / 2 - 20:g}" r="395" fill="#fff" opacity=".32"/>'
        + _shadow(width / 2, top + 674, 330)
        + turned
        + silhouette(subject.family)
        + "</g>"
        + lettering(subject.brand.upper(), width - 50, height - 50, 44, "#ffffff", anchor="end")
    )


def _detail(subject: Subject, width: float, height: float) -> str:
    close = f'<g transform="translate({width / 2 - 800:g} {height / 2 - 690:g}) scale(1.55)">'
    return (
        _studio(width, height, floor=height * 0.9, tint=subject.colour, strength=0.18)
        + close
        + silhouette(subject.family)
        + "</g>"
        + f'<rect width="{width:g}" height="{height:g}" fill="url(#vignette)"/>'
        + _badge(subject, 46, 46)
    )


def _facts(subject: Subject, width: float, height: float) -> str:
    column, row = width * 0.56, height / 2 - 150 * len(subject.facts) / 2
    parts = [
        f'<rect width="{width:g}" height="{height:g}" fill="#f6f5f2"/>',
        f'<rect width="{column - 40:g}" height="{height:g}" fill="{subject.accent}" opacity=".13"/>',
        f'<rect x="{column - 44:g}" width="8" height="{height:g}" fill="{subject.accent}"/>',
        _standing(subject, (column - 40) / 2 - 255, height / 2 - 290, 0.51),
        _badge(subject, 40, 40),
    ]
    room = width - column - 40
    for number, (label, value) in enumerate(subject.facts):
        y = row + 150 * number
        parts.append(lettering(value, column, y + 70, _size_to_fit(value, 76, room), INK))
        parts.append(
            lettering(label, column, y + 112, _size_to_fit(label, 32, room), "#6a6f78", face="regular")
        )
    return "".join(parts)


def _cutout(subject: Subject, width: float, height: float) -> str:
    return (
        f'<g transform="translate({width / 2 - 460:g} {height / 2 - 480:g}) scale(.92)">'
        f"{silhouette(subject.family)}</g>"
    )


def _standing(subject: Subject, left: float, top: float, scale: float) -> str:
    return (
        _shadow(left + 500 * scale, top + 884 * scale, 400 * scale)
        + f'<g transform="translate({left:g} {top:g}) scale({scale:g})">{silhouette(subject.family)}</g>'
    )


def _shadow(x: float, y: float, radius: float) -> str:
    return (
        f'<ellipse cx="{x:g}" cy="{y:g}" rx="{radius * 1.15:g}" ry="{radius * 0.13:g}" fill="url(#shadow)"/>'
        f'<ellipse cx="{x:g}" cy="{y:g}" rx="{radius * 0.8:g}" ry="{radius * 0.06:g}" fill="url(#shadow)"/>'
    )


def _studio(width: float, height: float, *, floor: float, tint: str, strength: float) -> str:
    """A wall with a light on it and a floor that meets it softly."""
    wall = mixed("#f1f2f4", tint, strength)
    light, lighter = mixed(wall, "#ffffff", 0.2), mixed(wall, "#ffffff", 0.5)
    dim, dark = mixed(wall, "#5b616b", 0.16), mixed(wall, "#5b616b", 0.24)
    return (
        f"<defs>{_linear('wall', '0', '1', (lighter, dim))}"
        f"{_linear('floor', '0', '1', (dark, light, mixed(light, lighter, 0.5), lighter))}</defs>"
        f'<rect width="{width:g}" height="{height:g}" fill="url(#wall)"/>'
        f'<rect y="{floor - 60:g}" width="{width:g}" height="{height - floor + 60:g}" fill="url(#floor)"/>'
        f'<circle cx="{width * 0.4:g}" cy="{height * 0.32:g}" r="520" fill="url(#spot)"/>'
    )


def _badge(subject: Subject, x: float, y: float) -> str:
    name = subject.brand.upper()
    width = text_width(name, 40) + 48
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="66" rx="12" fill="{subject.accent}"/>'
        + lettering(name, x + 24, y + 48, 40, "#ffffff")
    )


def _strip(subject: Subject, width: float, height: float) -> str:
    top = height - 118
    fact = ", ".join(f"{label} {value}" for label, value in subject.facts[:2])
    return (
        f'<rect y="{top:g}" width="{width:g}" height="118" fill="#ffffff" opacity=".78"/>'
        f'<rect y="{top:g}" width="{width:g}" height="6" fill="{subject.accent}"/>'
        + lettering(subject.title, 46, top + 60, _size_to_fit(subject.title, 50, width - 92), INK)
        + lettering(fact, 46, top + 98, _size_to_fit(fact, 30, width - 92), "#5d626b", face="regular")
    )


@cache
def silhouette(family: str) -> str:
    """The content of a family's symbol in silhouettes.svg; KeyError when there is none."""
    symbols = re.findall(
        r'<symbol id="([^"]+)">(.*?)</symbol>', (DATA / "silhouettes.svg").read_text("utf-8"), re.DOTALL
    )
    drawings: dict[str, str] = dict(symbols)
    return drawings[family]


@cache
def _faces() -> dict[str, dict[str, tuple[int, str]]]:
    stored = json.loads((DATA / "lettering.json").read_text("utf-8"))
    return {face: stored[face] for face in ("bold", "regular")}


UNITS_PER_EM = 2048


def text_width(text: str, size: float, face: str = "bold") -> float:
    """How long a line of text is at a letter size; both in picture units."""
    glyphs = _faces()[face]
    return sum(glyphs.get(character, glyphs[" "])[0] for character in text) * size / UNITS_PER_EM


def _size_to_fit(text: str, size: float, room: float) -> float:
    return min(size, size * room / max(text_width(text, size), 1))


def lettering(
    text: str, x: float, y: float, size: float, fill: str, *, face: str = "bold", anchor: str = "start"
) -> str:
    """A line of text with its baseline at y; characters without an outline are left blank."""
    glyphs = _faces()[face]
    scale = size / UNITS_PER_EM
    at = x - (text_width(text, size, face) if anchor == "end" else 0)
    parts = [f'<g fill="{fill}">']
    for character in text:
        advance, outline = glyphs.get(character, glyphs[" "])
        if outline:
            parts.append(f'<path transform="matrix({scale:g} 0 0 {-scale:g} {at:.2f} {y:g})" d="{outline}"/>')
        at += advance * scale
    parts.append("</g>")
    return "".join(parts)


def _gradients(subject: Subject) -> str:
    colour, accent = subject.colour, subject.accent
    return (
        _linear("body", "1", "0", (shaded(colour, 0.10), shaded(colour, 0.18), colour, shaded(colour, -0.20)))
        + _linear("side", "1", "0", (shaded(colour, -0.06), shaded(colour, -0.16), shaded(colour, -0.26)))
        + _linear("accent", "0", "1", (shaded(accent, 0.12), accent, shaded(accent, -0.12)))
        + _linear("dark", "1", "1", ("#5a5e65", "#34373c", "#1d1f23"))
        + _linear("metal", "0", "1", ("#f4f6f8", "#c3c8ce", "#eef0f2", "#9097a0"))
        + '<linearGradient id="glass" x2="1" y2="1"><stop offset="0" stop-color="#f3fafd" stop-opacity=".9"/>'
        '<stop offset=".5" stop-color="#bfd9e6" stop-opacity=".55"/>'
        '<stop offset="1" stop-color="#e8f4f9" stop-opacity=".8"/></linearGradient>'
        + _radial("light", ("#fff3c4", 0.95), ("#ffe08a", 0.4), ("#ffe08a", 0))
        + _radial("shadow", ("#15171b", 0.5), ("#15171b", 0.28), ("#15171b", 0))
        + _radial("spot", ("#ffffff", 0.75), ("#ffffff", 0.25), ("#ffffff", 0))
        + _radial("vignette", ("#000000", 0), ("#000000", 0.02), ("#000000", 0.22), radius="75%")
    )


def _linear(name: str, x: str, y: str, colours: tuple[str, ...]) -> str:
    stops = "".join(
        f'<stop offset="{number / (len(colours) - 1):.2f}" stop-color="{colour}"/>'
        for number, colour in enumerate(colours)
    )
    return f'<linearGradient id="{name}" x2="{x}" y2="{y}">{stops}</linearGradient>'


def _radial(name: str, *stops: tuple[str, float], radius: str = "50%") -> str:
    parts = "".join(
        f'<stop offset="{number / (len(stops) - 1):.2f}" stop-color="{colour}" stop-opacity="{opacity:g}"/>'
        for number, (colour, opacity) in enumerate(stops)
    )
    return f'<radialGradient id="{name}" r="{radius}">{parts}</radialGradient>'


def shaded(colour: str, step: float) -> str:
    """Lighter (step > 0) or darker (step < 0) by that share of the lightness scale."""
    hue, lightness, saturation = rgb_to_hls(*(part / 255 for part in _rgb(colour)))
    red, green, blue = hls_to_rgb(hue, min(1.0, max(0.0, lightness + step)), saturation)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def mixed(colour: str, other: str, share: float) -> str:
    """The first colour with the given share (0 to 1) of the other."""
    parts = (round(a + (b - a) * share) for a, b in zip(_rgb(colour), _rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
