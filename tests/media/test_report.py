"""The node's own RTCP on real sockets, read by a checker that knows RFC 3550. A report is due each 0.1 s or so here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from pbx.media.engine import MediaEngine
from pbx.media.stream import Stream
from pbx.media.tones import hold_tone
from tests.media.conftest import LOOPS
from tests.media.phone import Phone, eventually
from tests.media.secure_phone import SecurePhone
from tests.media.srtp_samples import PROFILES
from tests.media.test_relay import SAME, opened
from tests.oracles.libsrtp import library
from tests.oracles.rtcp import Block, Report, sdes
from tests.oracles.rtcp_checker import Compound, SenderInfo, interval_faults, read
from tests.oracles.rtp_checker import assert_one_stream, check

MakePhone = Callable[..., Phone]
REPORT_S = 0.1
NTP_1970 = 2_208_988_800


@pytest.fixture
def report_s() -> float:
    return REPORT_S


@pytest.fixture(params=[False, True], ids=["own-port", "mux"])
def mux(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def talk(phone: Phone, stream: Stream, seconds: float, lose: int = 0) -> list[tuple[float, bytes]]:
    """Speak in real time and hear what comes back; each `lose`th packet is lost on the way."""
    captured: list[tuple[float, bytes]] = []
    start = time.monotonic()
    for n in range(int(seconds / 0.02)):
        if lose and n % lose == lose - 1:
            phone.seq, phone.rtp_ts = phone.seq + 1 & 0xFFFF, phone.rtp_ts + 160
        else:
            phone.say(stream.rtp_port)
        await asyncio.sleep(max(0.0, start + 0.02 * (n + 1) - time.monotonic()))
        captured += phone.capture()
    return captured


@pytest.mark.parametrize("loop", LOOPS)
async def test_an_echoed_phone_gets_reports_until_bye(
    engine: MediaEngine, phone: MakePhone, mux: bool
) -> None:
    a = phone()
    sa = opened(engine, a, rtcp_mux=mux)
    engine.echo(sa)
    captured = await talk(a, sa, 0.9)
    rtcp_out = sa.stats().rtcp_out
    sa.close()
    await eventually(lambda: reports_of(captured.__iadd__(a.capture()))[-1].bye)
    verdict = assert_one_stream(captured, markers=False)
    assert 4 <= rtcp_out == len(verdict.reports) - 1
    assert interval_faults(verdict.reports, minimum_s=REPORT_S, slack_s=0.1) == []
    assert [report.bye for report in verdict.reports] == [False] * rtcp_out + [True]
    assert all(len(report.blocks) == 1 for report in verdict.reports[:-1])
    assert all(abs(sender_of(report).ntp_s - NTP_1970 - report.at) < 0.05 for report in verdict.reports)
    assert verdict.reports[0].cname not in {None, b""}


async def test_a_listener_gets_reports_while_it_is_played_to(engine: MediaEngine, phone: MakePhone) -> None:
    """Nothing is heard of it, so nothing is said about it."""
    a = phone()
    sa = opened(engine, a)
    engine.play(sa, hold_tone(), loop=True)
    await asyncio.sleep(0.4)
    verdict = assert_one_stream(a.capture())
    assert sum(report.sender is not None for report in verdict.reports) >= 2
    assert not any(report.blocks for report in verdict.reports)


async def test_a_phone_that_is_only_heard_gets_receiver_reports(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a = phone()
    sa = opened(engine, a)
    reports = reports_of(await talk(a, sa, 0.4))
    assert len(reports) >= 2
    assert all(report.sender is None and len(report.blocks) == 1 for report in reports)
    await asyncio.sleep(0.35)
    assert not reports_of(a.capture())[-1].blocks, "it sends no more"


async def test_a_sender_that_stopped_becomes_a_receiver(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    engine.play(sa, hold_tone(), loop=True)
    await asyncio.sleep(0.25)
    engine.stop_playing(sa)
    await asyncio.sleep(0.5)
    kinds = [report.sender is not None for report in reports_of(a.capture())]
    assert kinds == sorted(kinds, reverse=True), "RR follow SR"
    assert kinds[0] is True
    assert kinds[-1] is False


async def test_the_round_trip_and_the_phones_view_are_read_from_its_reports(
    engine: MediaEngine, phone: MakePhone, mux: bool
) -> None:
    a = phone()
    sa = opened(engine, a, rtcp_mux=mux)
    engine.echo(sa)
    heard = sa.native.counters()["packets_out"]
    told = await hear_report(a, sa)
    block = Block(told.ssrc, 64, 7, 9, 240, sender_of(told).ntp_middle, int(0.02 * 65536))
    data = Report(a.ssrc, None, [block]).write() + sdes(a.ssrc, b"phone")
    await asyncio.sleep(0.03)
    a.throw(data, sa.rtp_port if mux else sa.rtcp_port, rtcp=not mux)
    await eventually(lambda: sa.stats().remote_reports == 1)
    stats = sa.stats()
    assert (stats.remote_lost, stats.remote_fraction_lost, stats.remote_jitter_ms) == (7, 0.25, 30.0)
    assert stats.remote_expected >= heard
    assert stats.rtt_ms is not None
    assert 5 < stats.rtt_ms < 60


async def test_a_linked_phone_that_sends_no_rtcp_is_stood_in_for(
    engine: MediaEngine, phone: MakePhone
) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    captured = await both_talk(a, b, sa, sb, 0.2)
    assert reports_of(captured) == [], "it may still send its own"
    captured += await both_talk(a, b, sa, sb, 0.5)
    verdict = assert_one_stream(captured, markers=False)
    assert verdict.reports
    assert all(report.sender and len(report.blocks) == 1 for report in verdict.reports)


async def test_a_linked_phones_own_reports_are_enough(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = phone(), phone()
    sa, sb = opened(engine, a), opened(engine, b, "call/b")
    engine.link(sa, sb, SAME, SAME)
    captured = []
    for _ in range(10):
        b.throw(Report(b.ssrc, (1, 2, b.rtp_ts, 3, 4)).write() + sdes(b.ssrc, b"b"), sb.rtcp_port, rtcp=True)
        captured += await both_talk(a, b, sa, sb, 0.08)
    reports = reports_of(captured)
    assert len(reports) == 10
    assert all(report.sender is None or report.sender.ntp_s < 2 for report in reports)


@pytest.mark.skipif(library() is None, reason="libsrtp2 is not installed")
@pytest.mark.parametrize("profile", PROFILES)
async def test_reports_to_an_encrypted_phone_are_srtcp(
    engine: MediaEngine, phone: MakePhone, profile: int
) -> None:
    a = SecurePhone(phone(), profile=profile)
    sa = opened(engine, a.phone)
    a.key(sa)
    engine.echo(sa)
    await a.talk(sa.rtp_port, 12)
    told = read(0, await a.hear_rtcp())
    assert told.ssrc == (await a.hear_some(10))[0].ssrc
    assert sender_of(told).packets > 0
    assert [block.ssrc for block in told.blocks] == [a.phone.ssrc]


@pytest.mark.skipif(library() is None, reason="libsrtp2 is not installed")
async def test_an_encrypted_phone_without_keys_gets_no_report(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    sa.secure(None, None)
    engine.play(sa, hold_tone(), loop=True)
    await asyncio.sleep(0.3)
    sa.close()
    await asyncio.sleep(0.05)
    assert a.capture() == []


async def test_nothing_is_sent_to_a_phone_nobody_named(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = engine.open_stream(label="x")
    await asyncio.sleep(0.2)
    sa.close()
    await asyncio.sleep(0.05)
    assert a.capture() == []


async def test_a_silent_stream_ends_without_bye(engine: MediaEngine, phone: MakePhone) -> None:
    """RFC 3550 6.3.7."""
    a = phone()
    sa = opened(engine, a)
    sa.close()
    await asyncio.sleep(0.1)
    assert a.capture() == []


async def both_talk(a: Phone, b: Phone, sa: Stream, sb: Stream, seconds: float) -> list[tuple[float, bytes]]:
    """What `a` hears."""
    heard, _ = await asyncio.gather(talk(a, sa, seconds), talk(b, sb, seconds))
    return heard


async def hear_report(phone: Phone, stream: Stream) -> Compound:
    while True:
        phone.say(stream.rtp_port)
        await asyncio.sleep(0.02)
        if reports := reports_of(phone.capture()):
            return reports[-1]


def sender_of(report: Compound) -> SenderInfo:
    assert report.sender is not None
    return report.sender


def reports_of(captured: list[tuple[float, bytes]]) -> list[Compound]:
    return check(captured, markers=False, slack_s=None).reports
