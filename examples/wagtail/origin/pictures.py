"""The garden's pictures, drawn: the same bytes each time, and nothing to ship or to license."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from itertools import pairwise
from math import cos, pi, sin
from random import Random

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]

SIZE = (1600, 900)
# Drawn larger and made smaller, since Pillow's own edges are jagged.
_SCALE = 2
_W, _H = SIZE[0] * _SCALE, SIZE[1] * _SCALE


def glasshouse() -> Image.Image:
    """A glasshouse among hedges, on a clear morning."""
    image, random = _sky((163, 203, 214), (250, 241, 220)), Random(1871)
    draw = ImageDraw.Draw(image)
    for height, colour in ((0.56, (150, 180, 150)), (0.62, (112, 152, 122))):
        _hill(draw, height, 0.03, colour, random)
    _glass(draw, left=0.50, right=0.94, ground=0.80, wing=0.56, dome=0.24)
    for height, colour in ((0.76, (58, 106, 78)), (0.84, (43, 88, 64)), (0.92, (30, 70, 52))):
        _hedge(draw, height, colour, random)
    _flowers(draw, 0.86, 1.0, 260, ((244, 200, 92), (238, 130, 120), (250, 240, 225)), random)
    return image


def meadow() -> Image.Image:
    """A meadow in flower, below a low sun."""
    image, random = _sky((246, 196, 140), (254, 240, 205)), Random(7)
    draw = ImageDraw.Draw(image)
    _disc(draw, 0.72, 0.34, 0.075, (255, 250, 228))
    shades = ((170, 176, 120), (134, 158, 96), (98, 138, 80), (66, 112, 66), (44, 88, 56))
    petals = ((238, 92, 88), (250, 196, 70), (250, 246, 232), (170, 120, 190))
    for step, colour in enumerate(shades):
        height = 0.50 + step * 0.105
        _hill(draw, height, 0.035, colour, random)
        _flowers(draw, height + 0.04, height + 0.12, 60 + step * 90, petals, random, size=3 + step * 3)
    return image


def maples() -> Image.Image:
    """Maples at their reddest, and their leaves on the path."""
    image, random = _sky((214, 224, 222), (248, 232, 206)), Random(11)
    draw = ImageDraw.Draw(image)
    _hill(draw, 0.55, 0.03, (190, 160, 110), random)
    _hill(draw, 0.66, 0.02, (166, 128, 78), random)
    reds: tuple[Colour, ...] = ((196, 62, 40), (224, 98, 44), (238, 150, 54), (168, 44, 42))
    for x, y, size in ((0.18, 0.34, 0.20), (0.88, 0.36, 0.22), (0.60, 0.40, 0.15), (0.40, 0.44, 0.10)):
        _maple(draw, x, y, size, reds, random)
    _hill(draw, 0.86, 0.015, (116, 92, 58), random)
    _flowers(draw, 0.84, 1.0, 420, reds, random)
    return image


def lily() -> Image.Image:
    """The Amazon lily, which opens at night."""
    image, random = _sky((14, 26, 44), (28, 62, 74)), Random(3)
    draw = ImageDraw.Draw(image)
    for _ in range(140):
        _disc(draw, random.random(), random.random() * 0.4, random.uniform(0.0006, 0.0018), (210, 220, 230))
    draw.rectangle((0, int(_H * 0.46), _W, _H), fill=(16, 44, 54))
    pads = sorted((random.uniform(0.47, 1.02), random.uniform(0.02, 1.0)) for _ in range(26))
    for y, x in pads:
        _pad(draw, x, y, 0.035 + (y - 0.45) * 0.17)
    _blossom(draw, 0.70, 0.70, 0.12)
    return image


PICTURES: Mapping[str, tuple[str, Callable[[], Image.Image]]] = {
    "glasshouse": ("The glasshouse in the morning, above clipped hedges", glasshouse),
    "meadow": ("The meadow in flower, below a low sun", meadow),
    "maples": ("Maples in red and orange, and their leaves on the ground", maples),
    "lily": ("A white water lily, open at night among round leaves", lily),
}
"""By file name: what one sees, and who draws it."""


def as_jpeg(image: Image.Image, size: tuple[int, int] = SIZE) -> bytes:
    """The file's bytes."""
    out = BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()


def _sky(top: Colour, bottom: Colour) -> Image.Image:
    column = Image.new("RGB", (1, 256))
    for y in range(256):
        share = min(1.0, y / 150)
        column.putpixel((0, y), _between(top, bottom, share))
    return column.resize((_W, _H), Image.Resampling.BICUBIC)


