"""The part of `pbx doctor` that asks the Internet and the network: name servers, the time, and a router that meddles.

Everything here gives up after a moment and is no failure where there is no Internet: an office may have none.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Iterator

from pbx.app.doctor_network import Line
from pbx.core.config import NodeConfig
from pbx.transport.dns import CaresDns

WAIT_S = 2.0
TIME_SERVERS = ("pool.ntp.org", "time.cloudflare.com")
NTP_PORT = 123
SINCE_1900 = 2_208_988_800
OFF_S = 2.0
FAR_OFF_S = 60.0
"""Certificates and time-based second factors begin to fail."""
KNOWN_NAME = "example.com"


def internet(config: NodeConfig) -> Iterator[Line]:
    """All of them; nobody is asked where `stun_server` is none."""
    if config.stun_server in ("", "none"):
        yield "ok", "name servers", "not asked (stun_server is none)", ""
        yield "ok", "time", "not compared (stun_server is none)", ""
        return
    yield _dns(config)
    yield _time(config)


def _dns(config: NodeConfig) -> Line:
    name = "name servers"
    servers = ", ".join(config.dns_servers) or "the system's"
    began = time.monotonic()
    try:
        found = asyncio.run(_look_up(config, KNOWN_NAME))
    except OSError as error:
        return (
            "warn",
            name,
            f"{servers} do not answer: {str(error) or 'nothing came in time'}",
            "Lines and edges that are named by host are not found. Check the Internet, or set --dns-servers",
        )
    took_ms = (time.monotonic() - began) * 1000
    if took_ms > 1000:
        return "warn", name, f"{servers} take {took_ms:.0f} ms", "Set nearer ones with --dns-servers"
    return "ok", name, f"{servers} answer in {took_ms:.0f} ms ({KNOWN_NAME} is {found})", ""


async def _look_up(config: NodeConfig, host: str) -> str:
    """Raises `OSError`."""
    dns = CaresDns(config.dns_servers)
    try:
        async with asyncio.timeout(WAIT_S):
            answer = await dns.addresses(host)
    except TimeoutError:
        raise OSError("nothing came in time") from None
    finally:
        await dns.close()
    if not answer.records:
        raise OSError(f"{host} is not known there")
    return str(answer.records[0])


def _time(config: NodeConfig) -> Line:
    for server in TIME_SERVERS:
        try:
            address = asyncio.run(_look_up(config, server))
        except OSError:
            continue
        offset_s = clock_offset(address)
        if offset_s is not None:
            return graded(server, offset_s)
    return "ok", "time", f"no time server answers ({', '.join(TIME_SERVERS)}); the clock was not compared", ""


def graded(server: str, offset_s: float) -> Line:
    """What an offset means. Positive: the clock of this machine is slow."""
    text = f"the clock is {abs(offset_s):.1f} s {'behind' if offset_s > 0 else 'ahead of'} {server}"
    action = "Let it be set: timedatectl set-ntp true"
    if abs(offset_s) >= FAR_OFF_S:
        return "FAIL", "time", text, f"{action}. Certificates and second factors fail with a wrong clock"
    if abs(offset_s) >= OFF_S:
        return "warn", "time", text, action
    return "ok", "time", f"within {abs(offset_s) * 1000:.0f} ms of {server}", ""


def clock_offset(server: str, port: int = NTP_PORT) -> float | None:
    """Seconds to add to this clock, by SNTP (RFC 4330 5); None without an answer.

    LI VN Mode  stratum poll precision | root delay, dispersion, id | reference | originate | receive | transmit
    1 byte      1       1    1           4           4           4    8           8           8         8
    """
    sent = time.time()
    stamp = struct.pack("!II", int(sent) + SINCE_1900 & 0xFFFFFFFF, int(sent % 1 * (1 << 32)))
    try:
        family, _, _, _, address = socket.getaddrinfo(server, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.settimeout(WAIT_S)
            asking.connect(address)
            asking.send(b"\x23" + bytes(39) + stamp)
            data = asking.recv(512)
    except (OSError, ValueError, IndexError):
        return None
    came = time.time()
    if len(data) < 48 or data[24:32] != stamp or data[0] & 7 != 4 or data[1] == 0:
        return None
    received, transmitted = (_seconds(data[at : at + 8], came) for at in (32, 40))
    return ((received - sent) + (transmitted - came)) / 2


def _seconds(stamp: bytes, near: float) -> float:
    """Unix seconds of an NTP timestamp, whose 32 bits begin anew in 2036."""
    whole, part = struct.unpack("!II", stamp)
    seconds = whole - SINCE_1900 + part / (1 << 32)
    return float(seconds + round((near - seconds) / (1 << 32)) * (1 << 32))
