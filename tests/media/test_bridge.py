"""Two legs joined by sound: what one says is heard by the other, in its own codec, as one RTP stream."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable

import numpy as np
import pytest

from media_ext.codec import available
from media_ext.codec_door import resampling_available
from pbx.media.engine import MediaEngine
from pbx.model.stream import DigitPressed, StartedTalking, StoppedTalking, StreamEvent, StreamFormat
from tests.media.phone import Phone, digit_payload, eventually, write_rtp
from tests.media.talker import G722, L16, OPUS, PCMA, PCMU, Network, Talker, assert_one_stream
from tests.oracles import dtmf
from tests.oracles.tones import Samples, dominant_hz, level_db, snr_db, speech_like, tone

MakePhone = Callable[..., Phone]
VOICES = [each for each in (PCMU, PCMA, G722, OPUS, L16) if available(each.encoding)]

pytestmark = pytest.mark.skipif(not resampling_available(), reason="built without libspeexdsp")


def bridged(
    engine: MediaEngine,
    phone: MakePhone,
    a: StreamFormat,
    b: StreamFormat,
    label: str = "call",
    **options: bool,
) -> tuple[Talker, Talker]:
    first = Talker(engine, phone(ssrc=secrets.randbits(32)), a, label=f"{label}/a")
    second = Talker(engine, phone(ssrc=secrets.randbits(32)), b, label=f"{label}/b", **options)
    engine.bridge(first.stream, second.stream)
    return first, second


def middle(talker: Talker) -> Samples:
    """Without the start, in which codecs and buffers settle, and the end."""
    heard = talker.heard()
    return heard[int(0.35 * talker.rate_hz) : int(0.75 * talker.rate_hz)]


def typical_snr_db(talker: Talker, hz: float) -> float:
    """The median of pieces: a machine that stalls spoils one or two."""
    pieces = np.split(middle(talker), 8)
    return float(np.median([snr_db(piece, hz, talker.rate_hz) for piece in pieces]))


def regular(talker: Talker) -> float:
    """The part of the packets that follow the one before at once: by number and by timestamp."""
    steps = [
        (y.seq - x.seq, (y.rtp_ts - x.rtp_ts) & 0xFFFFFFFF) for x, y in itertools.pairwise(talker.voices())
    ]
    return steps.count((1, talker.encoder.frame_units)) / len(steps)


async def test_a_tone_goes_through_every_pair_of_codecs_both_ways(
    engine: MediaEngine, phone: MakePhone
) -> None:
    pairs = [
        bridged(engine, phone, a, b, f"{n}")
        for n, (a, b) in enumerate(itertools.combinations_with_replacement(VOICES, 2))
    ]
    for at in range(0, len(pairs), 5):  # more at a time, and the phones keep nothing of their own time
        await asyncio.gather(
            *(
                one.say(tone(hz, one.rate_hz, 1.0))
                for pair in pairs[at : at + 5]
                for one, hz in zip(pair, (1000, 600), strict=True)
            )
        )
    for pair in pairs:
        for one, hz in zip(pair, (600, 1000), strict=True):
            name = f"{pair[0].voice.encoding} and {pair[1].voice.encoding}, heard by {one.voice.encoding}"
            assert len(one.heard()) > 0.8 * one.rate_hz, name
            assert regular(one) > 0.95, name
            assert dominant_hz(middle(one), one.rate_hz) == pytest.approx(hz, abs=2), name
            assert level_db(middle(one)) == pytest.approx(-12.3, abs=1), name
            assert typical_snr_db(one, hz) > 18, name


NETWORKS = [Network(loss=loss, jitter_ms=jitter_ms) for loss in (0, 0.1) for jitter_ms in (0, 40, 80)]


async def test_speech_survives_bad_networks(engine: MediaEngine, phone: MakePhone) -> None:
    pairs = [bridged(engine, phone, PCMU, G722, f"{n}") for n in range(len(NETWORKS))]
    sound = speech_like(8000, 1.6)
    await asyncio.gather(*(a.say(sound, network) for (a, _), network in zip(pairs, NETWORKS, strict=True)))
    for (_, b), network in zip(pairs, NETWORKS, strict=True):
        heard = b.heard()[:: b.rate_hz // 8000]
        assert len(heard) > 1.4 * 8000, network
        assert level_db(heard[4000:11000]) == pytest.approx(
            level_db(sound[4000:11000]), abs=2 + 10 * network.loss
        ), network
        silent = [not part.any() for part in np.split(heard[: len(heard) // 160 * 160], len(heard) // 160)]
        assert sum(silent[10:-10]) <= 3, f"no holes beyond what a change of depth takes, {network}"
    assert pairs[0][0].stream.stats().late == pairs[0][0].stream.stats().discarded == 0


async def test_switching_between_relay_and_bridge_keeps_the_stream(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = bridged(engine, phone, PCMU, PCMU)

    async def both(seconds: float) -> None:
        await asyncio.gather(a.say(tone(1000, 8000, seconds)), b.say(tone(600, 8000, seconds)))

    await both(0.4)
    engine.link(a.stream, b.stream, {0: 0, 101: 101}, {0: 0, 101: 101})
    await both(0.3)
    engine.bridge(a.stream, b.stream)
    await both(0.4)
    engine.unlink(a.stream)
    await both(0.1)
    engine.link(a.stream, b.stream, {0: 0, 101: 101}, {0: 0, 101: 101})
    await both(0.2)
    for one in (a, b):
        assert len(one.listen()) > 50
        assert_one_stream(one.packets)
        assert 3 <= sum(each.marker for each in one.packets) <= 6


async def test_a_phone_may_change_its_codec_in_mid_stream(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = bridged(engine, phone, PCMU, PCMU)
    a.stream.set_remote(a.phone.remote(formats=(PCMU, PCMA, G722)))
    sound = tone(1000, 8000, 0.4)
    await a.say(sound)
    for voice in (PCMA, G722):
        other = Talker(engine, a.phone, voice, label="call/c")
        other.stream.close()
        other.stream = a.stream
        await other.say(tone(1000, other.rate_hz, 0.4))
    heard = b.heard()
    assert regular(b) > 0.95
    for start in (1600, 4400, 7400):
        assert dominant_hz(heard[start : start + 1200], 8000) == pytest.approx(1000, abs=10)
        assert level_db(heard[start : start + 1200]) == pytest.approx(-12.3, abs=1.5)


async def test_a_new_offer_with_another_codec_changes_both_sides(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = bridged(engine, phone, PCMU, PCMU)
    await asyncio.gather(a.say(tone(1000, 8000, 0.3)), b.say(tone(600, 8000, 0.3)))
    b.listen()
    a.stream.set_remote(a.phone.remote(formats=(G722,)))
    wide = Talker(engine, a.phone, G722, label="call/c")
    wide.stream.close()
    wide.stream = a.stream
    await asyncio.gather(wide.say(tone(1000, 16000, 0.8)), b.say(tone(600, 8000, 0.8)))
    for one, hz in ((wide, 600), (b, 1000)):
        heard = one.heard()
        late = heard[-int(0.4 * one.rate_hz) : -int(0.1 * one.rate_hz)]
        assert dominant_hz(late, one.rate_hz) == pytest.approx(hz, abs=5)


async def test_what_cannot_be_decoded_is_refused(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = engine.open_stream(label="c/a"), engine.open_stream(label="c/b")
    a.set_remote(phone().remote())
    b.set_remote(phone().remote(formats=(StreamFormat(3, "GSM"),)))
    with pytest.raises(ValueError, match="voice format"):
        engine.bridge(a, b)
    with pytest.raises(ValueError, match="decoded"):
        engine.detect_digits(b, True)
    with pytest.raises(ValueError, match="itself"):
        engine.bridge(a, a)


# ---------------------------------------------------------------------------------------------------------- digits


async def press(a: Talker, events: str, *, packets: int = 6) -> None:
    """RFC 4733, between silences."""
    for digit in events:
        for n in range(packets + 2):
            a.phone.throw(
                write_rtp(
                    a.phone.seq,
                    a.phone.rtp_ts,
                    ssrc=a.phone.ssrc,
                    payload_type=101,
                    payload=digit_payload(
                        dtmf.EVENTS.index(digit), 160 * min(n + 1, packets), end=n + 1 >= packets
                    ),
                    marker=n == 0,
                ),
                a.stream.rtp_port,
            )
            a.phone.seq = (a.phone.seq + 1) & 0xFFFF
            await asyncio.sleep(0.02)
        a.phone.rtp_ts += 160 * (packets + 2)
        await a.say(np.zeros(160 * 5))


def told(talker: Talker) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    talker.stream.on_event = events.append
    return events


async def test_rfc_4733_digits_become_events_of_the_other_side(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = bridged(engine, phone, PCMU, G722)
    events = told(a)
    await a.say(tone(1000, 8000, 0.2))
    await press(a, "5#")
    await eventually(lambda: sum(each.payload_type == 101 for each in b.listen()) >= 10)
    await a.say(np.zeros(1600))
    digits = [each for each in b.listen() if each.payload_type == 101]
    assert [each.digit for each in events if isinstance(each, DigitPressed)] == ["5", "#"]
    assert list(dict.fromkeys(each.rtp_ts for each in digits)) == sorted({each.rtp_ts for each in digits})
    assert [each.payload[0] for each in digits if each.marker] == [5, 11]
    assert sum(each.payload[1] >> 7 for each in digits) == 6, "each end is told three times"
    seqs = [each.seq - b.packets[0].seq & 0xFFFF for each in b.packets]
    assert seqs == list(range(len(seqs)))


async def test_rfc_4733_digits_become_tones_where_there_are_no_events(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = bridged(engine, phone, PCMU, PCMA, digits=False)
    await a.say(tone(1000, 8000, 0.2))
    await press(a, "7")
    await a.say(np.zeros(3200))
    heard = b.heard()
    low, high = dtmf.frequencies(7)
    best = max(
        min(dtmf.goertzel(block, hz, 8000) for hz in (low, high))
        for block in (heard[at : at + 400].astype(int).tolist() for at in range(0, len(heard) - 400, 80))
    )
    assert best > 0.6 * dtmf.goertzel(dtmf.tone(7, 50, level_dbm0=-8).astype(int).tolist(), low, 8000)
    assert all(each.payload_type == 8 for each in b.packets)


async def test_digits_in_sound_become_events_and_are_not_heard_twice(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = bridged(engine, phone, PCMU, PCMU)
    events = told(a)
    engine.detect_digits(a.stream, True)
    sound = np.concatenate(
        [tone(1000, 8000, 0.2), *(part for d in (4, 2) for part in (dtmf.tone(d, 120), dtmf.silence(100)))]
    )
    await a.say(sound)
    await a.say(dtmf.silence(500))
    assert [each.digit for each in events if isinstance(each, DigitPressed)] == ["4", "2"]
    digits = [each for each in b.listen() if each.payload_type == 101]
    assert [each.payload[0] for each in digits if each.marker] == [4, 2]
    heard = b.heard()
    for digit in (4, 2):
        low, _ = dtmf.frequencies(digit)
        whole = dtmf.goertzel(dtmf.tone(digit, 50).astype(int).tolist(), low, 8000)
        loud = [
            dtmf.goertzel(heard[at : at + 400].astype(int).tolist(), low, 8000) > 0.5 * whole
            for at in range(1600, len(heard) - 400, 80)
        ]
        assert sum(loud) <= 1, "what is left of the tone is too short for a digit"


async def test_digits_in_relayed_sound_are_told_and_the_relay_goes_on(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = Talker(engine, phone(), PCMU, label="call/a")
    b = Talker(engine, phone(), PCMU, label="call/b")
    events = told(a)
    engine.link(a.stream, b.stream, {0: 0}, {0: 0})
    engine.detect_digits(a.stream, True)
    await a.say(np.concatenate([dtmf.tone(9, 120), dtmf.silence(300)]))
    await eventually(lambda: DigitPressed in {type(each) for each in events})
    assert [each.digit for each in events if isinstance(each, DigitPressed)] == ["9"]
    await eventually(lambda: len(b.listen()) == 21)
    engine.detect_digits(a.stream, False)
    await a.say(np.concatenate([dtmf.tone(9, 120), dtmf.silence(200)]))
    assert sum(isinstance(each, DigitPressed) for each in events) == 1


async def test_talkers_are_told(engine: MediaEngine, phone: MakePhone) -> None:
    a, _ = bridged(engine, phone, PCMU, PCMA)
    events = told(a)
    engine.tell_talkers(a.stream, True)
    await a.say(np.concatenate([np.zeros(2400), tone(500, 8000, 0.3), np.zeros(8000)]))
    await eventually(lambda: any(isinstance(each, StoppedTalking) for each in events))
    talking = [each for each in events if isinstance(each, (StartedTalking, StoppedTalking))]
    assert [type(each) for each in talking] == [StartedTalking, StoppedTalking]
    assert isinstance(talking[0], StartedTalking)
    assert -25 < talking[0].level_dbov < -10


async def test_what_fails_while_a_stream_moves_stops_nothing_that_waits_behind_it(
    phone: MakePhone, caplog: pytest.LogCaptureFixture
) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=29200, port_max=29299, threads=2, silence_ms=0)
    await media.start()
    try:
        those = [Talker(media, phone(), PCMU, label=f"{n}") for n in range(12)]
        one, other = ([each for each in those if each.stream.native.thread == n] for n in range(2))
        media.bridge(one[0].stream, other[0].stream)
        media.tell_talkers(one[1].stream, True)  # waits its turn, and by then …
        one[1].stream.set_remote(one[1].phone.remote(formats=(StreamFormat(18, "G729"),)))
        media.echo(one[2].stream)
        await eventually(lambda: other[0].stream.native.thread == 0)
        await one[2].say(tone(500, 8000, 0.1))
        await eventually(lambda: len(one[2].listen()) >= 4)
        await other[0].say(tone(500, 8000, 0.2))
        await eventually(lambda: len(one[0].listen()) >= 8)
        (said,) = [each for each in caplog.records if each.name == "media_ext.workers"]
        assert "cannot be decoded" in said.__dict__["reason"]
    finally:
        await media.stop()


async def test_streams_of_two_threads_are_bridged_and_closed_in_any_order(phone: MakePhone) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=29000, port_max=29199, threads=2, silence_ms=0)
    await media.start()
    try:
        for n in range(6):
            a, b = bridged(media, phone, PCMU, G722, f"{n}")
            if n % 2:
                second = Talker(media, phone(), PCMU, label=f"other{n}/b")
                media.bridge(a.stream, second.stream)
                b = second
            await a.say(tone(1000, 8000, 0.2))
            async with asyncio.timeout(5):
                while len(b.voices()) < 3:
                    await asyncio.sleep(0.01)
            (a if n % 3 else b).stream.close()
            await asyncio.sleep(0.05)
    finally:
        await media.stop()
