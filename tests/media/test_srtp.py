"""Contexts: what is refused, how keys change, what survives a restart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.srtp_door import SOURCES, SrtpProbe
from tests.media.srtp_samples import (
    GCM_128,
    GCM_256,
    PROFILES,
    SHA1_32,
    SHA1_80,
    SSRC,
    material,
    pair,
    rtcp,
    rtcp_sent_at,
    rtp,
    sent_at,
)
from tests.oracles.libsrtp import LibSrtp, library

profiles = pytest.mark.parametrize("profile", PROFILES, ids=PROFILES.get)


# ------------------------------------------------------------------------------------- what is refused


@profiles
def test_no_flipped_bit_is_accepted(profile: int) -> None:
    """Each bit of a packet, header and tag included; the packet itself is taken afterwards, so nothing was changed."""
    for whole, at in ((rtp(300, payload=bytes(20)), "unprotect"), (rtcp(), "unprotect_rtcp")):
        sender, receiver = pair(profile)
        sealed = (sender.protect if at == "unprotect" else sender.protect_rtcp)(whole)[1]
        for bit in range(8 * len(sealed)):
            damaged = bytearray(sealed)
            damaged[bit // 8] ^= 1 << bit % 8
            status, _ = getattr(receiver, at)(bytes(damaged))
            assert status in {"bad_tag", "malformed"}, (at, bit)
        assert getattr(receiver, at)(sealed) == ("ok", whole)


@profiles
def test_another_key_is_not_accepted(profile: int) -> None:
    _, receiver = pair(profile, seed=2)
    assert receiver.unprotect(sent_at(profile, 5))[0] == "bad_tag"
    assert receiver.unprotect_rtcp(rtcp_sent_at(profile, 5))[0] == "bad_tag"
    assert receiver.export() == []


@profiles
def test_every_cut_is_refused(profile: int) -> None:
    sender, receiver = pair(profile)
    sealed = sender.protect(
        rtp(1, payload=b"abc", flags=0x12, between=bytes(8) + b"\xbe\xde\0\1" + bytes(4))
    )[1]
    sealed_rtcp = sender.protect_rtcp(rtcp())[1]
    for size in range(len(sealed)):
        assert receiver.unprotect(sealed[:size])[0] in {"malformed", "bad_tag"}
    for size in range(len(sealed_rtcp)):
        assert receiver.unprotect_rtcp(sealed_rtcp[:size])[0] in {"malformed", "bad_tag"}
    assert receiver.unprotect(sealed)[0] == "ok"
    assert receiver.unprotect_rtcp(sealed_rtcp)[0] == "ok"


@profiles
def test_what_is_no_packet_is_malformed(profile: int) -> None:
    sender, receiver = pair(profile)
    lying = [rtp(1, payload=b"", flags=0x0F), rtp(1, flags=0x10, payload=b"\0\0\xff\xff")]
    for data in (b"", b"\x80", bytes(11), b"\0" + rtp(1)[1:], *lying):
        assert sender.protect(data)[0] == "malformed"
        assert receiver.unprotect(data)[0] == "malformed"
    for data in (b"", b"\x80\xc8\0\1", b"\x40" + rtcp()[1:]):
        assert sender.protect_rtcp(data)[0] == "malformed"
        assert receiver.unprotect_rtcp(data)[0] == "malformed"


@profiles
@given(extra=st.integers(0, 30))
def test_tag_is_written_only_where_there_is_room(profile: int, extra: int) -> None:
    """The probe's memory ends where the room does: the sanitized build sees any byte beyond."""
    sender, _ = pair(profile)
    tag = {SHA1_80: 10, SHA1_32: 4}.get(profile, 16)
    assert sender.protect(rtp(1), room=172 + extra)[0] == ("ok" if extra >= tag else "too_long")
    tag = max(tag, 10) + 4
    assert sender.protect_rtcp(rtcp(), room=28 + extra)[0] == ("ok" if extra >= tag else "too_long")


