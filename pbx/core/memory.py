"""The process's memory as the kernel keeps it: what the start has made moves into pages of 2 MB.

A node wakes a few hundred times a second and looks at some thousand objects all over the heap each time. With pages
of 4 KB most of those looks miss the page table cache, which is dearest within a virtual machine. Pages that the
heap has hardly begun stay small: the kernel would fill them up, and a small box pays for that. Linux only; where a
kernel or a container refuses, nothing is different but the speed.
"""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterable, Iterator
from pathlib import Path

PAGE_BYTES = 2 << 20
SMALL_BYTES = 4096
IN_USE = 0.9
"""How much of a large page must be in memory already."""

_MAPS = Path("/proc/self/maps")
_MADV_HUGEPAGE = 14  # and what is added there later, too
_MADV_COLLAPSE = 25  # Linux 6.1


def collapse_heap() -> int:
    """Move the heap into large pages, now; returns how many. About a millisecond for each."""
    try:
        libc = ctypes.CDLL(None)
        advise, in_core = libc.madvise, libc.mincore
        maps = _MAPS.read_text().splitlines()
    except (OSError, AttributeError):
        return 0
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    in_core.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
    small = ctypes.create_string_buffer(PAGE_BYTES // SMALL_BYTES)

    def in_use(start: int) -> bool:
        if in_core(start, PAGE_BYTES, small) != 0:
            return False
        return sum(flags & 1 for flags in small.raw) >= IN_USE * len(small)

    pages = [start for start in large_pages(maps) if in_use(start)]
    return sum(
        advise(start, PAGE_BYTES, _MADV_HUGEPAGE) == 0 and advise(start, PAGE_BYTES, _MADV_COLLAPSE) == 0
        for start in pages
    )


def large_pages(maps: Iterable[str]) -> Iterator[int]:
    """Where whole large pages lie in the heap and in nameless memory that is read and written.

    7f1c2a600000-7f1c2b000000 rw-p 00000000 00:00 0        as in /proc/self/maps
    """
    for line in maps:
        area, access, _, _, _, *name = line.split(None, 5)
        if access != "rw-p" or name not in ([], ["[heap]"]):
            continue
        with contextlib.suppress(ValueError):
            first, end = (int(each, 16) for each in area.split("-"))
            yield from range(-(-first // PAGE_BYTES) * PAGE_BYTES, end - PAGE_BYTES + 1, PAGE_BYTES)
