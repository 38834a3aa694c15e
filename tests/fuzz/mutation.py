"""What fuzz targets share: a corpus, a way to damage it, and a run of so many seconds that can be repeated by seed."""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

INTERESTING = (
    b"\r\n", b"\n", b"\r", b"\0", b"\r\n ", b"\r\n\r\n", b'"', b"\\", b"<", b">", b";", b",", b"@", b":", b"=", b"?",
    b"%", b"%00", b"%ff", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"4294967296", b"-1", b"0", b" ", b"\t", b"[", b"]",
    b"A" * 300, b";a" * 50, b"sip:", b"SIP/2.0", b"*",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """An input that broke the target."""

    data: bytes
    error: BaseException


def mutate(chance: random.Random, corpus: Sequence[bytes]) -> bytes:
    """One seed, or the head of one and the tail of another, with a handful of damages."""
    data = bytearray(chance.choice(corpus))
    if chance.random() < 0.2:
        other = chance.choice(corpus)
        data[chance.randrange(len(data) + 1) :] = other[chance.randrange(len(other) + 1) :]
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(5)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[at : at + chance.randint(1, 30)]
        elif kind == 2:
            end = at + chance.randint(1, 60)
            data[at:at] = data[at:end] * chance.randint(1, 3)
        elif kind == 3:
            start = chance.randrange(len(data) + 1)
            data[at:at] = data[start : start + chance.randint(1, 60)]
        else:
            data[at:at] = chance.choice(INTERESTING)
    return bytes(data)


def run(
    target: Callable[[bytes], None], corpus: Sequence[bytes], *, seconds: float, seed: int
) -> tuple[int, Found | None]:
    """How many inputs were tried, and the first that made `target` raise."""
    chance = random.Random(seed)
    until = time.monotonic() + seconds
    tried = 0
    while time.monotonic() < until:
        data = mutate(chance, corpus)
        tried += 1
        try:
            target(data)
        except Exception as error:  # any exception at all is what a fuzz target looks for
            return tried, Found(data, error)
    return tried, None


def main(name: str, target: Callable[[bytes], None], corpus: Sequence[bytes]) -> int:
    """The command line of a fuzz target; 1 when something was found, which is printed for a fixture."""
    arguments = argparse.ArgumentParser(prog=f"python -m tests.fuzz.{name}")
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--seed", type=int, default=time.time_ns() & 0xFFFFFF)
    options = arguments.parse_args()
    tried, found = run(target, corpus, seconds=options.seconds, seed=options.seed)
    print(f"{name}: {tried} inputs, seed {options.seed}")
    if found is None:
        return 0
    print(f"{type(found.error).__name__}: {found.error}\n{found.data!r}")
    return 1
