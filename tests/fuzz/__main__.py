"""Fuzzing by hand, for as long as you like: `python -m tests.fuzz TARGET [--seconds 60] [--seed N]`, or `all`.

Compiled code is worth most on a sanitized build: `python -m tests.media.sanitized --fuzz TARGET …`. Each target prints
its seed, and the input that broke it; with the seed the same run can be had again.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable

from tests.fuzz import (
    fuzz_audio,
    fuzz_demux,
    fuzz_ice,
    fuzz_record,
    fuzz_rtp,
    fuzz_sdp,
    fuzz_sip,
    fuzz_sound,
    fuzz_srtp,
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
    parser.add_argument("--seed", type=int, default=time.time_ns() & 0xFFFFFF)
    options = parser.parse_args()
    for name in TARGETS if options.target == "all" else [options.target]:
        print(f"{name}: seed {options.seed}", flush=True)
        print(f"{name}: {TARGETS[name](options.seconds, options.seed):,} inputs, nothing found", flush=True)


if __name__ == "__main__":
    main()
