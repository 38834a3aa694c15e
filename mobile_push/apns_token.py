"""The token that Apple knows this gateway by: a JWT (ES256) that is made anew every 40 minutes.

Apple takes one that is up to an hour old, and refuses a gateway that makes them oftener than every 20 minutes
(TooManyProviderTokenUpdates). So whatever Apple complains about, a younger token is never replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mobile_push.errors import SetupError

REFRESH_S = 40 * 60.0
NEVER_BEFORE_S = 20 * 60.0


class ProviderToken:
    """The token of one signing key."""

    def __init__(
        self, key: EllipticCurvePrivateKey, key_id: str, team: str, time: Callable[[], float]
    ) -> None:
        self._key = key
        self._key_id = key_id
        self._team = team
        self._time = time
        self._token = ""
        self._made_at = 0.0

    def get(self) -> str:
        """The token to send now."""
        if not self._token or not 0 <= self._time() - self._made_at < REFRESH_S:
            self._make()
        return self._token

    def expired(self, token: str) -> bool:
        """Apple says that this one is too old. Whether there is another one now."""
        if token != self._token:
            return True
        if 0 <= self._time() - self._made_at < NEVER_BEFORE_S:
            return False
        self._make()
        return True

    def _make(self) -> None:
        now = self._time()
        claims = {"iss": self._team, "iat": int(now)}
        self._token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id})
        self._made_at = now


def read_key(path: Path) -> EllipticCurvePrivateKey:
    """Apple's `.p8` file. Raises `SetupError`."""
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SetupError(f"the APNs key {path} cannot be read: {error}") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SetupError(f"the APNs key {path} is no P-256 key, as Apple's .p8 files are")
    return key
