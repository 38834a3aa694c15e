"""The pool of port pairs: even and odd, proven free, rested."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from pbx.core.errors import PeerError, StartupError
from pbx.media.engine import MediaEngine
from pbx.media.udp_ports import NoPortError, PortPair, PortPool

FIRST = 28000


class Hand:
    """A pool whose clock is moved by hand; closes what it took."""

    def __init__(self, first: int, last: int, quarantine_s: float = 5.0) -> None:
        self.now = 0.0
        self.pool = PortPool("127.0.0.1", first, last, quarantine_s=quarantine_s, monotonic=lambda: self.now)

    def take(self) -> int:
        return close(self.pool.take())


def close(pair: PortPair) -> int:
    pair.rtp.close()
    pair.rtcp.close()
    return pair.rtp_port


def test_a_pair_is_even_and_the_odd_one_above() -> None:
    pair = PortPool("127.0.0.1", FIRST + 1, FIRST + 9).take()
    assert pair.rtp_port % 2 == 0
    assert pair.rtp.getsockname()[1] == pair.rtp_port
    assert pair.rtcp.getsockname()[1] == pair.rtp_port + 1
    assert FIRST + 2 <= pair.rtp_port <= FIRST + 8
    close(pair)


def test_pairs_come_in_random_order() -> None:
    orders = set()
    for _ in range(5):
        hand = Hand(FIRST, FIRST + 39)
        orders.add(tuple(hand.take() for _ in range(20)))
    assert len(orders) > 1
    assert all(sorted(order) == list(range(FIRST, FIRST + 40, 2)) for order in orders)


def test_a_closed_pair_rests() -> None:
    hand = Hand(FIRST, FIRST + 1)
    port = hand.take()
    hand.pool.give_back(port)
    with pytest.raises(NoPortError):
        hand.take()
    hand.now = 4.99
    assert hand.pool.available == 0
    hand.now = 5.0
    assert hand.pool.available == 1
    assert hand.take() == port


def test_the_port_closed_longest_ago_is_used_first() -> None:
    hand = Hand(FIRST, FIRST + 7, quarantine_s=0)
    order = [hand.take() for _ in range(4)]
    for port in order:
        hand.pool.give_back(port)
    assert [hand.take() for _ in range(4)] == order


@pytest.mark.parametrize("offset", [0, 1], ids=["rtp", "rtcp"])
def test_ports_of_other_programs_are_passed_over(offset: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", FIRST + 2 + offset))
        hand = Hand(FIRST, FIRST + 5)
        assert {hand.take(), hand.take()} == {FIRST, FIRST + 4}
        with pytest.raises(NoPortError, match="all 3 pairs"):
            hand.take()
    hand.now = 6.0
    assert hand.take() == FIRST + 2, "and are tried again later"


@pytest.mark.parametrize(("first", "last"), [(5001, 5002), (5000, 5000), (0, 1), (65535, 65536)])
def test_a_range_without_a_pair_is_refused(first: int, last: int) -> None:
    with pytest.raises(ValueError, match="no pair"):
        PortPool("127.0.0.1", first, last)


async def test_a_full_pool_is_503_with_retry_after_and_one_log_line(caplog: pytest.LogCaptureFixture) -> None:
    media = MediaEngine(
        bind_host="127.0.0.1", port_min=FIRST + 100, port_max=FIRST + 105, silence_ms=0, quarantine_s=0
    )
    await media.start()
    streams = [media.open_stream(label=f"{n}/a") for n in range(3)]
    for _ in range(5):
        with pytest.raises(PeerError) as caught:
            media.open_stream(label="x/a")
        assert caught.value.sip_status == 503
        assert caught.value.headers == (("Retry-After", "5"),)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["no RTP port is free, calls are refused: widen --rtp-port-min/--rtp-port-max"]
    assert media.portless == 5
    assert len({stream.rtp_port for stream in streams}) == 3
    await media.stop()


async def test_an_address_that_is_not_ours_stops_the_start_with_what_to_do() -> None:
    media = MediaEngine(bind_host="192.0.2.1", port_min=FIRST, port_max=FIRST + 9, silence_ms=0)
    with pytest.raises(StartupError, match="--host"):
        await media.start()


def written(media: MediaEngine) -> tuple[bytes, int, list[socket.socket]]:
    """What a later process gets of a stream whose sockets somebody keeps open: its record, its port, its sockets."""
    stream = media.open_stream(label="kept/a")
    return stream.kept(), stream.rtp_port, [socket.socket(fileno=os.dup(fd)) for fd in stream.fds]


@pytest.mark.parametrize("pairs", [1, 2, 3])
async def test_sockets_that_stayed_open_are_taken_whatever_the_start_has_looked_at(pairs: int) -> None:
    """The start proves that some port can be bound: a port that is in use by a kept socket is none the less ours."""
    for _ in range(6):
        before, after = (
            MediaEngine(
                bind_host="127.0.0.1",
                port_min=FIRST + 200,
                port_max=FIRST + 199 + 2 * pairs,
                silence_ms=0,
                quarantine_s=0,
                keeps=True,
            )
            for _ in range(2)
        )
        await before.start()
        kept, port, sockets = written(before)
        await before.stop()
        await after.start(held={port})
        stream, begin = after.revive_stream(kept, {port: sockets}.__getitem__)
        begin()
        assert stream.rtp_port == port
        await after.stop()


async def test_a_kept_pair_that_cannot_be_taken_is_told_so_that_nobody_keeps_it() -> None:
    """As when the range of ports is another now."""
    before, after = (
        MediaEngine(
            bind_host="127.0.0.1",
            port_min=first,
            port_max=first + 1,
            silence_ms=0,
            quarantine_s=0,
            keeps=True,
        )
        for first in (FIRST + 300, FIRST + 302)
    )
    await before.start()
    kept, port, sockets = written(before)
    await before.stop()
    await after.start(held={port})
    forgotten: list[int] = []
    after.on_forgotten = forgotten.append
    with pytest.raises(NoPortError, match="none of ours"):
        after.revive_stream(kept, {port: sockets}.__getitem__)
    assert forgotten == [port]
    assert [each.fileno() for each in sockets] == [-1, -1]
    await after.stop()


async def test_a_stream_that_is_there_already_stays_kept() -> None:
    """A leg may stand in the records of two calls, where the process ended as it went from one to the other."""
    media = MediaEngine(
        bind_host="127.0.0.1",
        port_min=FIRST + 310,
        port_max=FIRST + 311,
        silence_ms=0,
        quarantine_s=0,
        keeps=True,
    )
    await media.start()
    kept, _, sockets = written(media)
    forgotten: list[int] = []
    media.on_forgotten = forgotten.append
    with pytest.raises(NoPortError, match="in use"):
        media.revive_stream(kept)
    assert forgotten == []
    for each in sockets:
        each.close()
    await media.stop()


def test_an_error_that_waits_in_a_kept_socket_does_not_matter() -> None:
    """ICMP has told a connected socket that the phone's network is gone; it is one of many errors there are."""
    pool = PortPool("127.0.0.1", FIRST + 400, FIRST + 401)
    pair = pool.take()
    pool.give_back(pair.rtp_port)

    troubles = [OSError(errno.EHOSTUNREACH, "No route to host"), OSError(errno.EPROTO, "Protocol error")]

    class Troubled(socket.socket):
        def recv(self, *_: object) -> bytes:
            if troubles:
                raise troubles.pop()
            raise BlockingIOError

    rtp = Troubled(fileno=pair.rtp.detach())
    close(pool.adopt(FIRST + 400, rtp, pair.rtcp))
