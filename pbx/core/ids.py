"""Names for new things: sortable record ids and unguessable tokens."""

from __future__ import annotations

import secrets
import string
import time

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Base 32 without I, L, O and U: what people read aloud without mistakes."""


def new_id(at_ms: int | None = None) -> str:
    """A 26-character id that sorts by creation time: 48 bits of Unix milliseconds, 80 random bits (a ULID).

    Ids made in the same millisecond sort at random.
    """
    moment_ms = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    return _crockford((moment_ms & (1 << 48) - 1) << 80 | secrets.randbits(80), 26)


def token(nbytes: int = 32) -> str:
    """An unguessable, URL-safe secret with `nbytes` bytes of randomness."""
    return secrets.token_urlsafe(nbytes)


def new_sip_password() -> str:
    """20 letters and digits (119 bits): nothing that a phone's keypad or web form would change on the way."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(20))


def _crockford(number: int, length: int) -> str:
    return "".join(CROCKFORD[number >> shift & 31] for shift in range((length - 1) * 5, -1, -5))
