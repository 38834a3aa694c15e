"""A stream of bytes locked with a passphrase: what backups and copied keys are kept in.

    "BELLWIRE-LOCKED"  1 byte version (1)
    16 bytes salt      4 bytes memory in KiB      1 byte passes       argon2id (RFC 9106), one lane
    then pieces: 4 bytes length, AES-256-GCM of up to 1 MiB; nonce and associated data are the number of the piece and
    whether it is the last, so no piece can be left out, moved or cut off without being noticed

All of it streams: memory does not grow with the size. The passphrase is checked by the first piece.
"""

from __future__ import annotations

import io
import secrets
import struct
from typing import IO

from pbx.core.aead import Aead, TagMismatchError, aes_256_gcm
from pbx.core.errors import UserError

__all__ = ["MAGIC", "LockError", "LockedReader", "LockedWriter"]

MAGIC = b"BELLWIRE-LOCKED"
VERSION = 1
HEAD = struct.Struct(">16sIB")
PIECE = 1 << 20
MEMORY_KIB = 64 * 1024
PASSES = 3
MOST_MEMORY_KIB = 1 << 20
SHORTEST = 8


class LockError(UserError):
    """It does not open: another passphrase, or a damaged or cut file."""


class LockedWriter(io.RawIOBase):
    """Writes what it is given to `out`, locked. `close` writes the last piece; without it the file counts as cut."""

    def __init__(self, out: IO[bytes], passphrase: str, *, memory_kib: int = MEMORY_KIB) -> None:
        if len(passphrase) < SHORTEST:
            raise LockError(f"the passphrase has {len(passphrase)} characters", needed=f"at least {SHORTEST}")
        salt = secrets.token_bytes(16)
        self._out = out
        self._cipher = _cipher(passphrase, salt, memory_kib, PASSES)
        self._waiting = bytearray()
        self._number = 0
        out.write(MAGIC + bytes((VERSION,)) + HEAD.pack(salt, memory_kib, PASSES))

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # tarfile gives bytes
        self._waiting += data
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Nothing follows."""
        self._put(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _put(self, piece: bytes, *, last: bool) -> None:
        place = _place(self._number, last=last)
        sealed = self._cipher.encrypt(place, piece, place)
        self._out.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1


class LockedReader(io.RawIOBase):
    """Reads what a `LockedWriter` wrote. Raises `LockError`."""

    def __init__(self, source: IO[bytes], passphrase: str) -> None:
        head = source.read(len(MAGIC) + 1 + HEAD.size)
        if head[: len(MAGIC)] != MAGIC:
            raise LockError("this is no locked file of this program")
        if len(head) < len(MAGIC) + 1 + HEAD.size:
            raise LockError("the file is cut off")
        if head[len(MAGIC)] != VERSION:
            raise LockError(
                f"the file is locked in way {head[len(MAGIC)]}", needed="a newer version of this program"
            )
        salt, memory_kib, passes = HEAD.unpack(head[len(MAGIC) + 1 :])
        if not (8 <= memory_kib <= MOST_MEMORY_KIB and 1 <= passes <= 100):
            raise LockError("the head of the file is damaged")
        self._source = source
        self._cipher = _cipher(passphrase, salt, memory_kib, passes)
        self._ready = b""
        self._number = 0
        self._ended = False
        self._ready = self._next()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:
            self._ready = self._next()
        taken = self._ready[: len(buffer)]
        self._ready = self._ready[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)

    def verify_rest(self) -> None:
        """Read to the end, so that what was read is known to be whole."""
        while self.read(PIECE):
            pass

    def _next(self) -> bytes:
        head = self._source.read(4)
        if len(head) < 4:
            raise LockError("the file is cut off: its end is missing")
        (length,) = struct.unpack(">I", head)
        sealed = self._source.read(length) if length <= PIECE + 16 else b""
        if len(sealed) != length:
            raise LockError("the file is cut off or damaged")
        for last in (False, True):
            place = _place(self._number, last=last)
            try:
                piece = self._cipher.decrypt(place, sealed, place)
            except TagMismatchError:
                continue
            self._number += 1
            self._ended = last
            if last and self._source.read(1):
                raise LockError("there is something behind the end of the file")
            return piece
        if self._number == 0:
            raise LockError("the passphrase is wrong, or the file is damaged")
        raise LockError(f"the file is damaged, about {self._number} MB from its beginning")


def _place(number: int, *, last: bool) -> bytes:
    return struct.pack(">QI", number, int(last))


def _cipher(passphrase: str, salt: bytes, memory_kib: int, passes: int) -> Aead:
    from argon2.low_level import Type, hash_secret_raw

    key = hash_secret_raw(
        passphrase.encode(),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    )
    return aes_256_gcm(key)
