"""Large pages: what of the process's memory may move into them."""

from __future__ import annotations

import mmap
import subprocess
import sys

from pbx.core.memory import PAGE_BYTES, collapse_heap, large_pages

MB = 1 << 20


def area(first: int, end: int, access: str = "rw-p", name: str = "") -> str:
    return f"{first:x}-{end:x} {access} 00000000 00:00 0 {name}".rstrip()


def test_only_whole_large_pages_of_an_area_count() -> None:
    assert list(large_pages([area(3 * MB, 9 * MB)])) == [4 * MB, 6 * MB]
    assert list(large_pages([area(4 * MB, 8 * MB)])) == [4 * MB, 6 * MB]
    assert list(large_pages([area(3 * MB, 5 * MB), area(4 * MB, 5 * MB)])) == []


def test_files_code_and_what_others_share_are_left_alone() -> None:
    maps = [
        area(4 * MB, 8 * MB, name="/usr/lib/libpython3.11.so"),
        area(4 * MB, 8 * MB, "r-xp"),
        area(4 * MB, 8 * MB, "rw-s"),
        area(4 * MB, 8 * MB, "---p"),
        area(4 * MB, 8 * MB, name="[stack]"),
        "nonsense-here rw-p 00000000 00:00 0",
    ]
    assert list(large_pages(maps)) == []
    assert list(large_pages([area(4 * MB, 6 * MB, name="[heap]")])) == [4 * MB]


def test_what_is_in_memory_stays_as_it_was() -> None:
    """In a process of its own: large pages would stay with the one that runs the tests."""
    script = (
        "import mmap; from pbx.core.memory import collapse_heap\n"
        f"kept = mmap.mmap(-1, {4 * PAGE_BYTES}); kept[:5] = b'first'; kept[-4:] = b'last'\n"
        "texts = [str(number) for number in range(300_000)]\n"
        "pages = collapse_heap()\n"
        "assert kept[:5] == b'first' and kept[-4:] == b'last'\n"
        "assert all(text == str(number) for number, text in enumerate(texts))\n"
        "print(pages)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 0


def test_a_page_is_what_the_kernel_calls_one() -> None:
    assert PAGE_BYTES % mmap.PAGESIZE == 0
    assert callable(collapse_heap)
