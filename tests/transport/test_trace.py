"""The ring of SIP messages: bounded, fair to peers, and true about what it holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pbx.sip.hop import Hop
from pbx.transport.trace import OVERHEAD_BYTES, PEER_BYTES, Trace

LIMIT = 400_000


def hop(host: str) -> Hop:
    return Hop("UDP", host, 5060)


def real_size(trace: Trace) -> int:
    """Counted anew from what is there."""
    return sum(
        PEER_BYTES + sum(len(each[3]) + OVERHEAD_BYTES for each in peer.messages)
        for peer in trace._peers.values()
    )


EVENTS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 60_000), st.booleans(), st.booleans()), max_size=150
)


@given(EVENTS)
def test_memory_is_bounded_and_the_count_is_true(events: list[tuple[int, int, bool, bool]]) -> None:
    trace = Trace(LIMIT)
    for at, (peer, size, out, welcome) in enumerate(events):
        trace.keep(bytes(size), hop(f"h{peer}"), float(at), out=out)
        if welcome:
            trace.welcome(f"h{peer}")
        # `welcome` moves without cutting; the next message cuts.
        assert trace.size == real_size(trace) <= LIMIT * 5 // 4 + 1
        newest = trace.messages(f"h{peer}")
        assert not newest or newest[-1][0] == float(at)


def test_a_flood_of_one_peer_pushes_out_itself() -> None:
    trace = Trace(LIMIT)
    for at in range(10):
        trace.keep(b"quiet", hop("quiet"), float(at), out=True)
    for at in range(10, 5000):
        trace.keep(b"x" * 500, hop("loud"), float(at), out=True)
    assert len(trace.messages("quiet")) == 10
    loud = [each[0] for each in trace.messages("loud")]
    assert loud == [float(at) for at in range(5000 - len(loud), 5000)]
    assert trace.size > LIMIT / 2


def test_strangers_without_number_push_out_no_friend() -> None:
    trace = Trace(LIMIT)
    trace.keep(b"REGISTER", hop("phone"), 0.0, out=False)
    trace.welcome("phone")
    for at in range(1, 20_000):
        trace.keep(b"x" * 300, hop(f"spoofed{at}"), float(at), out=False)
    assert len(trace.messages("phone")) == 1
    assert trace.size <= LIMIT
    assert trace.messages("spoofed19999")


def test_answering_a_stranger_makes_no_friend_of_it() -> None:
    trace = Trace(LIMIT)
    for at in range(5000):
        trace.keep(b"x" * 300, hop(f"spoofed{at}"), float(at), out=False)
        trace.keep(b"x" * 300, hop(f"spoofed{at}"), float(at), out=True)
    assert trace.size <= LIMIT // 4


def test_a_call_has_the_call_ids_of_its_legs() -> None:
    trace = Trace(LIMIT)
    for call in range(5000):
        for leg in ("a", "b", "a"):
            trace.belongs(f"call{call}", f"{leg}{call}")
    assert trace.dialogs("call4999") == ("a4999", "b4999")
    assert trace.dialogs("call0") == ()
    assert trace.calls()["b4999"] == "call4999"
