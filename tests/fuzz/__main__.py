"""Fuzzing by hand, for as long as you like: `python -m tests.fuzz TARGET [--seconds 60 | --hours 8] [--seed N]`.

The target `all` is one after the other. Compiled code is worth most on a sanitized build, which `--sanitize` makes
first (`tests/media/sanitized.py`). Each target prints its seed, and the input that broke it; with the seed the same
run can be had again.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable

from tests.fuzz import (
    fuzz_audio,
    fuzz_demux,
    fuzz_headers,
    fuzz_ice,
    fuzz_record,
    fuzz_rtp,
    fuzz_sdp,
    fuzz_sip,
    fuzz_sound,
    fuzz_srtp,
    fuzz_web,
    fuzz_wire,
)
from tests.fuzz.mutation import run

Fuzz = Callable[[float, int], int]


def texts(target: Callable[[bytes], None], corpus: list[bytes]) -> Fuzz:
    """A target that takes one input at a time."""

    def fuzz(seconds: float, seed: int) -> int:
        tried, found = run(target, corpus, seconds=seconds, seed=seed)
        if found is not None:
            print(f"{type(found.error).__name__}: {found.error}\n{found.data!r}")
            raise found.error
        return tried

    return fuzz


TARGETS: dict[str, Fuzz] = {
    "sip": texts(fuzz_sip.target, fuzz_sip.CORPUS),
    "sdp": texts(fuzz_sdp.target, fuzz_sdp.CORPUS),
    **{
        name: texts(target, corpus)
        for table in (fuzz_wire.TARGETS, fuzz_headers.TARGETS, fuzz_web.TARGETS)
        for name, (target, corpus) in table.items()
    },
    "ice": texts(fuzz_ice.target, fuzz_ice.CORPUS),
    "sound": texts(fuzz_sound.target, fuzz_sound.CORPUS),
    "rtp": lambda seconds, seed: asyncio.run(fuzz_rtp.fuzz(seconds, seed)),
    "srtp": fuzz_srtp.fuzz,
    "audio": fuzz_audio.fuzz,
    "record": lambda seconds, seed: asyncio.run(fuzz_record.fuzz(seconds, seed)),
    "demux": lambda seconds, seed: asyncio.run(fuzz_demux.fuzz(seconds, seed)),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--hours", type=float, help="the same, for a night")
    parser.add_argument(
        "--sanitize", action="store_true", help="with the address and undefined-behaviour sanitizers"
    )
    parser.add_argument("--seed", type=int, default=time.time_ns() & 0xFFFFFF)
    options = parser.parse_args()
    if options.sanitize:
        from tests.media import sanitized

        given = [word for word in sys.argv[1:] if word != "--sanitize"]
        sys.exit(sanitized.main(["--fuzz", *given]))
    seconds = options.seconds if options.hours is None else options.hours * 3600
    for name in TARGETS if options.target == "all" else [options.target]:
        print(f"{name}: seed {options.seed}", flush=True)
        print(f"{name}: {TARGETS[name](seconds, options.seed):,} inputs, nothing found", flush=True)


if __name__ == "__main__":
    main()
