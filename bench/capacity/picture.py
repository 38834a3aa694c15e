"""A picture of boxes and words, written as SVG or, with nothing but zlib, as PNG."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from bench.capacity.letters import SCALE, letter

__all__ = ["Box", "Picture", "Words", "png", "svg"]

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    colour: Colour


@dataclass(frozen=True, slots=True)
class Words:
    """`y` is the base line. Sizes are those of letters.py."""

    x: float
    y: float
    text: str
    size: int = 13
    bold: bool = False
    colour: Colour = (31, 41, 51)


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    parts: Sequence[Box | Words]
    title: str
    background: Colour = (255, 255, 255)


def svg(picture: Picture) -> str:
    size = f'viewBox="0 0 {picture.width} {picture.height}" width="{picture.width}" height="{picture.height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="DejaVu Sans, system-ui, sans-serif">',
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="100%" height="100%" fill="{_hex(picture.background)}"/>',
    ]
    for part in picture.parts:
        if isinstance(part, Box):
            place = f'x="{part.x:.1f}" y="{part.y:.1f}" width="{part.width:.1f}" height="{part.height:.1f}"'
            lines.append(f'<rect {place} fill="{_hex(part.colour)}"/>')
        else:
            weight = ' font-weight="bold"' if part.bold else ""
            place = f'x="{part.x:.1f}" y="{part.y:.1f}" font-size="{part.size}"{weight}'
            lines.append(f'<text {place} fill="{_hex(part.colour)}">{escape(part.text)}</text>')
    return "\n".join([*lines, "</svg>", ""])


def _hex(colour: Colour) -> str:
    return "#" + bytes(colour).hex()


class Canvas:
    """Rows of red, green and blue."""

    def __init__(self, width: int, height: int, colour: Colour) -> None:
        self.width, self.height = width, height
        self.rows = [bytearray(bytes(colour) * width) for _ in range(height)]

    def fill(self, box: Box) -> None:
        left, top = max(round(box.x * SCALE), 0), max(round(box.y * SCALE), 0)
        right = min(round((box.x + box.width) * SCALE), self.width)
        bottom = min(round((box.y + box.height) * SCALE), self.height)
        if right > left:
            for row in self.rows[top:bottom]:
                row[3 * left : 3 * right] = bytes(box.colour) * (right - left)

    def write(self, words: Words) -> None:
        pen, line = round(words.x * SCALE), round(words.y * SCALE)
        for character in words.text:
            shape = letter(words.size, words.bold, character)
            for at, ink in enumerate(shape.ink):
                if ink:
                    down, right = divmod(at, shape.width)
                    self._touch(pen + shape.left + right, line + shape.top + down, words.colour, ink)
            pen += shape.advance

    def _touch(self, x: int, y: int, colour: Colour, ink: int) -> None:
        if 0 <= x < self.width and 0 <= y < self.height:
            row = self.rows[y]
            for channel, value in enumerate(colour, start=3 * x):
                row[channel] += (value - row[channel]) * ink // 255


def png(picture: Picture) -> bytes:
    """Twice as many pixels each way, for sharp screens."""
    canvas = Canvas(picture.width * SCALE, picture.height * SCALE, picture.background)
    for part in picture.parts:
        if isinstance(part, Box):
            canvas.fill(part)
        else:
            canvas.write(part)
    head = struct.pack(">IIBBBBB", canvas.width, canvas.height, 8, 2, 0, 0, 0)
    lines = b"".join(b"\0" + bytes(row) for row in canvas.rows)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"tEXt", b"Title\0" + picture.title.encode("latin-1", "replace"))
        + _chunk(b"IDAT", zlib.compress(lines, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
