"""Who is the phone: the latch against its table, and the attacks it is there for."""

from __future__ import annotations

import socket

from hypothesis import given
from hypothesis import strategies as st

from media_ext.kernels import LatchProbe
from tests.oracles.latch import NOWHERE, Address, Latch

PHONE: Address = ("192.0.2.10", 4000)
NAT: Address = ("198.51.100.7", 61000)
THIEF: Address = ("203.0.113.66", 5004)


class Scene:
    """The real latch, fed by name."""

    def __init__(self, signalled: Address = PHONE) -> None:
        self.latch = LatchProbe()
        self.now_ms = 100_000
        self.arm(signalled)

    def arm(self, signalled: Address) -> None:
        host = b"" if signalled == NOWHERE else socket.inet_aton(signalled[0])
        self.latch.arm(host, signalled[1], self.now_ms)

    def hear(self, source: Address, ssrc: int, seq: int) -> bool:
        return self.latch.hear(socket.inet_aton(source[0]), source[1], ssrc, seq, self.now_ms)

    def talk(
        self, source: Address, packets: int, *, ssrc: int, seq: int = 1, every_ms: int = 20
    ) -> list[bool]:
        taken = []
        for n in range(packets):
            taken.append(self.hear(source, ssrc, seq + n))
            self.now_ms += every_ms
        return taken


def test_the_signalled_address_is_taken_at_once() -> None:
    assert Scene().talk(PHONE, 2, ssrc=1) == [True, True]


def test_a_phone_behind_nat_is_taken_after_five_packets_in_order() -> None:
    assert Scene().talk(NAT, 7, ssrc=1) == [False] * 4 + [True] * 3


def test_a_phone_whose_port_was_mapped_is_taken_after_three() -> None:
    assert Scene().talk((PHONE[0], 61000), 4, ssrc=1) == [False] * 2 + [True] * 2


def test_a_sprayed_burst_is_no_proof() -> None:
    """Five packets at once to every port must not win a call."""
    assert not any(Scene().talk(THIEF, 200, ssrc=1, every_ms=0))


def test_packets_out_of_order_are_no_proof() -> None:
    scene = Scene()
    assert not any(scene.talk(THIEF, 1, ssrc=1, seq=seq)[0] for seq in range(0, 4000, 2))


def test_a_third_address_never_takes_over_a_live_stream() -> None:
    for phone in (PHONE, NAT):
        scene = Scene()
        scene.talk(phone, 10, ssrc=1)
        for n in range(400):
            assert scene.hear(phone, 1, 11 + n)
            assert not scene.hear(THIEF, 1, 12 + n), "not even with the stolen SSRC and the next number"
            assert not scene.hear(THIEF, 2, n)
            scene.now_ms += 20


def test_the_phone_takes_its_stream_back_from_a_guess() -> None:
    scene = Scene()
    assert scene.talk(THIEF, 500, ssrc=66)[-1]
    assert scene.talk(PHONE, 1, ssrc=1) == [True]
    assert not any(scene.talk(THIEF, 20, ssrc=66, seq=501))


def test_a_mapped_port_outranks_a_stranger_while_learning() -> None:
    scene = Scene()
    scene.talk(THIEF, 10, ssrc=66)
    assert scene.talk((PHONE[0], 61000), 3, ssrc=1) == [False, False, True]


def test_a_muted_phone_does_not_lose_its_stream() -> None:
    scene = Scene()
    scene.talk(PHONE, 200, ssrc=1)
    scene.now_ms += 60_000
    assert not any(scene.talk(THIEF, 100, ssrc=66))
    assert scene.talk(PHONE, 1, ssrc=1, seq=201) == [True]


def test_a_phone_that_changes_networks_is_followed_when_its_stream_goes_on() -> None:
    scene = Scene()
    scene.talk(PHONE, 200, ssrc=1)
    assert scene.talk(NAT, 13, ssrc=1, seq=201) == [False] * 13, "the old address may still be live"
    assert scene.talk(NAT, 3, ssrc=1, seq=214) == [True] * 3


def test_a_reinvite_moves_the_stream() -> None:
    scene = Scene()
    scene.talk(PHONE, 200, ssrc=1)
    elsewhere = ("192.0.2.99", 7000)
    scene.arm(elsewhere)
    assert not any(scene.talk(PHONE, 20, ssrc=1, seq=201)), "its last packets must not keep the stream"
    assert scene.talk(elsewhere, 2, ssrc=9) == [True, True]
    assert not any(scene.talk(PHONE, 200, ssrc=1, seq=301))


def test_a_reinvite_lets_a_phone_behind_nat_move() -> None:
    scene = Scene(("10.0.0.5", 4000))
    scene.talk(NAT, 200, ssrc=1)
    scene.now_ms += 5000
    scene.arm(("10.0.0.5", 4000))
    assert scene.talk((NAT[0], 62000), 6, ssrc=5)[-1]


def test_a_refresh_keeps_the_latch() -> None:
    scene = Scene()
    scene.talk(PHONE, 200, ssrc=1)
    scene.arm(PHONE)
    assert scene.talk(PHONE, 1, ssrc=1, seq=201) == [True]
    scene.now_ms += 1000
    assert not any(scene.talk(THIEF, 50, ssrc=66)), "an address that proved to be the signalled one stays"


def test_hold_without_an_address_keeps_a_phone_behind_nat() -> None:
    """RFC 2543 hold: c=0.0.0.0, and the old address again on resume."""
    scene = Scene(("10.0.0.5", 4000))
    scene.talk(NAT, 50, ssrc=1)
    scene.arm(NOWHERE)
    scene.now_ms += 10_000
    scene.arm(("10.0.0.5", 4000))
    assert scene.talk(NAT, 1, ssrc=1, seq=51) == [True]


SOURCES = st.sampled_from([PHONE, (PHONE[0], 61000), NAT, THIEF, ("192.0.2.99", 7000)])
STEPS = st.one_of(
    st.tuples(st.just("arm"), SOURCES | st.just(NOWHERE)),
    st.tuples(st.just("wait"), st.sampled_from([5, 100, 249, 251, 1000, 2999, 3001])),
    st.tuples(st.just("talk"), SOURCES, st.integers(1, 3), st.integers(1, 8), st.sampled_from([0, 10, 20])),
)


@given(st.lists(STEPS, max_size=25))
def test_the_latch_agrees_with_its_table(steps: list[tuple[object, ...]]) -> None:
    scene, slow = Scene(), Latch()
    slow.arm(PHONE, scene.now_ms)
    seqs = {1: 100, 2: 30_000, 3: 60_000}
    for step in steps:
        match step:
            case ("arm", tuple() as address):
                scene.arm(address)
                slow.arm(address, scene.now_ms)
            case ("wait", int() as wait_ms):
                scene.now_ms += wait_ms
            case ("talk", tuple() as source, int() as ssrc, int() as packets, int() as every_ms):
                for _ in range(packets):
                    seqs[ssrc] = (seqs[ssrc] + 1) % 65536
                    real = scene.hear(source, ssrc, seqs[ssrc])
                    assert real == slow.hear(source, ssrc, seqs[ssrc], scene.now_ms), step
                    scene.now_ms += every_ms
