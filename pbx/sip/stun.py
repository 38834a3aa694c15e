"""STUN binding requests (RFC 8489 5, 6, 14.2): what phones keep their NAT open with, and what tells us our own address.

     0                   1                   2                   3
    |0 0|     STUN message type     |         message length        |
    |                     magic cookie 0x2112A442                   |
    |                  transaction id (96 bits)                     |

No integrity and no credentials: nothing is trusted that a stranger could not have said as well.
"""

from __future__ import annotations

import ipaddress
import struct

MAGIC = 0x2112A442
REQUEST = 0x0001
SUCCESS = 0x0101
ERROR = 0x0111
TRANSACTION_BYTES = 12

_HEADER = struct.Struct(">HHI12s")
_ATTRIBUTE = struct.Struct(">HH")
_MAPPED_ADDRESS = 0x0001
_XOR_MAPPED_ADDRESS = 0x0020
_ERROR_CODE = 0x0009
_UNKNOWN_ATTRIBUTES = 0x000A
_UNDERSTOOD = frozenset({0x0006, 0x0008})
"""USERNAME and MESSAGE-INTEGRITY may stand in a request; nobody here asked for them."""
_FIRST_OPTIONAL = 0x8000
_FAMILIES = {1: 4, 2: 16}


def binding_request(transaction: bytes) -> bytes:
    """Ask where we are seen from; `transaction` are 12 random bytes."""
    return _HEADER.pack(REQUEST, 0, MAGIC, transaction)


def answer(data: bytes, host: str, port: int) -> bytes | None:
    """The response to a binding request from `host`:`port`; None for anything else that begins like STUN."""
    parsed = _parse(data)
    if parsed is None or parsed[0] != REQUEST:
        return None
    _, transaction, attributes = parsed
    unknown = [kind for kind, _ in attributes if kind < _FIRST_OPTIONAL and kind not in _UNDERSTOOD]
    if unknown:
        code = struct.pack(">HBB", 0, 4, 20) + b"Unknown Attribute   "
        listed = b"".join(struct.pack(">H", kind) for kind in unknown[:8])
        return _message(ERROR, transaction, (_ERROR_CODE, code), (_UNKNOWN_ATTRIBUTES, listed))
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    family = 1 if address.version == 4 else 2
    value = struct.pack(">BBH", 0, family, port ^ (MAGIC >> 16)) + _xored(address.packed, transaction)
    return _message(SUCCESS, transaction, (_XOR_MAPPED_ADDRESS, value))


def mapped_address(data: bytes, transaction: bytes) -> tuple[str, int] | None:
    """The address and port that a response to our request says; None when it is not that."""
    parsed = _parse(data)
    if parsed is None or parsed[0] != SUCCESS or parsed[1] != transaction:
        return None
    plain = None
    for kind, value in parsed[2]:
        if kind not in (_XOR_MAPPED_ADDRESS, _MAPPED_ADDRESS) or len(value) < 4:
            continue
        _, family, port = struct.unpack_from(">BBH", value)
        packed = value[4:]
        if _FAMILIES.get(family) != len(packed):
            continue
        if kind == _XOR_MAPPED_ADDRESS:
            address = ipaddress.ip_address(_xored(packed, transaction))
            return str(address), port ^ (MAGIC >> 16)
        plain = str(ipaddress.ip_address(packed)), port
    return plain


def _parse(data: bytes) -> tuple[int, bytes, list[tuple[int, bytes]]] | None:
    if len(data) < _HEADER.size:
        return None
    kind, length, magic, transaction = _HEADER.unpack_from(data)
    if magic != MAGIC or length % 4 or length != len(data) - _HEADER.size or kind >= 0x4000:
        return None
    attributes: list[tuple[int, bytes]] = []
    at = _HEADER.size
    while at < len(data):
        name, size = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        if at + size > len(data):
            return None
        attributes.append((name, data[at : at + size]))
        at += size + -size % 4
    return kind, transaction, attributes


def _message(kind: int, transaction: bytes, *attributes: tuple[int, bytes]) -> bytes:
    body = b"".join(
        _ATTRIBUTE.pack(name, len(value)) + value + b"\0" * (-len(value) % 4) for name, value in attributes
    )
    return _HEADER.pack(kind, len(body), MAGIC, transaction) + body


def _xored(packed: bytes, transaction: bytes) -> bytes:
    mask = struct.pack(">I", MAGIC) + transaction
    return bytes(one ^ other for one, other in zip(packed, mask, strict=False))
