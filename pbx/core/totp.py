"""Time-based one-time passwords (RFC 6238): SHA-1, six digits, thirty seconds, as every authenticator app has them."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from urllib.parse import quote, urlencode

__all__ = ["PERIOD_S", "code_at", "matching_step", "new_secret", "uri"]

PERIOD_S = 30
DIGITS = 6
SECRET_BYTES = 20
"""The length that RFC 4226 recommends (section 4, R6)."""
DRIFT = 1
"""Steps that a telephone's clock may be off, either way."""


def new_secret() -> str:
    """In base 32, as people type it."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step (RFC 4226 section 5.3). Raises `ValueError` when the secret is no base 32."""
    try:
        key = base64.b32decode(secret, casefold=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: str, code: str, now_s: float, *, after: int = 0) -> int | None:
    """The step whose code this is, if it is now or one step off. One that is not `after` the last used is a replay."""
    given = "".join(code.split())
    if len(given) != DIGITS or not (given.isascii() and given.isdigit()):
        return None
    step = int(now_s // PERIOD_S)
    found = None
    for each in range(step - DRIFT, step + DRIFT + 1):
        if hmac.compare_digest(code_at(secret, max(0, each)), given) and each > after:
            found = each
    return found


def uri(secret: str, account: str, issuer: str) -> str:
    """What the QR code of the set-up holds."""
    label = quote(f"{issuer}:{account}")
    query = {"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": PERIOD_S}
    return f"otpauth://totp/{label}?{urlencode(query, quote_via=quote)}"
