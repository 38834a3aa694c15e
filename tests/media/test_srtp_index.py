"""Roll-over and replay against an oracle that keeps whole indexes (RFC 3711 3.3.1, 3.3.2)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from media_ext.srtp_door import SrtpProbe
from tests.media.srtp_samples import (
    ALL_SEEN,
    GCM_128,
    PROFILES,
    SHA1_80,
    SSRC,
    material,
    pair,
    rtcp,
    rtcp_sent_at,
    rtp,
    sent_at,
)
from tests.oracles import srtp as oracle

profiles = pytest.mark.parametrize("profile", PROFILES, ids=PROFILES.get)
LAST_ROC = 0xFFFFFFFF


NEAR = [1] * 8 + [0, 2, 3, -1, -5, -64, -127, -128, -129, 100]
FAR = [9000, 20000, 32767, 32768, 32769, -40000]


def walk(start: int, steps: Iterable[int]) -> list[int]:
    """True indexes in the order of arrival."""
    return list(accumulate(steps, lambda index, step: max(0, index + step), initial=start))


def check(profile: int, indexes: list[int]) -> oracle.Receiver:
    receiver, slow = SrtpProbe(profile, material(profile), sending=False), oracle.Receiver()
    for index in indexes:
        status, data = receiver.unprotect(sent_at(profile, index))
        assert status == slow.receive(index), (index, slow.newest)
        if status == "ok":
            assert data == rtp(index)
    assert receiver.next_index(SSRC) == (0 if slow.newest is None else slow.newest + 1)
    return slow


@pytest.mark.parametrize("profile", [SHA1_80, GCM_128], ids=PROFILES.get)
@given(
    start=st.integers(0, 0xFFFF) | st.integers(0xFFE0, 0x1002F),
    steps=st.lists(st.sampled_from(NEAR + FAR), max_size=60),
)
@example(start=65535, steps=[1, -1, -1, 65537, 1, -1, 2])
@example(start=3, steps=[65530, 5])
def test_what_is_taken_agrees_with_the_oracle(profile: int, start: int, steps: list[int]) -> None:
    check(profile, walk(start, steps))


@pytest.mark.parametrize("seed", range(8))
def test_three_roll_overs_with_loss_disorder_and_doubles(seed: int) -> None:
    """Losses up to half of the sequence space; packets up to 200 late; one in five comes twice."""
    rng, indexes = random.Random(seed), [random.Random(seed).randrange(0x8000)]
    while indexes[-1] < 3 * 65536 + 500:
        indexes.append(indexes[-1] + rng.choice([1] * 6 + [2, 50, 3000, 20000, 32767]))
    indexes += rng.choices(indexes, k=len(indexes) // 5)
    indexes.sort(key=lambda index: index + rng.choice([0] * 6 + [5, 60, 200]))
    assert check(SHA1_80, indexes).newest == max(indexes)


@given(order=st.permutations(range(60)), first=st.integers(0, 3 * 65536))
def test_any_order_within_the_window_is_taken_once(order: list[int], first: int) -> None:
    receiver = SrtpProbe(SHA1_80, material(SHA1_80), sending=False)
    if first:
        receiver.restore([(SSRC, (first, ALL_SEEN), None)])
    sent = [sent_at(SHA1_80, first + 1 + n) for n in order]
    assert {receiver.unprotect(packet)[0] for packet in sent} == {"ok"}
    assert {receiver.unprotect(packet)[0] for packet in sent} == {"replayed"}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60))
def test_rtcp_is_taken_once_and_in_the_window(indexes: list[int]) -> None:
    receiver = SrtpProbe(GCM_128, material(GCM_128), sending=False)
    taken: set[int] = set()
    for index in indexes:
        expected = "replayed" if index in taken else "ok"
        if taken and index <= max(taken) - 128:
            expected = "old"
        assert receiver.unprotect_rtcp(rtcp_sent_at(GCM_128, index))[0] == expected
        if expected == "ok":
            taken.add(index)


@profiles
def test_sender_never_uses_an_index_twice(profile: int) -> None:
    """A phone's retransmission, relayed, would be two messages under one keystream."""
    sender, _ = pair(profile)
    assert [sender.protect(rtp(seq))[0] for seq in (500, 501, 501, 500, 499, 499, 373, 372)] == [
        "ok", "ok", "replayed", "replayed", "ok", "replayed", "old", "old",
    ]  # fmt: skip


def test_sender_cannot_go_before_its_first_roll_over() -> None:
    sender, _ = pair(SHA1_80)
    assert [sender.protect(rtp(seq))[0] for seq in (3, 65534, 4)] == ["ok", "old", "ok"]


@profiles
def test_a_source_first_heard_after_its_roll_over_is_understood(profile: int) -> None:
    """It began at 65530 while we were not listening yet; both the first packet and those after it count in ROC 1."""
    receiver = SrtpProbe(profile, material(profile), sending=False)
    assert [receiver.unprotect(sent_at(profile, index))[0] for index in (65538, 65539, 65535)] == ["ok"] * 3


@profiles
def test_key_ends_with_the_last_rtp_index(profile: int) -> None:
    sender, receiver = pair(profile)
    last = LAST_ROC << 16 | 0xFFFF
    for probe in (sender, receiver):
        assert probe.restore([(SSRC, (last - 1, ALL_SEEN), None)])
    status, data = sender.protect(rtp(last))
    assert status == "ok"
    assert receiver.unprotect(data) == ("ok", rtp(last))
    assert sender.protect(rtp(0))[0] == "key_expired"
    assert sender.counts["key_expired"] == 1
    assert receiver.unprotect(sent_at(profile, 0))[0] == "key_expired"
    sender.rekey(profile, material(profile, 2))
    assert sender.protect(rtp(0))[0] == "ok"


@profiles
def test_key_ends_with_the_last_rtcp_index(profile: int) -> None:
    sender, receiver = pair(profile)
    last = 2**31 - 1
    sender.restore([(SSRC, None, (last - 1, ALL_SEEN))])
    status, data = sender.protect_rtcp(rtcp())
    assert (status, receiver.unprotect_rtcp(data)) == ("ok", ("ok", rtcp()))
    assert sender.protect_rtcp(rtcp())[0] == "key_expired"
    sender.rekey(profile, material(profile, 2))
    receiver.rekey(profile, material(profile, 2))
    status, data = sender.protect_rtcp(rtcp())
    assert (status, receiver.unprotect_rtcp(data)) == ("ok", ("ok", rtcp()))
