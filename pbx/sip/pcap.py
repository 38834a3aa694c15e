"""A capture file of SIP messages (the classic pcap format, link type RAW), for Wireshark, tshark and sngrep.

    magic a1b2c3d4 | 2 | 4 | zone 0 | accuracy 0 | longest packet | link type 101      24 bytes, once
    seconds | microseconds | bytes that follow | bytes on the wire                     16 bytes, before each packet
    IPv4 or IPv6 header | UDP header | the message

Each message is one UDP datagram, also those that went over TCP, TLS or a WebSocket: so all of them can be read, and in
the order they were sent.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable

import msgspec

__all__ = ["Packet", "pcap"]

_LINKTYPE_RAW = 101
_SNAPLEN = 262144
_UDP = 17
_TTL = 64
_MAX_PAYLOAD = 65535 - 20 - 8
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Packet(msgspec.Struct, frozen=True):
    """One message. `at_us` is in microseconds of the wall clock; addresses are IP literals."""

    at_us: int
    source: tuple[str, int]
    destination: tuple[str, int]
    data: bytes


def pcap(packets: Iterable[Packet]) -> bytes:
    """The whole file."""
    parts = [struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, _SNAPLEN, _LINKTYPE_RAW)]
    for packet in packets:
        datagram = _datagram(packet)
        seconds, micros = divmod(packet.at_us, 1_000_000)
        parts += (struct.pack("!IIII", seconds, micros, len(datagram), len(datagram)), datagram)
    return b"".join(parts)


def _datagram(packet: Packet) -> bytes:
    source, destination = _pair(packet.source[0], packet.destination[0])
    data = packet.data[:_MAX_PAYLOAD]
    length = 8 + len(data)
    udp = struct.pack("!HHHH", packet.source[1], packet.destination[1], length, 0)
    pseudo = source.packed + destination.packed + struct.pack("!IxxxB", length, _UDP)
    checksum = _checksum(pseudo + udp + data) or 0xFFFF
    udp = udp[:6] + checksum.to_bytes(2, "big")
    if source.version == 6:
        head = struct.pack("!IHBB", 6 << 28, length, _UDP, _TTL) + source.packed + destination.packed
    else:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, _TTL, _UDP, 0)
        head += source.packed + destination.packed
        head = head[:10] + _checksum(head).to_bytes(2, "big") + head[12:]
    return head + udp + data


def _pair(source: str, destination: str) -> tuple[_Address, _Address]:
    """Both addresses in one family: what is not known, or of the other one, is shown as all zeros."""
    one, two = _address(source), _address(destination)
    version = (one or two or ipaddress.IPv4Address(0)).version
    nobody: _Address = ipaddress.IPv4Address(0) if version == 4 else ipaddress.IPv6Address(0)
    return one or nobody, two if two is not None and two.version == version else nobody


def _address(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _checksum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
