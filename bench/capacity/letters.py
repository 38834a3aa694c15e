"""Letters as pictures, for charts in PNG on machines that have neither fonts nor a library to draw them.

`letters.bin` holds DejaVu Sans (Bitstream Vera's free licence) at the sizes of the charts, twice as large for
sharp screens. `python -m bench.capacity.letters DejaVuSans.ttf DejaVuSans-Bold.ttf` makes it anew, which needs Pillow.
"""

from __future__ import annotations

import struct
import sys
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["SCALE", "Letter", "letter"]

SCALE = 2
CHARACTERS = "".join(map(chr, range(32, 127))) + "µ×·–−…↔→°≥≤"
SIZES = {(11, False): 0, (13, False): 0, (13, True): 1, (18, True): 1}
FILE = Path(__file__).with_name("letters.bin")
HEAD = struct.Struct("<BbbBB")  # advance, left, top under the line's middle height, width, height


@dataclass(frozen=True, slots=True)
class Letter:
    """How much ink each pixel has, 0 to 255; `left` and `top` from the pen, which stands on the base line."""

    advance: int
    left: int
    top: int
    width: int
    ink: bytes


@cache
def _letters() -> dict[tuple[int, bool, str], Letter]:
    data, at = zlib.decompress(FILE.read_bytes()), 0
    found = {}
    for size, bold in SIZES:
        for character in CHARACTERS:
            advance, left, top, width, height = HEAD.unpack_from(data, at)
            at += HEAD.size
            found[size, bold, character] = Letter(advance, left, top, width, data[at : at + width * height])
            at += width * height
    return found


def letter(size: int, bold: bool, character: str) -> Letter:
    """A character that is not there is a question mark."""
    letters = _letters()
    return letters.get((size, bold, character)) or letters[size, bold, "?"]


def make(fonts: list[str]) -> None:
    from PIL import ImageFont  # type: ignore[import-not-found, unused-ignore]

    parts = []
    for (size, _bold), which in SIZES.items():
        font = ImageFont.truetype(fonts[which], size * SCALE)
        ascent = font.getmetrics()[0]
        for character in CHARACTERS:
            mask, (left, top) = font.getmask2(character, mode="L")
            width, height = mask.size
            advance = round(font.getlength(character))
            parts.append(HEAD.pack(advance, left, top - ascent, width, height) + bytes(mask))
    FILE.write_bytes(zlib.compress(b"".join(parts), 9))


if __name__ == "__main__":
    make(sys.argv[1:])
