"""Access tokens: short-lived JWTs (RFC 7519, HS256) that name a grant.

What they open is looked up with each request, so a grant that ends, or a role that changes, counts at once.

PyJWT is loaded with the first token: with it comes `cryptography`, which most nodes never need.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["ACCESS_S", "make", "read"]

ACCESS_S = 600.0
_ALGORITHM = "HS256"
_AUDIENCE = "bellwire"


def make(key: bytes, grant: str, user: str, now: datetime) -> tuple[str, datetime]:
    """The token, and until when it is good."""
    import jwt

    until = now + timedelta(seconds=ACCESS_S)
    claims = {
        "aud": _AUDIENCE,
        "sub": user,
        "sid": grant,
        "iat": int(now.timestamp()),
        "exp": int(until.timestamp()),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM), until


def read(key: bytes, token: str, now: datetime) -> str | None:
    """The grant that a token names; None for one that is not ours or too old."""
    import jwt

    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            # The clock is the node's, which tests own.
            options={"require": ["exp", "sub", "sid"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError:
        return None
    grant, until = claims["sid"], claims["exp"]
    alive = isinstance(grant, str) and isinstance(until, int) and until > now.timestamp()
    return grant if alive else None
