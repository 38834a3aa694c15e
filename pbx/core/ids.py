"""Names for new things: sortable record ids and unguessable tokens."""

from __future__ import annotations

import os
import secrets
import string
import time

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 without I, L, O and U: what people read aloud without mistakes."""
_PAIRS = [first + second for first in CROCKFORD for second in CROCKFORD]

RESERVE_BYTES = 1024
_reserve = b""
_used = 0


def new_id(at_ms: int | None = None) -> str:
    """A 26-character id that sorts by creation time: 48 bits of Unix milliseconds, 80 random bits (a ULID).

    Ids made in the same millisecond sort at random.
    """
    moment_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    return _crockford((moment_ms & (1 << 48) - 1) << 80 | bits(80))


def token(nbytes: int = 32) -> str:
    """An unguessable, URL-safe secret with `nbytes` bytes of randomness."""
    return secrets.token_urlsafe(nbytes)


def word(nbytes: int) -> str:
    """The same in hexadecimal digits."""
    return _random(nbytes).hex()


def bits(count: int) -> int:
    """A number that nobody can guess, of so many random bits."""
    return int.from_bytes(_random((count + 7) // 8)) >> -count % 8


def fraction() -> float:
    """From 0 to 1, without 1."""
    return bits(53) * 2**-53


def _random(nbytes: int) -> bytes:
    """From a reserve: a call needs two dozen such, and asking the kernel for each takes longer than all else of it."""
    global _reserve, _used
    begin, _used = _used, _used + nbytes
    if _used > len(_reserve):
        _reserve, begin, _used = os.urandom(RESERVE_BYTES), 0, nbytes
    return _reserve[begin:_used]


def new_sip_password() -> str:
    """20 letters and digits (119 bits): nothing that a phone's keypad or web form would change on the way."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(20))


def _crockford(number: int) -> str:
    """26 letters for 130 bits."""
    return "".join([_PAIRS[number >> shift & 0x3FF] for shift in range(120, -1, -10)])
