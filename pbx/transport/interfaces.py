"""This machine's addresses and the networks its cables lead to, as Linux tells them.

Read anew each time: cables are pulled and addresses change. Files that are missing (another system, a container) count
as empty.
"""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SIOCGIFADDR = 0x8915
_ROUTES4 = Path("/proc/net/route")
_ROUTES6 = Path("/proc/net/ipv6_route")
_ADDRESSES6 = Path("/proc/net/if_inet6")
_UP = 0x1
_GATEWAY = 0x2


def addresses() -> list[str]:
    """The address of each interface, IPv4 first; no loopback and no IPv6 link-local ones."""
    found = [*_ipv4_addresses(), *_ipv6_addresses()]
    usable = (each for each in found if not ipaddress.ip_address(each).is_loopback)
    return list(dict.fromkeys(each for each in usable if not ipaddress.ip_address(each).is_link_local))


def networks() -> list[Network]:
    """The networks reached without a gateway."""
    return [*_ipv4_networks(_lines(_ROUTES4)), *_ipv6_networks(_lines(_ROUTES6))]


def _ipv4_addresses() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[:15])
            try:
                answer = fcntl.ioctl(sock, _SIOCGIFADDR, request)
            except OSError:  # an interface without an IPv4 address
                continue
            yield socket.inet_ntoa(answer[20:24])


def _ipv6_addresses() -> Iterator[str]:
    for line in _lines(_ADDRESSES6):
        yield str(ipaddress.IPv6Address(int(line.split()[0], 16)))


def _ipv4_networks(lines: list[str]) -> Iterator[Network]:
    """`Iface Destination Gateway Flags … Mask …`, numbers in the machine's byte order."""
    for line in lines[1:]:
        fields = line.split()
        flags = int(fields[3], 16)
        if not flags & _UP or flags & _GATEWAY or fields[1] == "00000000":
            continue
        destination = socket.inet_ntoa(struct.pack("=L", int(fields[1], 16)))
        mask = socket.inet_ntoa(struct.pack("=L", int(fields[7], 16)))
        yield ipaddress.IPv4Network(f"{destination}/{mask}", strict=False)


def _ipv6_networks(lines: list[str]) -> Iterator[Network]:
    """`destination prefix-length source … next-hop metric … flags interface`, all hexadecimal."""
    for line in lines:
        fields = line.split()
        length, flags = int(fields[1], 16), int(fields[8], 16)
        if not flags & _UP or flags & _GATEWAY or not 0 < length < 128 or fields[9] == "lo":
            continue
        network = ipaddress.IPv6Network((int(fields[0], 16), length), strict=False)
        if not network.is_multicast:
            yield network


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").splitlines()
    except OSError:
        return []
