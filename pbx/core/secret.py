"""Secrets at rest: sealed SIP passwords, fingerprints of tokens, and the key file.

The cipher is OpenSSL's (see `aead`); nothing is loaded before the first secret is opened.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.core.errors import PbxError, StartupError

if TYPE_CHECKING:
    from pbx.core.aead import Aead

KEY_BYTES = 32
KEY_FILE = "secret.key"
"""Name of the key file in the data directory."""
KEY_VARIABLE = "PBX_ENCRYPTION_KEY"
_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBrokenError(PbxError):
    """A sealed field does not open: another key, another place, or damaged bytes."""


class SecretBox:
    """Seals short texts with AES-256-GCM (NIST SP 800-38D).

    Sealed: 1 byte version, 12 bytes random nonce, ciphertext, 16 bytes tag. `context` names the place where
    the field lives ("extension:101"); it is authenticated, so a sealed field copied elsewhere does not open.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key has {len(key)} bytes, needed {KEY_BYTES}")
        self._key = key

    @cached_property
    def _cipher(self) -> Aead:
        from pbx.core.aead import aes_256_gcm

        return aes_256_gcm(self._key)

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for something else than sealing; another purpose gives another key."""
        return hmac.digest(self._key, b"bellwire " + purpose.encode(), "sha256")

    def seal(self, plaintext: str, *, context: str, same: bool = False) -> bytes:
        """With `same`, equal texts seal to equal bytes: the nonce is a keyed hash of both."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        if same:
            told = context.encode() + b"\0" + plaintext.encode()
            nonce = hmac.digest(self.derive("nonce"), told, "sha256")[:_NONCE_BYTES]
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext.encode(), context.encode())

    def open(self, sealed: bytes, *, context: str) -> str:
        """Raises `SealBrokenError`."""
        from pbx.core.aead import TagMismatchError

        if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
            raise SealBrokenError(f"the sealed field of {context} is damaged")
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, context.encode()).decode()
        except TagMismatchError:
            raise SealBrokenError(f"the sealed field of {context} does not open with this key") from None


def load_key(path: Path, environ: Mapping[str, str] = os.environ) -> bytes:
    """The node's key: from `PBX_ENCRYPTION_KEY`, else from the file, which is made on first use.

    Raises `StartupError` when the key is malformed or others can read the file.
    """
    if text := environ.get(KEY_VARIABLE):
        return _decode_key(text, f"the environment variable {KEY_VARIABLE}")
    try:
        return _read_key(path)
    except FileNotFoundError:
        _make_key(path)
        return _read_key(path)


def key_mode_problem(path: Path) -> str | None:
    """What is wrong with who may read the key file, or None."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return f"the key file {path} is open to other users (mode {mode:04o}, needed 0600)"
    return None


def _read_key(path: Path) -> bytes:
    try:
        text = path.read_text("ascii", "replace")
        problem = key_mode_problem(path)
    except PermissionError as error:
        raise StartupError(
            f"the key file {path} cannot be read: {error.strerror}", action=f"Run: chown $USER {path}"
        ) from None
    if problem:
        raise StartupError(
            problem, action=f"Run: chmod 600 {path} — and change the SIP passwords if others may have read it"
        )
    return _decode_key(text, f"the key file {path}")


def _make_key(path: Path) -> None:
    """Write a new key; of several processes that try at once, one wins and all use its key."""
    with suppress(FileExistsError):
        write_key(path, secrets.token_bytes(KEY_BYTES))


def write_key(path: Path, key: bytes) -> None:
    """A key file, on the disk and for its owner alone. Raises `FileExistsError`."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    finally:
        draft.unlink()


def _decode_key(text: str, where: str) -> bytes:
    text = text.strip()
    for decode in (bytes.fromhex, _base64):
        try:
            key = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(key) == KEY_BYTES:
            return key
    raise StartupError(
        f"{where} holds no key",
        got=f"{len(text)} characters",
        needed="32 bytes as 64 hexadecimal digits or as base64",
        action="Restore it from your backup; a new one can be made with: openssl rand -base64 32",
    )


def _base64(text: str) -> bytes:
    return base64.b64decode(
        text + "=" * (-len(text) % 4), altchars=b"-_" if set(text) & set("-_") else None, validate=True
    )


def fingerprint(secret: str) -> bytes:
    """What is stored of a random token: SHA-256 is enough, since 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).digest()
