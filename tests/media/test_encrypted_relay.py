"""Encrypted audio through the real engine on loopback; the phones' side of it is libsrtp2's."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

import media_ext
from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.media.tones import silence
from pbx.model.stream import SrtpKey
from tests.media.phone import Phone, eventually, write_rtp
from tests.media.secure_phone import SecurePhone, srtp_key
from tests.media.srtp_samples import GCM_128, GCM_256, PROFILES, SHA1_32, SHA1_80
from tests.media.talk import channels, onset_ms, tone_packets
from tests.media.test_recorder import steady_snr_db
from tests.media.test_relay import SAME, opened
from tests.oracles.libsrtp import library
from tests.oracles.rtcp import Report
from tests.oracles.tones import dominant_hz, snr_db

pytestmark = pytest.mark.skipif(library() is None, reason="libsrtp2 is not installed")
MakePhone = Callable[..., Phone]
Call = tuple[SecurePhone, Phone, Stream, Stream]


@pytest.fixture
def call(engine: MediaEngine, phone: MakePhone) -> Call:
    """A phone that encrypts, and one that does not."""
    a, b = SecurePhone(phone()), phone()
    sa, sb = opened(engine, a.phone), opened(engine, b, "call/b")
    a.key(sa)
    engine.link(sa, sb, SAME, SAME)
    return a, b, sa, sb


async def both_ways(a: SecurePhone, b: Phone, sa: Stream, sb: Stream, packets: int = 10) -> None:
    for n in range(packets):
        a.say(sa.rtp_port, bytes([n]) * 160)
        b.say(sb.rtp_port, payload=bytes([100 + n]) * 160)
        await asyncio.sleep(0.005)
    assert [p.payload for p in await b.hear_some(packets)] == [bytes([n]) * 160 for n in range(packets)]
    assert [p.payload for p in await a.hear_some(packets)] == [bytes([100 + n]) * 160 for n in range(packets)]


@pytest.mark.parametrize("profile", PROFILES)
async def test_an_encrypted_and_a_plain_phone_talk(
    engine: MediaEngine, phone: MakePhone, profile: int
) -> None:
    a, b = SecurePhone(phone(), profile=profile), phone()
    sa, sb = opened(engine, a.phone), opened(engine, b, "call/b")
    a.key(sa)
    engine.link(sa, sb, SAME, SAME)
    await both_ways(a, b, sa, sb)
    assert (sa.stats().packets_in, sa.stats().packets_out, sa.stats().dropped) == (10, 10, 0)
    assert sa.stats().bytes_in == 10 * 172, "what encryption adds is not counted as audio"


@pytest.mark.parametrize(("one", "other"), [(SHA1_80, GCM_256), (SHA1_32, SHA1_80), (GCM_128, GCM_128)])
async def test_two_encrypted_phones_talk_under_their_own_keys(
    engine: MediaEngine, phone: MakePhone, one: int, other: int
) -> None:
    a, b = SecurePhone(phone(), profile=one), SecurePhone(phone(), profile=other, seed=11)
    sa, sb = opened(engine, a.phone), opened(engine, b.phone, "call/b")
    a.key(sa)
    b.key(sb)
    engine.link(sa, sb, SAME, SAME)
    for n in range(10):
        a.say(sa.rtp_port, bytes([n]) * 160)
        b.say(sb.rtp_port, bytes([50 + n]) * 160)
        await asyncio.sleep(0.005)
    at_b, at_a = await b.hear_some(10), await a.hear_some(10)
    assert [p.payload[0] for p in at_b] == list(range(10))
    assert [p.payload[0] for p in at_a] == list(range(50, 60))
    assert [p.seq - at_b[0].seq for p in at_b] == list(range(10))


async def test_a_wrong_key_and_plain_rtp_are_refused_and_counted(call: Call, phone: MakePhone) -> None:
    a, b, sa, _ = call
    wrong = SecurePhone(a.phone, seed=77)
    for _ in range(5):
        wrong.say(sa.rtp_port)
        a.phone.say(sa.rtp_port)
        a.phone.throw(b"\x80\x00" + secrets.token_bytes(170), sa.rtp_port)
    await eventually(lambda: sa.stats().dropped_auth == 15)
    assert sa.stats().packets_in == 0
    assert b.hear() == []
    await a.talk(sa.rtp_port, 3)
    assert len(await b.hear_some(3)) == 3


async def test_nobody_without_the_key_moves_the_latch(engine: MediaEngine, phone: MakePhone) -> None:
    """The phone is behind NAT: any source might be it, so only the key tells."""
    a, b, thief = SecurePhone(phone()), phone(), phone()
    sa = opened(engine, a.phone, rtp_host="192.0.2.200", rtp_port=4000)
    sb = opened(engine, b, "call/b")
    a.key(sa)
    engine.link(sa, sb, SAME, SAME)
    wrong = SecurePhone(thief, seed=77)
    for _ in range(8):
        thief.throw(write_rtp(thief.seq, 0, ssrc=thief.ssrc), sa.rtp_port)
        thief.seq += 1
        await asyncio.sleep(0.02)
    await wrong.talk(sa.rtp_port, 8)
    assert sa.stats().remote_port == 0
    assert sa.stats().dropped_auth == 16
    await a.talk(sa.rtp_port, 8)
    await eventually(lambda: sa.stats().remote_port == a.phone.port)
    assert len(await b.hear_some(4)) == 4


async def test_a_packet_that_comes_again_is_refused_and_counted(call: Call, phone: MakePhone) -> None:
    a, b, sa, _ = call
    packets = [a.protected(bytes([n]) * 160) for n in range(4)]
    thief = phone()
    for data in packets:
        a.phone.throw(data, sa.rtp_port)
    for data in packets:
        a.phone.throw(data, sa.rtp_port)
        thief.throw(data, sa.rtp_port)
    await eventually(lambda: sa.stats().dropped_replayed == 8)
    assert [p.payload[0] for p in await b.hear_some(4)] == [0, 1, 2, 3]


async def test_late_packets_pass_once(call: Call) -> None:
    a, b, sa, _ = call
    packets = [a.protected(bytes([n]) * 160) for n in range(6)]
    for n in (0, 2, 1, 5, 3, 4):
        a.phone.throw(packets[n], sa.rtp_port)
    assert sorted(p.payload[0] for p in await b.hear_some(6)) == [0, 1, 2, 3, 4, 5]
    assert sa.stats().dropped == 0


async def test_both_sequences_roll_over(
    engine: MediaEngine, phone: MakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through 65535 on the way in and, elsewhere, on the way out; and a new key afterwards keeps the counters."""
    monkeypatch.setattr(
        "pbx.media.engine.bits", lambda bits: 0xFFF3 if bits == 15 else bits * 1001
    )
    a, b = SecurePhone(phone()), SecurePhone(phone(), profile=GCM_128, seed=11)
    a.phone.seq, b.phone.seq = 0xFFFA, 0xFFFE
    sa, sb = opened(engine, a.phone), opened(engine, b.phone, "call/b")
    a.key(sa)
    b.key(sb)
    engine.link(sa, sb, SAME, SAME)
    for _ in range(20):
        a.say(sa.rtp_port)
        b.say(sb.rtp_port)
        await asyncio.sleep(0.005)
    at_b, at_a = await b.hear_some(20), await a.hear_some(20)
    assert at_b[0].seq == at_a[0].seq == 0xFFF3
    assert at_b[-1].seq == 0xFFF3 + 19 - 0x10000
    a.rekey(31)
    a.key(sa)
    await asyncio.sleep(0.05)
    for _ in range(5):
        a.say(sa.rtp_port)
        b.say(sb.rtp_port)
        await asyncio.sleep(0.005)
    assert len(await b.hear_some(5)) == 5
    assert [p.seq for p in await a.hear_some(5)] == [7, 8, 9, 10, 11]
    assert sa.stats().dropped == sb.stats().dropped == 0


