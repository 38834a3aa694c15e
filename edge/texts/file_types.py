"""What kind of file something is, by its own first bytes: what a stranger says of it is not believed."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["EXTENSIONS", "SHOWN", "TYPES", "type_of"]


def _starts(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(heads)


def _box(*brands: bytes) -> Callable[[bytes], bool]:
    """ISO base media (MP4 and its kin): the brand stands at 8."""
    return lambda data: data[4:8] == b"ftyp" and data[8:12].startswith(brands)


_TESTS: tuple[tuple[str, str, Callable[[bytes], bool]], ...] = (
    ("image/jpeg", "jpg", _starts(b"\xff\xd8\xff")),
    ("image/png", "png", _starts(b"\x89PNG\r\n\x1a\n")),
    ("image/gif", "gif", _starts(b"GIF87a", b"GIF89a")),
    ("image/webp", "webp", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP"),
    ("image/heic", "heic", _box(b"heic", b"heix", b"mif1", b"msf1")),
    ("video/3gpp", "3gp", _box(b"3gp", b"3g2")),
    ("video/mp4", "mp4", _box(b"mp4", b"isom", b"iso2", b"avc1", b"M4V", b"MSNV", b"qt")),
    ("audio/mp4", "m4a", _box(b"M4A", b"M4B")),
    ("audio/amr", "amr", _starts(b"#!AMR")),
    ("audio/ogg", "ogg", _starts(b"OggS")),
    ("audio/wav", "wav", lambda data: data[:4] == b"RIFF" and data[8:12] == b"WAVE"),
    (
        "audio/mpeg",
        "mp3",
        lambda data: data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] in b"\xfb\xf3\xf2"),
    ),
    ("application/pdf", "pdf", _starts(b"%PDF-")),
    ("text/vcard", "vcf", lambda data: data.lstrip()[:11].upper() == b"BEGIN:VCARD"),
)
TYPES = tuple(type for type, _, _ in _TESTS)
EXTENSIONS = {type: extension for type, extension, _ in _TESTS}
SHOWN = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "video/mp4",
        "audio/mpeg",
        "audio/wav",
        "audio/ogg",
    }
)
"""What a browser may show by itself; all else is saved."""


def type_of(data: bytes) -> str:
    """Its media type; "" for what is none of ours (pages, programs, archives)."""
    return next((type for type, _, test in _TESTS if data and test(data[:64])), "")
