"""Checks of ICE, damaged, and descriptions of browsers: `python -m tests.fuzz ice`.

Nothing that was damaged may be believed, whatever is answered is no longer than what came, and a right check is still
answered in the end. DTLS on such a port is fuzzed by `demux`.
"""

from __future__ import annotations

import itertools
import os

from pbx.media.ice import IceLite
from tests.media.checks import CONTROLLED, OURS, THEIRS, attribute, check, read_answer

SOURCE, ELSEWHERE = ("192.0.2.7", 40000), ("2001:db8::1", 40000)
CORPUS = [
    check(),
    check(nominates=True),
    check(role=CONTROLLED),
    check(attribute(0x7777, b"what"), attribute(0xC057, bytes(4))),
    check(password="x" * 24),
    check(password=None),
    check(attribute(0x0020, b"\0\1" + bytes(6)), attribute(0x0009, b"\0\0\4\1no")),
    b"\0\1\0\0\x21\x12\xa4\x42" + os.urandom(12),
]
GOOD = {CORPUS[0], CORPUS[1], CORPUS[6]}
_port = IceLite()
_port.use(OURS, THEIRS)
_numbers = itertools.count()


def target(data: bytes) -> None:
    """One datagram, first from one place, then from another."""
    for source in (SOURCE, ELSEWHERE):
        taken = _port.take(data, source)
        assert not taken.fate.good or data in GOOD, "believed what was damaged"
        if taken.answer is not None:
            assert len(taken.answer) <= len(data) + 24, "more comes back than was sent"
            read_answer(taken.answer)
    if next(_numbers) % 100 == 0:
        assert _port.take(check(), SOURCE).fate.good, "a right check is answered"
