"""The pool of port pairs: even and odd, proven free, rested."""

from __future__ import annotations

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
    assert media.refused == 5
    assert len({stream.rtp_port for stream in streams}) == 3
    await media.stop()


async def test_an_address_that_is_not_ours_stops_the_start_with_what_to_do() -> None:
    media = MediaEngine(bind_host="192.0.2.1", port_min=FIRST, port_max=FIRST + 9, silence_ms=0)
    with pytest.raises(StartupError, match="--host"):
        await media.start()