@profiles
def test_more_than_a_datagram_is_too_long(profile: int) -> None:
    sender, receiver = pair(profile)
    assert sender.protect(rtp(1, payload=bytes(65_507 - 12)), room=70_000)[0] == "too_long"
    assert receiver.unprotect(rtp(1, payload=bytes(65_508 - 12)))[0] == "too_long"
    largest = rtp(1, payload=bytes(65_507 - 12 - 16))
    assert receiver.unprotect(sender.protect(largest, room=65_507)[1]) == ("ok", largest)


@profiles
def test_a_context_of_the_other_direction_touches_nothing(profile: int) -> None:
    sender, receiver = pair(profile)
    sealed = sender.protect(rtp(1))[1]
    assert sender.against_direction(sealed) == "failed"
    assert receiver.against_direction(rtp(1)) == "failed"
    assert receiver.unprotect(sealed) == ("ok", rtp(1))


# --------------------------------------------------------------------------------------------- sources


@profiles
def test_one_source_too_many_is_refused_and_counted(profile: int) -> None:
    sender, receiver = pair(profile)
    for ssrc in range(1, SOURCES + 1):
        assert receiver.unprotect(sender.protect(rtp(1, ssrc=ssrc))[1])[0] == "ok"
    assert sender.protect(rtp(1, ssrc=99))[0] == "too_many_sources"
    other, _ = pair(profile)
    assert receiver.unprotect(other.protect(rtp(1, ssrc=99))[1])[0] == "too_many_sources"
    assert receiver.unprotect_rtcp(other.protect_rtcp(rtcp(99))[1])[0] == "too_many_sources"
    assert receiver.counts["too_many_sources"] == 2
    assert receiver.unprotect(sender.protect(rtp(2, ssrc=SOURCES))[1])[0] == "ok"


@profiles
def test_strangers_take_no_place(profile: int) -> None:
    sender, receiver = pair(profile)
    for ssrc in range(100):
        assert receiver.unprotect(rtp(1, ssrc=ssrc))[0] == "bad_tag"
    assert receiver.export() == []
    assert receiver.unprotect(sender.protect(rtp(1))[1])[0] == "ok"


def test_a_new_key_makes_room_from_silent_sources() -> None:
    sender, receiver = pair(SHA1_80)
    for ssrc in range(1, SOURCES + 1):
        receiver.unprotect(sender.protect(rtp(1, ssrc=ssrc))[1])
    sender.rekey(SHA1_80, material(SHA1_80, 2))
    receiver.rekey(SHA1_80, material(SHA1_80, 2))
    for seq in range(2, 2 + 128):
        assert receiver.unprotect(sender.protect(rtp(seq, ssrc=1))[1])[0] == "ok"
    assert sender.protect(rtp(1, ssrc=99))[0] == "ok"
    fresh, _ = pair(SHA1_80, seed=2)
    assert receiver.unprotect(fresh.protect(rtp(1, ssrc=98))[1])[0] == "ok"
    assert receiver.unprotect(sender.protect(rtp(200, ssrc=1))[1])[0] == "ok"


def test_no_source_is_forgotten_while_its_packets_could_come_back() -> None:
    """While the former key is taken, or when the present one was in use before, its packets may have been recorded."""
    sender, receiver = pair(SHA1_80)
    for ssrc in range(1, SOURCES + 1):
        receiver.unprotect(sender.protect(rtp(1, ssrc=ssrc))[1])
    for seed, first in ((2, 100), (1, 300)):
        receiver.rekey(SHA1_80, material(SHA1_80, seed))
        fresh, _ = pair(SHA1_80, seed=seed)
        assert receiver.unprotect(fresh.protect(rtp(1, ssrc=99))[1])[0] == "too_many_sources"
        for seq in range(first, first + 128):
            assert receiver.unprotect(fresh.protect(rtp(seq, ssrc=1))[1])[0] == "ok"
    assert not receiver.has_former_key
    fresh, _ = pair(SHA1_80, seed=1)
    assert receiver.unprotect(fresh.protect(rtp(1, ssrc=99))[1])[0] == "too_many_sources"


