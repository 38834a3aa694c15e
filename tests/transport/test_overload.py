"""How far behind the node is decides what is put off (RFC 3261 21.5.4)."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace

import pytest

from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.parser import parse
from pbx.transport.driver import Driver
from pbx.transport.overload import EARLY_S, RETRY_AFTER_S, SPREAD_S, WINDOW_S, Overload
from pbx.transport.udp import UdpListener
from tests.fakes.clock import FakeClock
from tests.sip.samples import make_endpoint

HOP = Hop("UDP", "192.0.2.7", 5060)


def request(method: str = "INVITE", *headers: str, to: str = "<sip:102@pbx>") -> Request:
    lines = (
        f"{method} sip:102@pbx SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1",
        "From: <sip:101@pbx>;tag=1",
        f"To: {to}",
        "Call-ID: 1",
        f"CSeq: 1 {method}",
        *headers,
        "",
        "",
    )
    message = parse("\r\n".join(lines).encode())
    assert isinstance(message, Request)
    return message


class Lately:
    """An `Overload`, and the time."""

    def __init__(self, *, random: float = 0.0, known: bool = False) -> None:
        self.now = 0.0
        self.overload = Overload(
            monotonic=lambda: self.now, random=lambda: random, is_known=lambda request, hop: known
        )

    def waited(self, seconds: float, at: float) -> None:
        self.now = at
        self.overload.waited(seconds)

    def retry_after(self, wanted: Request) -> int:
        return self.overload.retry_after(wanted, HOP)


def behind(seconds: float, *, random: float = 0.0, known: bool = False) -> Lately:
    lately = Lately(random=random, known=known)
    for at in (0.0, WINDOW_S):
        lately.waited(seconds, at)
    return lately


def test_a_call_for_help_is_never_put_off() -> None:
    now = iter((0.0, WINDOW_S, WINDOW_S, WINDOW_S))
    overload = Overload(
        monotonic=lambda: next(now), random=lambda: 0.0, calls_for_help=lambda number: number == "102"
    )
    for _ in range(2):
        overload.waited(10.0)
    assert overload.retry_after(request(), HOP) == 0
    assert overload.retry_after(request("REGISTER"), HOP) > 0


def test_nothing_is_put_off_while_messages_are_read_in_time() -> None:
    assert behind(EARLY_S).retry_after(request()) == 0


def test_the_later_the_more_is_put_off() -> None:
    half = EARLY_S + SPREAD_S / 2
    assert behind(half, random=0.49).retry_after(request())
    assert not behind(half, random=0.51).retry_after(request())


@pytest.mark.parametrize("wanted", [request("REGISTER", "Authorization: Digest x"), request("INVITE")])
def test_known_phones_are_served_when_strangers_are_not(wanted: Request) -> None:
    known = "Authorization" not in wanted.headers
    some = behind(EARLY_S + SPREAD_S, known=known)
    assert some.retry_after(wanted) == 0
    assert behind(EARLY_S + SPREAD_S).retry_after(request("OPTIONS"))
    assert behind(EARLY_S + 2 * SPREAD_S, known=known).retry_after(wanted)


@pytest.mark.parametrize("wanted", [request("BYE", to="<sip:102@pbx>;tag=2"), request("CANCEL")])
def test_what_belongs_to_a_call_is_never_put_off(wanted: Request) -> None:
    assert behind(60.0).retry_after(wanted) == 0


def test_those_put_off_do_not_all_come_back_at_once() -> None:
    assert behind(60.0, random=0.0).retry_after(request()) == RETRY_AFTER_S
    assert behind(60.0, random=0.99).retry_after(request()) == 2 * RETRY_AFTER_S


def test_a_node_that_has_caught_up_takes_everything_again() -> None:
    lately = behind(1.0)
    assert lately.retry_after(request())
    lately.waited(0.0, WINDOW_S + 0.1)
    assert lately.retry_after(request()) == 0


def test_a_burst_is_no_overload() -> None:
    lately = Lately()
    for turn in range(50):  # read in time, then many at once: the last of them waits for half a second
        lately.waited(turn / 100, turn / 100)
        assert lately.retry_after(request()) == 0


def test_what_was_before_a_silence_does_not_count() -> None:
    lately = behind(1.0)
    lately.now = 60.0
    assert lately.retry_after(request()) == 0
    lately.waited(1.0, 60.0)
    assert lately.retry_after(request()) == 0


def test_the_listener_tells_how_long_a_datagram_was_in_the_socket() -> None:
    async def wait_in_socket() -> float:
        waited: list[float] = []
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        listener = UdpListener()
        listener.bind(("127.0.0.1",), 0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.sendto(b"INVITE", ("127.0.0.1", listener.port))
            await asyncio.sleep(0.03)  # nobody reads yet
            listener.start(lambda data, hop: heard.put_nowait(data), lambda hop: None, waited.append)
            async with asyncio.timeout(3):
                await heard.get()
        listener.close()
        return waited[0]

    async def story() -> None:
        other = UdpListener()  # as long as one socket wants time stamps, the kernel goes on making them
        other.bind(("127.0.0.1",), 0)
        try:
            for _ in range(20):  # but it begins with it a moment after it was asked
                if await wait_in_socket() >= 0.03:
                    return
            pytest.fail("no datagram was said to have waited")
        finally:
            other.close()

    asyncio.run(story())


class Wire:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, data: bytes, hop: Hop) -> bool:
        self.sent.append(data)
        return True


@pytest.mark.parametrize(("late_s", "status"), [(2.0, b"SIP/2.0 503"), (0.0, b"")])
async def test_what_the_listener_tells_decides_what_is_answered(late_s: float, status: bytes) -> None:
    """From the socket to the wire: a request of a stranger that was read late is put off with Retry-After."""
    wire, clock, asked = Wire(), FakeClock(100.0), list[Request]()
    overload = Overload(monotonic=clock.monotonic, random=lambda: 0.0, is_known=lambda request, hop: False)
    driver = Driver(make_endpoint(), wire, clock=clock, overload=overload)  # type: ignore[arg-type]  # enough of one
    driver.user = SimpleNamespace(requested=lambda transaction, request, hop: asked.append(request))
    for _ in range(2):
        driver.waited(late_s)
        clock.advance(WINDOW_S)
    driver.waited(late_s)
    driver.received(request("OPTIONS").encode(), HOP)
    if status:
        (answer,) = wire.sent
        assert answer.startswith(status)
        assert b"Retry-After:" in answer
        assert asked == []
    else:
        assert [each.method for each in asked] == ["OPTIONS"]
