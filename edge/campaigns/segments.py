"""How many segments a text is sent and paid as: GSM 7 bit or UCS-2 (3GPP TS 23.038, 23.040). Pure.

A concatenated message spends 6 bytes a segment on its header: 160 letters become 153, 70 become 67. A letter of two
units (an escape, a surrogate pair) is not torn apart.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Segments", "count_segments"]

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Segments:
    """`costly` are the letters that make it UCS-2, each once, in their order."""

    encoding: str
    units: int
    segments: int
    costly: tuple[str, ...]


def count_segments(text: str) -> Segments:
    """An empty text is no segment."""
    costly = tuple(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENDED))
    if costly:
        sizes = [2 if ord(c) > 0xFFFF else 1 for c in text]
        return Segments("UCS-2", sum(sizes), _packed(sizes, 70, 67), costly)
    sizes = [2 if c in EXTENDED else 1 for c in text]
    return Segments("GSM-7", sum(sizes), _packed(sizes, 160, 153), ())


def _packed(sizes: list[int], alone: int, joined: int) -> int:
    if sum(sizes) <= alone:
        return 1 if sizes else 0
    segments, left = 1, joined
    for size in sizes:
        if size > left:
            segments, left = segments + 1, joined
        left -= size
    return segments