# --------------------------------------------------------------------------------------- changing keys


@profiles
def test_counters_and_window_survive_a_new_key(profile: int) -> None:
    sender, receiver = pair(profile)
    for seq in (65535, 65536, 65540):
        assert receiver.unprotect(sender.protect(rtp(seq))[1])[0] == "ok"
    sender.rekey(profile, material(profile, 2))
    receiver.rekey(profile, material(profile, 2))
    assert sender.protect(rtp(65540))[0] == "replayed"
    sealed = sender.protect(rtp(65541))[1]
    assert sealed == sent_at(profile, 65541, seed=2)
    assert receiver.unprotect(sealed)[0] == "ok"
    assert receiver.unprotect(sealed)[0] == "replayed"


@pytest.mark.skipif(library() is None, reason="libsrtp2 is not installed (Debian: libsrtp2-1)")
@profiles
def test_libsrtp_follows_a_new_key_over_a_roll_over(profile: int) -> None:
    ours, theirs = pair(profile)[0], LibSrtp(profile, material(profile), sending=False)
    for seq in range(65530, 65550):
        if seq == 65540:
            ours.rekey(profile, material(profile, 2))
            theirs.rekey(profile, material(profile, 2))
        assert theirs.unprotect(ours.protect(rtp(seq))[1]) == ("ok", rtp(seq))


@pytest.mark.parametrize("new", PROFILES, ids=PROFILES.get)
@profiles
def test_packets_under_the_former_key_are_still_taken(profile: int, new: int) -> None:
    """A re-INVITE and the packets around it do not travel together; the profile may change too."""
    old, receiver = pair(profile)
    fresh, _ = pair(new, seed=2)
    assert receiver.unprotect(old.protect(rtp(10))[1])[0] == "ok"
    assert receiver.unprotect_rtcp(old.protect_rtcp(rtcp())[1])[0] == "ok"
    late, late_rtcp = old.protect(rtp(11))[1], old.protect_rtcp(rtcp())[1]
    receiver.rekey(new, material(new, 2))
    assert receiver.unprotect(fresh.protect(rtp(12))[1]) == ("ok", rtp(12))
    assert receiver.unprotect(late) == ("ok", rtp(11))
    assert receiver.unprotect(late)[0] == "replayed"
    assert receiver.unprotect_rtcp(late_rtcp) == ("ok", rtcp())
    assert receiver.unprotect_rtcp(late_rtcp)[0] in {
        "replayed",
        "bad_tag",
    }  # profiles differ in where its index is
    assert receiver.unprotect(fresh.protect(rtp(13))[1])[0] == "ok"


def test_the_former_key_ends_after_a_window_of_packets() -> None:
    old, receiver = pair(GCM_128)
    fresh, _ = pair(GCM_128, seed=2)
    receiver.unprotect(old.protect(rtp(1))[1])
    receiver.rekey(GCM_128, material(GCM_128, 2))
    for seq in range(2, 130):
        assert receiver.has_former_key
        assert receiver.unprotect(fresh.protect(rtp(seq))[1])[0] == "ok"
    assert not receiver.has_former_key
    assert receiver.unprotect(old.protect(rtp(130))[1])[0] == "bad_tag"


@profiles
def test_a_peer_that_counts_anew_with_each_key_is_understood(profile: int) -> None:
    """Many phones begin at ROC 0 and RTCP index 0 after each re-INVITE, against RFC 3711 3.3.1."""
    _, receiver = pair(profile)
    first = 3 << 16 | 700
    receiver.restore([(SSRC, (first, 1), (90, 1))])
    receiver.rekey(profile, material(profile, 2))
    for index in (701, 702, 703):
        assert receiver.unprotect(sent_at(profile, index, seed=2))[0] == "ok"
    assert receiver.unprotect(sent_at(profile, 702, seed=2))[0] == "replayed"
    assert receiver.unprotect_rtcp(rtcp_sent_at(profile, 0, seed=2))[0] == "ok"
    assert receiver.unprotect_rtcp(rtcp_sent_at(profile, 0, seed=2))[0] == "replayed"
    assert not receiver.has_former_key


