"""The key pair of bundles: Ed25519 (RFC 8032) by OpenSSL. The private key is a PEM file, the public one a word to copy.

cryptography is imported when the first signature is made or looked at.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.core.errors import StartupError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["is_signed", "make_key", "public_text", "read_key"]


def make_key(path: Path) -> Ed25519PrivateKey:
    """Write a new private key that only its owner may read. Raises `StartupError`, also when there is a file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError:
        raise StartupError(f"{path} exists already", action="Choose another name for a new key") from None
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}") from None
    return key


def read_key(path: Path) -> Ed25519PrivateKey:
    """Raises `StartupError`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise StartupError(
            f"the key {path} cannot be read: {error.strerror}", action="Make one with: pbx sync key FILE"
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StartupError(f"{path} is no private key of bundles", action="Make one with: pbx sync key FILE")
    return key


def public_text(key: Ed25519PrivateKey) -> str:
    """What goes into `sync_key` of a node."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def is_signed(data: bytes, signature: bytes, public_key: str) -> bool:
    """Whether the owner of this key has signed exactly this."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(signature, data)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
