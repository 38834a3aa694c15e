"""The key that Web Push is signed with (RFC 8292), and what browsers are told of it.

What they are told stands in a file beside the key: whoever only passes it on need not read the key, and so not import
what reads it. `python -m mobile_push.vapid FILE` makes both, in a process of its own.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mobile_push.errors import SetupError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["FILE_NAME", "public_text", "publish", "published", "vapid_key"]

FILE_NAME = "vapid.pem"


def published(path: Path) -> str:
    """What browsers subscribe with; "" when nothing is written that belongs to the key."""
    beside = path.with_suffix(".pub")
    try:
        if beside.stat().st_mtime_ns >= path.stat().st_mtime_ns:
            return beside.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        pass
    return ""


def publish(path: Path) -> str:
    """The same, with the key made or read. Raises `SetupError`."""
    text = public_text(vapid_key(path))
    try:
        _write(path.with_suffix(".pub"), text.encode())
    except OSError as error:
        raise SetupError(f"the Web Push key cannot be written beside {path}: {error}") from error
    return text


def vapid_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The gateway's key, made on first use: browsers subscribe with it, so it must stay. Raises `SetupError`."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    try:
        if not path.exists():
            made = ec.generate_private_key(ec.SECP256R1())
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            return made
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(f"the Web Push key {path} cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise SetupError(f"the Web Push key {path} is no P-256 key")
    return key


def public_text(key: ec.EllipticCurvePrivateKey) -> str:
    """What browsers subscribe with."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, and for nobody else."""
    fresh = path.with_suffix(path.suffix + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        os.fsync(file.fileno())
    fresh.replace(path)


if __name__ == "__main__":
    publish(Path(sys.argv[1]))