@profiles
def test_a_key_that_returns_opens_no_door_to_replays(profile: int) -> None:
    """Keys A, B, A: what was recorded under A long ago must stay refused."""
    _, receiver = pair(profile)
    recorded, recorded_rtcp = sent_at(profile, 700), rtcp_sent_at(profile, 3)
    assert receiver.unprotect(recorded)[0] == "ok"
    assert receiver.unprotect_rtcp(recorded_rtcp)[0] == "ok"
    receiver.restore([(SSRC, (3 << 16 | 699, 1), (900, 1))])
    for seed in (2, 1):
        receiver.rekey(profile, material(profile, seed))
        assert receiver.unprotect(recorded)[0] == "bad_tag"
        assert receiver.unprotect_rtcp(recorded_rtcp)[0] == "old"
    assert receiver.unprotect(sent_at(profile, 3 << 16 | 700))[0] == "ok"


@profiles
def test_the_same_key_again_changes_nothing(profile: int) -> None:
    sender, receiver = pair(profile)
    sealed = [sender.protect(rtp(seq))[1] for seq in range(3)]
    for packet in sealed:
        assert receiver.unprotect(packet)[0] == "ok"
        receiver.rekey(profile, material(profile))
    assert not receiver.has_former_key
    assert {receiver.unprotect(packet)[0] for packet in sealed} == {"replayed"}


# -------------------------------------------------------------------------------------- over a restart


@profiles
def test_a_restarted_sender_begins_beyond_its_record(profile: int) -> None:
    sender, receiver = pair(profile)
    for seq in range(65500, 65530):
        receiver.unprotect(sender.protect(rtp(seq))[1])
    receiver.unprotect_rtcp(sender.protect_rtcp(rtcp())[1])
    record = sender.export(rtp_ahead=100, rtcp_ahead=10)
    for seq in range(65530, 65600):  # sent after the record was written, and before the crash
        assert receiver.unprotect(sender.protect(rtp(seq))[1])[0] == "ok"
    again = SrtpProbe(profile, material(profile), sending=True)
    assert again.restore(record)
    assert {again.protect(rtp(seq))[0] for seq in range(65500, 65630)} <= {"replayed", "old"}
    assert again.next_index(SSRC) == 65630
    assert receiver.unprotect(again.protect(rtp(65630))[1]) == ("ok", rtp(65630))
    assert again.protect_rtcp(rtcp())[1] == rtcp_sent_at(profile, 11)


@profiles
def test_a_restarted_receiver_refuses_what_it_had(profile: int) -> None:
    sender, receiver = pair(profile)
    sealed = [sender.protect(rtp(seq))[1] for seq in range(65530, 65545)]
    kept = sealed[3]
    for packet in sealed:
        if packet is not kept:
            receiver.unprotect(packet)
    again = SrtpProbe(profile, material(profile), sending=False)
    assert again.restore(receiver.export())
    assert again.export() == receiver.export()
    assert [again.unprotect(packet)[0] for packet in sealed] == ["replayed"] * 3 + ["ok"] + ["replayed"] * 11
    assert again.unprotect(sender.protect(rtp(65545))[1])[0] == "ok"


def test_a_record_never_turns_a_counter_back() -> None:
    sender, _ = pair(GCM_256)
    sender.protect(rtp(10))
    old = sender.export()
    sender.protect(rtp(11))
    assert sender.restore(old)
    assert sender.protect(rtp(11))[0] == "replayed"


def test_a_record_with_too_many_sources_is_refused() -> None:
    sender, _ = pair(SHA1_32)
    for ssrc in range(SOURCES):
        sender.protect(rtp(1, ssrc=ssrc))
    other, _ = pair(SHA1_32)
    other.protect(rtp(1, ssrc=1000))
    assert not sender.restore(other.export())
