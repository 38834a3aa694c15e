"""Connectivity checks as a browser makes them, written by the RFCs (8445, 8489) and not by any library."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
import zlib
from dataclasses import dataclass

from pbx.model.stream import IceCredentials

COOKIE = 0x2112A442
USERNAME, INTEGRITY, ERROR, UNKNOWN, MAPPED = 0x0006, 0x0008, 0x0009, 0x000A, 0x0020
PRIORITY, USE_CANDIDATE, FINGERPRINT = 0x0024, 0x0025, 0x8028
CONTROLLED, CONTROLLING = 0x8029, 0x802A
OURS, THEIRS = IceCredentials("nodename", "p" * 24), IceCredentials("page", "q" * 24)


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def header(kind: int, size: int, transaction: bytes) -> bytes:
    return struct.pack("!HHI", kind, size, COOKIE) + transaction


def signed(kind: int, transaction: bytes, body: bytes, password: str | None) -> bytes:
    """With MESSAGE-INTEGRITY, unless there is no password, and with FINGERPRINT."""
    if password is not None:
        covered = header(kind, len(body) + 24, transaction) + body
        body += attribute(INTEGRITY, hmac.digest(password.encode(), covered, hashlib.sha1))
    crc = zlib.crc32(header(kind, len(body) + 8, transaction) + body) ^ 0x5354554E
    body += attribute(FINGERPRINT, struct.pack("!I", crc))
    return header(kind, len(body), transaction) + body


def check(
    *more: bytes,
    name: str = f"{OURS.ufrag}:{THEIRS.ufrag}",
    password: str | None = OURS.password,
    nominates: bool = False,
    role: int = CONTROLLING,
    transaction: bytes | None = None,
) -> bytes:
    """A Binding request."""
    body = attribute(USERNAME, name.encode()) if name else b""
    body += attribute(PRIORITY, struct.pack("!I", 0x6EFFFFFF)) + attribute(role, bytes(8))
    body += attribute(USE_CANDIDATE, b"") if nominates else b""
    return signed(1, transaction or os.urandom(12), body + b"".join(more), password)


@dataclass(frozen=True)
class Answer:
    """What came back; `error` is 0 for success."""

    transaction: bytes
    attributes: dict[int, bytes]
    error: int
    is_signed: bool

    @property
    def mapped(self) -> tuple[str, int]:
        value = self.attributes[MAPPED]
        assert value[1] == 1
        port = struct.unpack_from("!H", value, 2)[0] ^ (COOKIE >> 16)
        host = struct.unpack_from("!I", value, 4)[0] ^ COOKIE
        return ".".join(str(host >> shift & 255) for shift in (24, 16, 8, 0)), port


def read_answer(data: bytes, password: str = OURS.password) -> Answer:
    """Checks length and fingerprint; whether the signature is right is told."""
    kind, size, cookie = struct.unpack_from("!HHI", data)
    assert (cookie, len(data)) == (COOKIE, size + 20)
    transaction, attributes, at, is_signed = data[8:20], {}, 20, False
    while at < len(data):
        name, length = struct.unpack_from("!HH", data, at)
        value = data[at + 4 : at + 4 + length]
        if name == INTEGRITY:
            covered = header(kind, at - 20 + 24, transaction) + data[20:at]
            is_signed = hmac.digest(password.encode(), covered, hashlib.sha1) == value
        elif name == FINGERPRINT:
            assert at + 8 == len(data)
            assert struct.unpack("!I", value)[0] == zlib.crc32(data[:at]) ^ 0x5354554E
        attributes[name] = value
        at += 4 + length + -length % 4
    assert FINGERPRINT in attributes
    error = attributes[ERROR][2] * 100 + attributes[ERROR][3] if kind == 0x111 else 0
    assert kind == (0x111 if error else 0x101)
    return Answer(transaction, attributes, error, is_signed)
