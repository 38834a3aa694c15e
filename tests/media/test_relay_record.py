"""A stream's state leaves one engine and goes on in another, and the phones notice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pbx.media.engine import MediaEngine
from pbx.media.loop_setting import LoopSetting
from pbx.media.stream import Stream
from pbx.media.udp_ports import NoPortError
from tests.media.conftest import LOOPS
from tests.media.phone import Phone, eventually
from tests.media.test_relay import SAME, opened
from tests.oracles.rtcp import Report, sdes
from tests.oracles.rtp_checker import assert_one_stream

MakePhone = Callable[..., Phone]
FIRST, LAST = 29400, 29439


async def started(loop: LoopSetting = "auto", report_s: float = 0.06) -> MediaEngine:
    media = MediaEngine(
        bind_host="127.0.0.1", port_min=FIRST, port_max=LAST, silence_ms=300, loop=loop, report_s=report_s
    )
    await media.start()
    return media


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_call_goes_on_in_another_engine_without_a_seam(phone: MakePhone, loop: LoopSetting) -> None:
    a, b = phone(), phone()
    heard: list[tuple[float, bytes]] = []

    async def talk(packets: int, sa: Stream, sb: Stream) -> None:
        for _ in range(packets):
            a.say(sa.rtp_port)
            b.say(sb.rtp_port)
            await asyncio.sleep(0.02)
            heard.extend(b.capture())
            a.capture()

    one = await started(loop)
    sa, sb = opened(one, a, rtcp_mux=True), opened(one, b, "call/b")
    one.link(sa, sb, SAME, SAME)
    await talk(35, sa, sb)
    states = [(stream.rtp_port, await stream.export(hand_over=True)) for stream in (sa, sb)]
    before = sa.stats(), sb.stats()
    await one.stop()

    two = await started(loop)
    try:
        sa, sb = [
            two.reopen_stream(label=f"again/{port}", rtp_port=port, state=state) for port, state in states
        ]
        two.link(sa, sb, SAME, SAME)
        await asyncio.sleep(0.04)
        await talk(35, sa, sb)
        verdict = assert_one_stream(heard, markers=False, slack_s=3)  # the phones wait for the change
        assert len(verdict.packets) == 70
        assert verdict.talkspurts == 1, "it goes on with the very same feed"
        assert not any(report.bye for report in verdict.reports)
        assert len(verdict.reports) >= 8, "SR of both engines, with counts that go on"
        for then, now in zip(before, (sa.stats(), sb.stats()), strict=True):
            assert now.packets_in == then.packets_in + 35
            assert now.expected == then.expected + 35
            assert now.packets_out == then.packets_out + 35
            assert (now.lost, now.dropped) == (0, 0)
            assert now.jitter_mean_ms > 0
            assert (now.remote_host, now.remote_port) == (then.remote_host, then.remote_port)
    finally:
        await two.stop()


async def test_loss_over_the_change_is_counted_once(phone: MakePhone) -> None:
    a = phone()
    one = await started()
    stream = opened(one, a)
    one.echo(stream)
    await a.talk(stream.rtp_port, 10, every_s=0.005)
    await eventually(lambda: stream.stats().packets_in == 10)
    state = await stream.export(hand_over=True)
    await a.talk(stream.rtp_port, 3, every_s=0.005)
    await one.stop()
    assert stream.stats().dropped_alien == 3, "after its last moment it takes nothing"
    two = await started()
    try:
        again = two.reopen_stream(label="again", rtp_port=stream.rtp_port, state=state)
        two.echo(again)
        await a.talk(again.rtp_port, 10, every_s=0.005)
        await eventually(lambda: again.stats().packets_in == 20)
        assert (again.stats().expected, again.stats().lost) == (23, 3)
        assert_one_stream(a.capture(), loss=True, markers=False, slack_s=None)
    finally:
        await two.stop()


async def test_a_copy_leaves_the_stream_alone(phone: MakePhone) -> None:
    a = phone()
    media = await started()
    try:
        stream = opened(media, a)
        media.echo(stream)
        first, second = await asyncio.gather(stream.export(), stream.export())
        assert first[:8] == second[:8]
        a.say(stream.rtp_port)
        assert len(await a.hear_some(1)) == 1
        assert await stream.export() != first
    finally:
        await media.stop()


async def test_the_latch_goes_along(phone: MakePhone) -> None:
    """A phone behind NAT proved its address in the first engine; a stranger is none in the second."""
    a, thief = phone(), phone()
    one = await started()
    stream = opened(one, a, rtp_host="192.0.2.7", rtp_port=4000)
    await a.talk(stream.rtp_port, 12)
    await eventually(lambda: stream.stats().remote_port == a.port)
    state = await stream.export(hand_over=True)
    await one.stop()
    two = await started()
    try:
        again = two.reopen_stream(label="again", rtp_port=stream.rtp_port, state=state)
        two.echo(again)
        thief.say(again.rtp_port)
        a.say(again.rtp_port)
        assert len(await a.hear_some(1)) == 1
        assert again.stats().dropped_alien == stream.stats().dropped_alien + 1
        assert thief.hear() == []
    finally:
        await two.stop()


async def test_an_encrypted_stream_stays_shut_until_it_has_its_keys_again(phone: MakePhone) -> None:
    a = phone()
    one = await started()
    stream = opened(one, a)
    stream.secure(None, None)
    state = await stream.export(hand_over=True)
    await one.stop()
    two = await started()
    try:
        again = two.reopen_stream(label="again", rtp_port=stream.rtp_port, state=state)
        two.echo(again)
        a.say(again.rtp_port)
        await eventually(lambda: again.stats().dropped_unkeyed == 1)
        await asyncio.sleep(0.1)
        assert a.capture() == []
    finally:
        await two.stop()


async def test_what_is_no_state_of_this_build_is_refused(phone: MakePhone) -> None:
    media = await started()
    try:
        stream = opened(media, phone())
        state = await stream.export()
        port = stream.rtp_port
        with pytest.raises(NoPortError):
            media.reopen_stream(label="x", rtp_port=port, state=state)
        free = next(each for each in range(FIRST, LAST, 2) if each != port)
        for wrong in (b"", state[:-1], b"\xff" * 8 + state[8:]):
            with pytest.raises(ValueError, match="another build"):
                media.reopen_stream(label="x", rtp_port=free, state=wrong)
        with pytest.raises(NoPortError):
            media.reopen_stream(label="x", rtp_port=1, state=state)
    finally:
        await media.stop()


async def test_reports_keep_their_name_and_their_round_trip(phone: MakePhone) -> None:
    a = phone()
    one = await started()
    stream = opened(one, a)
    one.echo(stream)
    a.throw(Report(a.ssrc, (7, 8 << 16, 1, 1, 1)).write() + sdes(a.ssrc, b"a"), stream.rtcp_port, rtcp=True)
    captured = []
    for _ in range(10):
        a.say(stream.rtp_port)
        await asyncio.sleep(0.02)
        captured += a.capture()
    state = await stream.export(hand_over=True)
    await one.stop()
    two = await started()
    try:
        again = two.reopen_stream(label="again", rtp_port=stream.rtp_port, state=state)
        two.echo(again)
        for _ in range(10):
            a.say(again.rtp_port)
            await asyncio.sleep(0.02)
            captured += a.capture()
        verdict = assert_one_stream(captured, markers=False)
        assert {block.last_report for report in verdict.reports for block in report.blocks} == {7 << 16 | 8}
    finally:
        await two.stop()
