"""What this node would have to know to go on if it were killed now: a sealed local file of keys and values.

    header   magic · version · boot id · salt                                  56 bytes
    frame    length, 4 bytes · AES-256-GCM of the entries, its nonce the number of the frame
    entry    msgpack (key, value); no value: the key is gone

The file key is derived from the node's key and the salt, so numbers can be nonces. Frames are only added; a frame that
is cut short or does not open ends the file, and what stands before it counts. `write` is the only step between a change
and its safety from a killed process; nothing is synced, since after a power cut no phone waits. The file never leaves
the machine: it holds the keys of calls.
"""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from pbx.core.aead import NONCE_BYTES, TagMismatchError, aes_256_gcm

__all__ = ["FILE_NAME", "Journal", "boot_id", "read_journal"]

log = logging.getLogger(__name__)

FILE_NAME = "calls.journal"
MAGIC = b"BWJRNL"
VERSION = 1
_HEADER = struct.Struct("!6sH16s32s")
_LENGTH = struct.Struct("!I")
MAX_FRAME = 8 << 20
COMPACT_ABOVE = 1 << 20
"""A smaller file is left as it is, whatever part of it is old."""

ENTRIES_AT_ONCE = 100

Entry = tuple[str, bytes | None]
Sealer = Callable[[bytes], Callable[[bytes, bytes], bytes]]
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[Entry, ...])


def boot_id() -> bytes:
    """Of this run of the machine: times in the journal are of its clock."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        return bytes.fromhex(text.strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)


class Journal:
    """The file of one run. `put` and `remove` are one write each, `change` is one for several."""

    def __init__(
        self,
        path: Path,
        key: bytes,
        live: Mapping[str, bytes] | None = None,
        *,
        sealer: Sealer | None = None,
        boot: bytes | None = None,
    ) -> None:
        """Begins a new file with what is `live`, of `read_journal`. Raises `OSError`. `sealer` makes AES-256-GCM of a
        key, nonce and plaintext to ciphertext and tag.
        """
        self._path = path
        self._sealer = sealer or _plain_sealer
        self._key = key
        self._boot = boot_id() if boot is None else boot
        self._live = dict(live or {})
        self._live_bytes = sum(map(len, self._live.values()))
        self._size = 0
        self._frames = 0
        self._file = -1
        self._torn = False
        self.failed = 0
        """Changes that could not be written."""
        self._begin()

    @property
    def size(self) -> int:
        return self._size

    def __len__(self) -> int:
        return len(self._live)

    def put(self, key: str, value: bytes) -> bool:
        return self.change({key: value})

    def remove(self, key: str) -> bool:
        return key not in self._live or self.change({key: None})

    def change(self, entries: Mapping[str, bytes | None]) -> bool:
        """False when it could not be written: then there is no journal before a later change can be, which brings all
        along.
        """
        for key, value in entries.items():
            self._live_bytes -= len(self._live.pop(key, b""))
            if value is not None:
                self._live[key] = value
                self._live_bytes += len(value)
        try:
            if self._torn or self._size > max(COMPACT_ABOVE, 4 * self._live_bytes):
                self._begin()
            else:
                self._append(tuple(entries.items()))
        except OSError as error:
            # What stands there is old by now: streams that went on from it would send under indexes that were used.
            self._torn = True
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self.failed += 1
            if self.failed == 1:
                log.error(  # noqa: TRY400 - the disk's trouble
                    "calls would not outlive this process: its journal cannot be written",
                    extra={"error": error.strerror},
                )
            return False
        return True

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def erase(self) -> None:
        """Nothing is to outlive this process."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _begin(self) -> None:
        """A new file with what counts now, moved into the place of the old one."""
        salt = secrets.token_bytes(32)
        header = _HEADER.pack(MAGIC, VERSION, self._boot, salt)
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        old, self._file = self._file, file
        self._seal = self._sealer(_file_key(self._key, salt))
        self._size = self._frames = 0
        try:
            self._write(header)
            entries = tuple(self._live.items())
            for first in range(0, len(entries), ENTRIES_AT_ONCE):
                self._append(entries[first : first + ENTRIES_AT_ONCE])
            beside.replace(self._path)
        except OSError:
            self._file = old
            os.close(file)
            beside.unlink(missing_ok=True)
            raise
        self._torn = False
        if old >= 0:
            os.close(old)

    def _append(self, entries: tuple[Entry, ...]) -> None:
        nonce = self._frames.to_bytes(NONCE_BYTES, "big")
        self._frames += 1  # also of a frame that fails: no nonce is used twice
        sealed = self._seal(nonce, _encoder.encode(entries))
        self._write(_LENGTH.pack(len(sealed)) + sealed)

    def _write(self, data: bytes) -> None:
        written = os.write(self._file, data)
        if written != len(data):
            raise OSError(28, "no space left")
        self._size += written


def read_journal(path: Path, key: bytes, *, boot: bytes | None = None) -> tuple[dict[str, bytes], float]:
    """What an earlier run has left, and when it wrote last (seconds since 1970).

    Nothing where there is no file, or one of another machine run, key or version. Never raises for what stands in it.
    """
    try:
        data = path.read_bytes()
        changed_at = path.stat().st_mtime
    except OSError:
        return {}, 0.0
    if len(data) < _HEADER.size:
        return {}, 0.0
    magic, version, written_in, salt = _HEADER.unpack_from(data)
    if (magic, version, written_in) != (MAGIC, VERSION, boot_id() if boot is None else boot):
        return {}, 0.0
    cipher = aes_256_gcm(_file_key(key, salt))
    return _replay(data, cipher.decrypt), changed_at


def _replay(data: bytes, decrypt: Callable[[bytes, bytes, bytes], bytes]) -> dict[str, bytes]:
    live: dict[str, bytes] = {}
    at, number = _HEADER.size, 0
    while at + _LENGTH.size <= len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        if length > MAX_FRAME or at + length > len(data):
            break
        try:
            entries = _decoder.decode(
                decrypt(number.to_bytes(NONCE_BYTES, "big"), data[at : at + length], b"")
            )
        except (TagMismatchError, msgspec.MsgspecError):
            break
        for key, value in entries:
            if value is None:
                live.pop(key, None)
            else:
                live[key] = value
        at += length
        number += 1
    return live


def _file_key(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(key, b"journal " + salt, "sha256")


def _plain_sealer(key: bytes) -> Callable[[bytes, bytes], bytes]:
    cipher = aes_256_gcm(key)
    return lambda nonce, plaintext: cipher.encrypt(nonce, plaintext, b"")