async def test_the_same_key_again_changes_nothing(call: Call) -> None:
    """As in a re-INVITE for hold: packets from before do not become new ones."""
    a, b, sa, _ = call
    old = a.protected()
    a.phone.throw(old, sa.rtp_port)
    await b.hear_some(1)
    a.key(sa)
    sa.set_remote(a.phone.remote())
    await asyncio.sleep(0.05)
    a.phone.throw(old, sa.rtp_port)
    await eventually(lambda: sa.stats().dropped_replayed == 1)
    a.say(sa.rtp_port)
    assert len(await b.hear_some(1)) == 1


async def test_without_keys_nothing_passes(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = SecurePhone(phone()), phone()
    sa, sb = opened(engine, a.phone), opened(engine, b, "call/b")
    sa.secure(None, None)
    engine.link(sa, sb, SAME, SAME)
    for _ in range(4):
        a.phone.say(sa.rtp_port)
        a.say(sa.rtp_port)
        b.say(sb.rtp_port)
    await eventually(lambda: sa.stats().dropped_unkeyed == 8 and sb.stats().dropped_direction == 4)
    assert b.hear() == []
    assert a.phone.hear_raw(a.phone.rtp) == []
    assert (sa.stats().packets_in, sa.stats().packets_out) == (0, 0)
    a.key(sa)
    await asyncio.sleep(0.05)
    await both_ways(a, b, sa, sb)


async def test_a_leg_may_become_plain_and_encrypted_again(call: Call) -> None:
    """The counters outlive the plain time: nothing is sent twice under one key, nothing is heard twice."""
    a, b, sa, sb = call
    old = a.protected()
    a.phone.throw(old, sa.rtp_port)
    await b.hear_some(1)
    sa.secure(None, None, required=False)
    await asyncio.sleep(0.05)
    a.phone.say(sa.rtp_port)
    b.say(sb.rtp_port)
    assert len(await b.hear_some(1)) == 1
    assert len(await a.phone.hear_some(1)) == 1
    a.key(sa)
    await asyncio.sleep(0.05)
    a.phone.throw(old, sa.rtp_port)
    await eventually(lambda: sa.stats().dropped_replayed == 1)
    await both_ways(a, b, sa, sb)


@pytest.mark.parametrize("mux", [False, True])
async def test_rtcp_is_encrypted_on_one_side_only(engine: MediaEngine, phone: MakePhone, mux: bool) -> None:
    a, b = SecurePhone(phone()), phone()
    sa = opened(engine, a.phone, rtcp_mux=mux)
    sb = opened(engine, b, "call/b")
    a.key(sa)
    engine.link(sa, sb, SAME, SAME)
    await a.talk(sa.rtp_port, 2)
    await b.talk(sb.rtp_port, 2)
    await b.hear_some(2)
    await a.hear_some(2)
    report = Report(a.phone.ssrc, sender=(0x1234, 0x5678, a.phone.rtp_ts, 2, 320)).write()
    a.phone.throw(a.out.protect_rtcp(report)[1], sa.rtp_port if mux else sa.rtcp_port, rtcp=not mux)
    await eventually(lambda: sb.stats().rtcp_out == 1)
    await asyncio.sleep(0.05)
    heard = b.hear_rtcp()
    assert heard[0][8:16] == report[8:16], "the NTP time, in clear"
    b.throw(Report(b.ssrc, sender=(0x1111, 0x2222, b.rtp_ts, 2, 320)).write(), sb.rtcp_port, rtcp=True)
    if mux:
        await eventually(lambda: sa.stats().rtcp_out == 1)
        await asyncio.sleep(0.05)
        (data, _, _), *_ = Phone.hear_raw(a.phone.rtp)
        status, plain = a.ears.unprotect_rtcp(data)
        assert status == "ok"
    else:
        plain = await a.hear_rtcp()
    assert plain[8:16] == bytes.fromhex("0000111100002222")
    a.phone.throw(report, sa.rtp_port if mux else sa.rtcp_port, rtcp=not mux)
    await eventually(lambda: sa.stats().dropped_auth == 1)


async def test_prompts_are_encrypted(engine: MediaEngine, phone: MakePhone) -> None:
    a = SecurePhone(phone())
    sa = opened(engine, a.phone)
    a.key(sa)
    engine.play(sa, silence(200))
    assert {p.payload for p in await a.hear_some(10)} == {b"\xff" * 160}


async def test_keys_that_do_not_fit_their_profile_are_refused(call: Call) -> None:
    a, b, sa, _ = call
    with pytest.raises(ValueError, match="profile 99"):
        sa.secure(SrtpKey(99, bytes(16), bytes(14)), None)
    with pytest.raises(ValueError, match="salt of 14"):
        sa.secure(srtp_key(SHA1_80, 5), SrtpKey(GCM_128, bytes(16), bytes(14)))
    a.say(sa.rtp_port)
    assert len(await b.hear_some(1)) == 1


async def test_legs_on_different_threads_keep_their_keys_when_joined(phone: MakePhone) -> None:
    from tests.media.conftest import port_range

    first, last = port_range()
    media = MediaEngine(bind_host="127.0.0.1", port_min=first, port_max=last, threads=2, silence_ms=0)
    await media.start()
    try:
        a, b = SecurePhone(phone()), SecurePhone(phone(), seed=11)
        sa, sb = opened(media, a.phone, "one/a"), opened(media, b.phone, "other/b")
        a.key(sa)
        b.key(sb)
        for label in range(4):
            media.link(sa, sb, SAME, SAME)
            await asyncio.sleep(0.05)  # a leg moves to the other's thread
            await a.talk(sa.rtp_port, 3)
            assert len(await b.hear_some(3)) == 3, label
    finally:
        await media.stop()


def test_only_one_place_sends_to_phones() -> None:
    """What went past `output_send` would go out unencrypted."""
    sources = sorted(Path(media_ext.__file__).parent.glob("*.pyx"))
    assert len(sources) > 20
    assert [each.name for each in sources if "loop.send(" in each.read_text()] == ["output.pyx"]


async def test_an_encrypted_leg_is_recorded_as_it_is_heard(
    call: Call, engine: MediaEngine, tmp_path: Path
) -> None:
    """Both sides in the clear in the file: what it said opened, what it was sent before it was sealed."""
    a, b, sa, sb = call
    recording = engine.record(sa, tmp_path / "call.wav")
    for heard, said in zip(tone_packets(440, 1.2), tone_packets(1000, 1.2), strict=True):
        a.say(sa.rtp_port, heard)
        b.say(sb.rtp_port, payload=said)
        await asyncio.sleep(0.02)
    assert len(await a.hear_some(60)) == 60, "its phone gets it sealed all the same"
    ended = await recording.stop()
    assert (ended.reason, recording.tap.dropped, recording.reading.lost_packets) == ("stopped", 0, 0)
    rate_hz, left, right = channels(ended.path)
    start = round(max(onset_ms(left, rate_hz), onset_ms(right, rate_hz))) + 50
    for side, hz, other_hz in ((left, 440, 1000), (right, 1000, 440)):
        part = side[start * rate_hz // 1000 :][: rate_hz * 9 // 10]
        assert abs(dominant_hz(part, rate_hz) - hz) < 2
        assert steady_snr_db(part, hz, rate_hz) > 30
        assert snr_db(part, other_hz, rate_hz) < -30


@pytest.mark.parametrize("profile", [SHA1_80, GCM_256])
async def test_a_leg_that_is_handed_over_keeps_its_roll_over_counter_and_its_windows(
    phone: MakePhone, profile: int
) -> None:
    """65536 is passed in the first engine: the second must not begin again at roll-over 0, nor take what was taken."""
    one, two = (
        MediaEngine(bind_host="127.0.0.1", port_min=29440, port_max=29479, silence_ms=0) for _ in range(2)
    )
    await one.start()
    a = SecurePhone(phone(), profile=profile)
    a.phone.seq = 65530
    stream = opened(one, a.phone)
    a.key(stream)
    one.echo(stream)
    taken = [a.protected() for _ in range(12)]
    for packet in taken:
        a.phone.throw(packet, stream.rtp_port)
        await asyncio.sleep(0.002)
    before = await a.hear_some(12)
    state, port = await stream.export(hand_over=True), stream.rtp_port
    await one.stop()
    await two.start()
    try:
        again = two.reopen_stream(label="again", rtp_port=port, state=state)
        a.key(again)
        two.echo(again)
        for packet in taken[-3:]:
            a.phone.throw(packet, port)
        await eventually(lambda: again.stats().dropped_replayed == 3)
        for _ in range(5):
            a.say(port)
            await asyncio.sleep(0.002)
        after = await a.hear_some(5)  # each opens under libsrtp2's own counter, which has gone on
        assert [(packet.seq - before[0].seq) & 0xFFFF for packet in after] == list(range(12, 17))
        assert again.stats().dropped_auth == 0
        assert not {packet.seq for packet in before} & {packet.seq for packet in after}
    finally:
        await two.stop()


async def test_a_copy_of_an_encrypted_leg_is_no_leg(call: Call, engine: MediaEngine) -> None:
    """It would send other sound under indices that were used."""
    state = await call[2].export()
    with pytest.raises(ValueError, match="handed over"):
        engine.native.open(0, 0, thread=0, ssrc=1, seq=1, rtp_ts=1, state=state)
