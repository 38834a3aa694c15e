"""Names for new things: sortable record ids and unguessable tokens."""

from __future__ import annotations

import base64
import os
import secrets
import string
import time

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 without I, L, O and U: what people read aloud without mistakes."""
_TO_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", CROCKFORD.encode())

RESERVE_BYTES = 1024
_reserve = b""


def new_id(at_ms: int | None = None) -> str:
    """A 26-character id that sorts by creation time: 48 bits of Unix milliseconds, 80 random bits (a ULID).

    Ids made in the same millisecond sort at random.
    """
    moment_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    return _crockford((moment_ms & (1 << 48) - 1) << 80 | secrets.randbits(80))


def token(nbytes: int = 32) -> str:
    """An unguessable, URL-safe secret with `nbytes` bytes of randomness."""
    return secrets.token_urlsafe(nbytes)


def word(nbytes: int) -> str:
    """The same in hexadecimal digits, from a reserve: a call needs a dozen such words, and asking the kernel for each
    takes longer than all else about them."""
    global _reserve  # noqa: PLW0603  what is random is nobody's state
    if len(_reserve) < nbytes:
        _reserve = os.urandom(RESERVE_BYTES)
    taken, _reserve = _reserve[:nbytes], _reserve[nbytes:]
    return taken.hex()


def new_sip_password() -> str:
    """20 letters and digits (119 bits): nothing that a phone's keypad or web form would change on the way."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(20))


def _crockford(number: int) -> str:
    """26 letters for 130 bits."""
    return base64.b32encode((number << 6).to_bytes(17)).translate(_TO_CROCKFORD)[:26].decode()
