"""CPU to protect and to unprotect a 20 ms packet: ours and libsrtp2's, turn by turn in the same run."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import warnings
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.figure import Figure, Peer, measure, record
from media_ext.srtp_door import time_ns

TURNS = 9
BATCHES = 60  # of 256 packets, in each turn
PACKET = bytes([0x80, 0, 0, 0]) + bytes(7) + b"\7" + b"\xd5" * 160
TARGET_US = 0.6

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": (1, 30),
    "AES_CM_128_HMAC_SHA1_32": (2, 30),
    "AEAD_AES_128_GCM": (7, 28),
    "AEAD_AES_256_GCM": (8, 44),
}

# Microseconds each way where libsrtp2 cannot be measured here (Debian's 2.5.0, NSS).
LIBSRTP_US = {1: 2.2, 7: 0.74}


@pytest.fixture(scope="module")
def libsrtp(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """libsrtp2's own loop, compiled; None where it is not installed."""
    if not Path("/usr/include/srtp2/srtp.h").exists() or shutil.which("cc") is None:
        warnings.warn("libsrtp2-dev is not installed: a known figure instead", stacklevel=1)
        return None
    program = tmp_path_factory.mktemp("srtp") / "srtp_peer"
    source = Path(__file__).with_name("srtp_peer.c")
    subprocess.run(["cc", "-O2", "-o", str(program), str(source), "-lsrtp2"], check=True)
    return program


def peer_of(profile: int, which: int, turns: list[tuple[float, float]]) -> Peer | None:
    if not turns:
        known = LIBSRTP_US.get(profile)
        return None if known is None else Peer(name="libsrtp2", value=known)
    times = [turn[which] for turn in turns]
    return Peer(
        name="libsrtp2",
        value=statistics.median(times),
        low=min(times),
        high=max(times),
        same_run=True,
        source="Debian's libsrtp2 (NSS), in turns with ours",
    )


@pytest.mark.parametrize("name", PROFILES)
def test_cpu_per_protected_packet(benchmark: BenchmarkFixture, libsrtp: Path | None, name: str) -> None:
    profile, material_bytes = PROFILES[name]
    ours: tuple[list[float], list[float]] = ([], [])
    theirs: list[tuple[float, float]] = []

    def turns() -> None:
        for _ in range(TURNS):
            for mine, found in zip(
                ours, time_ns(profile, bytes(range(material_bytes)), PACKET, BATCHES), strict=True
            ):
                mine.append(statistics.median(found) / 1000)
            if libsrtp is not None:
                said = subprocess.run(
                    [str(libsrtp), str(profile), str(len(PACKET)), str(BATCHES)],
                    stdout=subprocess.PIPE,
                    check=True,
                )
                protect, unprotect = said.stdout.split()
                theirs.append((float(protect) / 1000, float(unprotect) / 1000))

    measure(benchmark, turns)
    record(
        benchmark,
        *(
            Figure(
                title=f"SRTP {verb}, 20 ms packet, {name}",
                value=statistics.median(ours[which]),
                unit="µs",
                target=TARGET_US,
                peer=peer_of(profile, which, theirs),
                how=f"{len(PACKET)} bytes, median of {TURNS} turns ({min(ours[which]):.2f}–{max(ours[which]):.2f} µs), "
                f"each the median of {BATCHES} batches of 256 packets; keys in cache",
            )
            for which, verb in enumerate(("protect", "unprotect"))
        ),
    )
