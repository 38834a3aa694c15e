"""Audio and its reports leave marked for expedited forwarding (RFC 3246), in IPv4 and IPv6, on both sockets."""

from __future__ import annotations

import socket

import pytest

from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting
from pbx.media.udp_ports import PortPool
from tests.media.conftest import LOOPS, port_range
from tests.media.phone import Phone, eventually
from tests.media.test_relay import opened

EF = 46
CLASS_OF = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_RECVTOS, socket.IP_TOS),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS),
}


def classes(sock: socket.socket) -> list[int]:
    """The DSCP of each packet that waits."""
    level, _, kind = CLASS_OF[sock.family]
    found: list[int] = []
    while True:
        try:
            _, ancillary, _, _ = sock.recvmsg(2048, 256)
        except BlockingIOError:
            return found
        found += [value[0] >> 2 for at, what, value in ancillary if (at, what) == (level, kind)]


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize(
    ("bind", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "::1"), ("::", "127.0.0.1")]
)
async def test_audio_and_reports_are_marked(loop: LoopSetting, bind: str, host: str) -> None:
    first, last = port_range()
    media = MediaEngine(
        bind_host=bind,
        port_min=first,
        port_max=last,
        silence_ms=0,
        loop=loop,
        report_s=0.04,
    )
    await media.start()
    phone = Phone(host)
    rtp: list[int] = []
    rtcp: list[int] = []
    for sock in (phone.rtp, phone.rtcp):
        level, option, _ = CLASS_OF[sock.family]
        sock.setsockopt(level, option, 1)
    try:
        stream = opened(media, phone)
        media.echo(stream)

        def both() -> bool:
            phone.say(stream.rtp_port)
            rtp.extend(classes(phone.rtp))
            rtcp.extend(classes(phone.rtcp))
            return len(rtp) > 1 and len(rtcp) > 1

        await eventually(both)
        assert set(rtp) == set(rtcp) == {EF}
    finally:
        phone.close()
        await media.stop()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
def test_both_sockets_of_a_pair_carry_the_class(host: str) -> None:
    pair = PortPool(host, *port_range()).take()
    with pair.rtp, pair.rtcp:
        for sock in (pair.rtp, pair.rtcp):
            level, _, kind = CLASS_OF[sock.family]
            assert sock.getsockopt(level, kind) == EF << 2
            if host == "::":
                assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_TOS) == EF << 2, "for IPv4 phones"
