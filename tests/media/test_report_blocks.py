"""What the node's own reports say about a phone: loss, jitter, and how old the phone's report is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from pbx.media.engine import MediaEngine
from tests.media.phone import Phone, write_rtp
from tests.media.test_relay import opened
from tests.media.test_report import REPORT_S, hear_report, reports_of, talk
from tests.oracles.rtcp import Block, Report, sdes
from tests.oracles.rtcp_checker import Compound, wanted_block

MakePhone = Callable[..., Phone]


@pytest.fixture
def report_s() -> float:
    return REPORT_S


async def test_what_was_lost_on_the_way_to_us_is_reported(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    engine.echo(sa)
    first = a.seq
    reports = reports_of(await talk(a, sa, 0.7, lose=10))
    assert len(reports) >= 3
    for last, this in zip([None, *reports], reports, strict=False):
        (block,) = this.blocks
        sent = [n for n in range(first, block.highest + 1) if (n - first) % 10 != 9]
        wanted = wanted_block(a.ssrc, [(0.02 * n, n, 160 * n) for n in sent], 8000)
        assert (block.ssrc, block.lost, block.highest) == (a.ssrc, wanted.lost, wanted.highest)
        before = last.blocks[0] if last else Block(0, highest=first - 1)
        assert block.fraction == 256 * (block.lost - before.lost) // (block.highest - before.highest)


async def test_more_than_was_sent_is_a_negative_loss(engine: MediaEngine, phone: MakePhone) -> None:
    """Duplicates count as received (RFC 3550 A.3), and no part of an interval is lost then."""
    a = phone()
    sa = opened(engine, a)
    sent = 0
    reports: list[Compound] = []
    while len(reports) < 3:
        for _ in range(2):
            a.throw(write_rtp(sent, sent * 160, ssrc=a.ssrc), sa.rtp_port)
        sent += 1
        await asyncio.sleep(0.01)
        reports += reports_of(a.capture())
    for block in (report.blocks[0] for report in reports):
        assert -block.lost in {block.highest, block.highest + 1}, "the newest may have come once so far"
        assert block.fraction == 0


async def test_a_new_source_is_reported_from_its_own_start(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    first = reports_of(await talk(a, sa, 0.4, lose=4))
    a.ssrc, a.seq, a.rtp_ts = 0x600D, 77, 7
    second = [report for report in reports_of(await talk(a, sa, 0.4)) if report.blocks[0].ssrc == 0x600D]
    assert first[-1].blocks[0].lost > 0
    assert second
    assert all((block.lost, block.fraction) == (0, 0) for report in second for block in report.blocks)
    assert 77 <= second[-1].blocks[0].highest < 77 + 20


async def test_jitter_is_reported_in_timestamp_units(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    engine.echo(sa)
    for n in range(30):
        a.say(sa.rtp_port)
        await asyncio.sleep(0.005 if n % 2 else 0.035)
    last = reports_of(a.capture())[-1].blocks[0]
    assert 0.4 * last.jitter < sa.stats().jitter_ms * 8 < 2.5 * last.jitter
    assert last.jitter > 60, "15 ms early and late are some 100 units"


async def test_a_phones_sender_report_is_answered_with_its_age(engine: MediaEngine, phone: MakePhone) -> None:
    a = phone()
    sa = opened(engine, a)
    engine.echo(sa)
    a.say(sa.rtp_port)
    at = time.time()
    a.throw(
        Report(a.ssrc, (0xAAAA1234, 0x5678BBBB, 1, 1, 160)).write() + sdes(a.ssrc, b"x"),
        sa.rtcp_port,
        rtcp=True,
    )
    told = await hear_report(a, sa)
    (block,) = told.blocks
    assert block.last_report == 0x12345678
    assert abs(block.delay / 65536 - (told.at - at)) < 0.03