def _between(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _hill(draw: ImageDraw.ImageDraw, height: float, swing: float, colour: Colour, random: Random) -> None:
    waves = [(random.uniform(0.6, 2.4), random.uniform(0, 2 * pi)) for _ in range(3)]
    line = [
        (x, _H * (height + swing * sum(sin(x / _W * pi * often + shift) for often, shift in waves) / 2))
        for x in range(0, _W + 16, 16)
    ]
    draw.polygon([*line, (_W, _H), (0, _H)], fill=colour)


def _hedge(draw: ImageDraw.ImageDraw, height: float, colour: Colour, random: Random) -> None:
    x = -0.02
    while x < 1.05:
        size = random.uniform(0.025, 0.055)
        lighter = _between(colour, (160, 190, 140), random.uniform(0, 0.14))
        _disc(draw, x, height + random.uniform(0, 0.025), size, lighter)
        x += size * 0.8
    draw.rectangle((0, int(_H * (height + 0.04)), _W, _H), fill=colour)


def _flowers(
    draw: ImageDraw.ImageDraw,
    top: float,
    bottom: float,
    number: int,
    petals: tuple[Colour, ...],
    random: Random,
    size: int = 13,
) -> None:
    for y in sorted(random.uniform(top, bottom) for _ in range(number)):
        x, radius = random.random() * _W, size * random.uniform(0.6, 1.3)
        draw.ellipse((x - radius, y * _H - radius * 0.8, x + radius, y * _H + radius * 0.8), fill=random.choice(petals))


def _glass(draw: ImageDraw.ImageDraw, left: float, right: float, ground: float, wing: float, dome: float) -> None:
    middle, iron, pane = (left + right) / 2, (250, 252, 248), (186, 216, 212)
    outline = [(left, ground), (left, wing), (middle - 0.09, wing - 0.035), (middle - 0.09, 0.40)]
    arch = [(middle + 0.09 * cos(pi - a * pi / 24), 0.40 - (0.40 - dome) * sin(a * pi / 24)) for a in range(25)]
    outline += [*arch, (middle + 0.09, wing - 0.035), (right, wing), (right, ground)]
    points = [(x * _W, y * _H) for x, y in outline]
    draw.polygon(points, fill=pane)
    palms = Random(5)
    for _ in range(60):
        x = palms.uniform(left + 0.01, right - 0.01)
        top = 0.38 if abs(x - middle) < 0.08 else wing + 0.05
        _disc(draw, x, palms.uniform(top, ground), palms.uniform(0.008, 0.02), _between((96, 150, 116), pane, 0.35))
    for x in (left + (right - left) * step / 22 for step in range(23)):
        roof = next(
            (y0 + (y1 - y0) * (x - x0) / (x1 - x0))
            for (x0, y0), (x1, y1) in pairwise(outline)
            if x0 <= x <= x1 and x0 < x1
        )
        draw.line((x * _W, roof * _H, x * _W, ground * _H), fill=iron, width=5)
    for y, inset in ((wing, 0.0), (0.66, 0.0), (0.73, 0.0), (0.46, 0.5), (0.40, 0.5)):
        edges = (middle - 0.09, middle + 0.09) if inset else (left, right)
        draw.line((edges[0] * _W, y * _H, edges[1] * _W, y * _H), fill=iron, width=5)
    draw.line([*points, points[0]], fill=iron, width=14, joint="curve")
    draw.line((middle * _W, dome * _H, middle * _W, (dome - 0.05) * _H), fill=iron, width=10)


def _maple(
    draw: ImageDraw.ImageDraw, x: float, y: float, size: float, reds: tuple[Colour, ...], random: Random
) -> None:
    foot, bark = y + size * 1.9, (72, 52, 44)
    width = size * 0.07
    draw.polygon([((x - width) * _W, foot * _H), ((x + width) * _W, foot * _H), (x * _W, y * _H)], fill=bark)
    for side in (-1, 1):
        draw.line(
            (x * _W, (y + size * 0.9) * _H, (x + side * size * 0.4) * _W, (y + size * 0.1) * _H), fill=bark, width=18
        )
    for _ in range(420):
        angle, far = random.uniform(0, 2 * pi), random.random() ** 0.6
        at_x, at_y = x + size * 0.8 * far * cos(angle), y + size * 0.95 * far * sin(angle)
        light = _between(random.choice(reds), (255, 214, 140), max(0.0, -sin(angle)) * far * 0.35)
        _disc(draw, at_x, at_y, size * random.uniform(0.03, 0.075), light)


def _pad(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    wide, high = radius * _W, radius * _W * 0.32
    box = (x * _W - wide, y * _H - high, x * _W + wide, y * _H + high)
    draw.ellipse((box[0], box[1] + high * 0.18, box[2], box[3] + high * 0.18), fill=(10, 32, 40))
    draw.ellipse(box, fill=(110, 84, 92))
    inner = (box[0] + wide * 0.03, box[1] + high * 0.10, box[2] - wide * 0.03, box[3] - high * 0.02)
    draw.ellipse(inner, fill=_between((40, 92, 76), (70, 130, 96), y - 0.4))


def _blossom(draw: ImageDraw.ImageDraw, x: float, y: float, size: float) -> None:
    for ring, (reach, colour) in enumerate(
        ((1.0, (226, 208, 216)), (0.86, (240, 228, 232)), (0.66, (252, 246, 246)), (0.42, (255, 252, 240)))
    ):
        for petal in range(11 - ring):
            angle = pi + pi * (petal + 0.5 + ring * 0.2) / (11 - ring)
            tip_x, tip_y = x * _W + cos(angle) * size * reach * _W, y * _H + sin(angle) * size * reach * _W * 0.8
            side_x, side_y = -sin(angle) * size * _W * 0.16, cos(angle) * size * _W * 0.16
            mid_x, mid_y = (x * _W + tip_x * 1.3) / 2.3, (y * _H + tip_y * 1.3) / 2.3
            draw.polygon(
                [(x * _W, y * _H), (mid_x + side_x, mid_y + side_y), (tip_x, tip_y), (mid_x - side_x, mid_y - side_y)],
                fill=_between(colour, (200, 150, 176), 0.12 * (petal % 2)),
            )
    _disc(draw, x, y - 0.025, size * 0.11, (244, 206, 110))


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    r = radius * _W
    draw.ellipse((x * _W - r, y * _H - r, x * _W + r, y * _H + r), fill=colour)
