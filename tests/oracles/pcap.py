"""Reads a pcap file strictly, and checks every length and checksum in it (RFC 791, 8200, 768, 1071)."""

from __future__ import annotations

import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Datagram:
    at_us: int
    source: tuple[str, int]
    destination: tuple[str, int]
    data: bytes


def read(file: bytes) -> list[Datagram]:
    assert file[:4] == bytes.fromhex("a1b2c3d4"), "big-endian, microseconds"
    assert file[4:8] == bytes((0, 2, 0, 4))
    assert file[8:16] == bytes(8)
    longest = int.from_bytes(file[16:20], "big")
    assert int.from_bytes(file[20:24], "big") == 101, "raw IP"
    found, at = [], 24
    while at < len(file):
        seconds, micros, kept, length = (
            int.from_bytes(file[at + i : at + i + 4], "big") for i in (0, 4, 8, 12)
        )
        assert micros < 1_000_000
        assert kept == length <= longest
        assert at + 16 + kept <= len(file), "the last packet is whole"
        found.append(_packet(seconds * 1_000_000 + micros, file[at + 16 : at + 16 + kept]))
        at += 16 + kept
    assert at == len(file)
    return found


def _packet(at_us: int, packet: bytes) -> Datagram:
    if packet[0] >> 4 == 4:
        assert packet[0] == 0x45
        assert int.from_bytes(packet[2:4], "big") == len(packet)
        assert packet[9] == 17
        assert _sum(packet[:20]) == 0xFFFF, "header checksum"
        ends, family, udp = packet[12:20], socket.AF_INET, packet[20:]
    else:
        assert packet[0] == 0x60
        assert int.from_bytes(packet[4:6], "big") == len(packet) - 40
        assert packet[6] == 17
        ends, family, udp = packet[8:40], socket.AF_INET6, packet[40:]
    assert int.from_bytes(udp[4:6], "big") == len(udp)
    assert udp[6:8] != b"\0\0"
    pseudo = ends + len(udp).to_bytes(4, "big") + bytes((0, 0, 0, 17))
    assert _sum(pseudo + udp) == 0xFFFF, "UDP checksum"
    half = len(ends) // 2
    return Datagram(
        at_us,
        (socket.inet_ntop(family, ends[:half]), int.from_bytes(udp[0:2], "big")),
        (socket.inet_ntop(family, ends[half:]), int.from_bytes(udp[2:4], "big")),
        udp[8:],
    )


def _sum(data: bytes) -> int:
    """The ones' complement sum; of something with a right checksum in it, all ones."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total
