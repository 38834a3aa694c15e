"""A phone of plain sockets, and RTP written and read by hand: nothing here uses the code under test."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from pbx.model.stream import TELEPHONE_EVENT, RemoteMedia, StreamFormat

SO_TIMESTAMPNS = 35  # Linux: each packet tells when the kernel had it, however late this process reads
G711 = (StreamFormat(0, "PCMU"), StreamFormat(8, "PCMA"), StreamFormat(101, TELEPHONE_EVENT))


@dataclass(frozen=True, slots=True)
class Rtp:
    """A packet as it was seen."""

    payload_type: int
    marker: bool
    seq: int
    rtp_ts: int
    ssrc: int
    payload: bytes
    at: float = 0.0
    source: tuple[str, int] = ("", 0)


def write_rtp(
    seq: int,
    rtp_ts: int,
    *,
    ssrc: int,
    payload_type: int = 0,
    payload: bytes = b"\xff" * 160,
    marker: bool = False,
) -> bytes:
    second = payload_type | (0x80 if marker else 0)
    return struct.pack("!BBHII", 0x80, second, seq & 0xFFFF, rtp_ts & 0xFFFFFFFF, ssrc) + payload


def read_rtp(data: bytes, at: float = 0.0, source: tuple[str, int] = ("", 0)) -> Rtp:
    first, second, seq, rtp_ts, ssrc = struct.unpack_from("!BBHII", data)
    assert first == 0x80, data.hex()
    return Rtp(second & 0x7F, bool(second & 0x80), seq, rtp_ts, ssrc, data[12:], at, source)


def digit_payload(event: int, duration: int, *, end: bool = False) -> bytes:
    return struct.pack("!BBH", event, (0x80 if end else 0) | 10, duration)


class Phone:
    """An RTP socket and an RTCP socket on one host, and a sender's counters."""

    def __init__(self, host: str = "127.0.0.1", ssrc: int = 0x11111111) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.rtp = socket.socket(family, socket.SOCK_DGRAM)
        self.rtcp = socket.socket(family, socket.SOCK_DGRAM)
        for sock in (self.rtp, self.rtcp):
            sock.bind((host, 0))
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
            sock.setblocking(False)
        self.host = host
        self.ssrc = ssrc
        self.seq = 1000
        self.rtp_ts = 50000

    @property
    def port(self) -> int:
        return int(self.rtp.getsockname()[1])

    @property
    def rtcp_port(self) -> int:
        return int(self.rtcp.getsockname()[1])

    def remote(
        self,
        *,
        send: bool = True,
        receive: bool = True,
        rtcp_mux: bool = False,
        formats: tuple[StreamFormat, ...] = G711,
        rtp_port: int | None = None,
        rtp_host: str | None = None,
        voice: StreamFormat | None = None,
        ptime_ms: int = 20,
    ) -> RemoteMedia:
        """`voice` is what the node may speak in; unless told otherwise, the first of `formats`."""
        return RemoteMedia(
            rtp_host=self.host if rtp_host is None else rtp_host,
            rtp_port=self.port if rtp_port is None else rtp_port,
            rtcp_host=self.host if rtp_host is None else rtp_host,
            rtcp_port=self.rtcp_port,
            rtcp_mux=rtcp_mux,
            formats=formats,
            voice=voice or next((each for each in formats if each.encoding != TELEPHONE_EVENT), None),
            digits=next((each for each in formats if each.encoding == TELEPHONE_EVENT), None),
            ptime_ms=ptime_ms,
            send=send,
            receive=receive,
        )

    def say(
        self, to_port: int, *, payload_type: int = 0, payload: bytes = b"\xff" * 160, marker: bool = False
    ) -> None:
        """One packet, 20 ms of speech further than the last."""
        data = write_rtp(
            self.seq, self.rtp_ts, ssrc=self.ssrc, payload_type=payload_type, payload=payload, marker=marker
        )
        self.throw(data, to_port)
        self.seq = (self.seq + 1) & 0xFFFF
        self.rtp_ts = (self.rtp_ts + 160) & 0xFFFFFFFF

    async def talk(self, to_port: int, packets: int, *, every_s: float = 0.02, payload_type: int = 0) -> None:
        for _ in range(packets):
            self.say(to_port, payload_type=payload_type)
            await asyncio.sleep(every_s)

    def throw(self, data: bytes, to_port: int, *, rtcp: bool = False) -> None:
        (self.rtcp if rtcp else self.rtp).sendto(data, (self.host, to_port))

    def hear(self) -> list[Rtp]:
        """Everything that waits in the RTP socket."""
        return [read_rtp(data, at, source) for data, at, source in self.hear_raw(self.rtp)]

    def hear_rtcp(self) -> list[bytes]:
        return [data for data, _, _ in self.hear_raw(self.rtcp)]

    def capture(self) -> list[tuple[float, bytes]]:
        """All that waits in both sockets, for `tests.oracles.rtp_checker`."""
        return [(at, data) for sock in (self.rtp, self.rtcp) for data, at, _ in self.hear_raw(sock)]

    @staticmethod
    def hear_raw(sock: socket.socket) -> list[tuple[bytes, float, tuple[str, int]]]:
        """(packet, arrival in seconds of the wall clock, source) of all that wait."""
        heard: list[tuple[bytes, float, tuple[str, int]]] = []
        while True:
            try:
                data, ancillary, _, source = sock.recvmsg(4096, 64)
            except BlockingIOError:
                return heard
            except ConnectionRefusedError:
                continue
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            heard.append((data, seconds + nanoseconds / 1e9, (source[0], source[1])))

    async def hear_some(self, packets: int, timeout_s: float = 2.0) -> list[Rtp]:
        """At least so many packets. Fails when they do not come."""
        heard: list[Rtp] = []

        def enough() -> bool:
            heard.extend(self.hear())
            return len(heard) >= packets

        await eventually(enough, timeout_s)
        return heard

    def close(self) -> None:
        self.rtp.close()
        self.rtcp.close()


async def eventually(
    condition: Callable[[], object],
    timeout_s: float = 2.0,
    why: Callable[[], str] = lambda: "it did not happen in time",
) -> None:
    """Wait until it is true; fails the test when it never is, and says why."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, why()
        await asyncio.sleep(0.005)
