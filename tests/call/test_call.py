"""Whole calls on scripted legs: what each side is told, what is recorded, what is given back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.connect import connect
from pbx.call.ending import Ending
from pbx.call.transfer import Transfer
from pbx.core.errors import PeerError
from pbx.model.leg_event import Answered, Ended, LegCause, Offered, Progress, Refused
from pbx.model.party import DialTarget, Diversion
from pbx.model.stream import Resumed, StreamStats, WentSilent
from tests.call.parts import G722, PCMA, PCMU, FakeStream, Office, ScriptedLeg, sdp, settle, target

OFFER = sdp(PCMU, PCMA, "101 telephone-event/8000")


class Ring:
    """A router that rings fixed targets, as the extension feature does; a transfer rings the target it names."""

    def __init__(
        self, *uris: str, timeout_s: float = 5.0, redirect: dict[str, list[DialTarget]] | None = None
    ) -> None:
        self.targets = [target(uri) for uri in uris]
        self.timeout_s = timeout_s
        self.redirect = redirect or {}

    async def route(self, call: Call) -> None:
        await connect(
            call,
            self.targets,
            ring_timeout_s=self.timeout_s,
            redirect=lambda uri: self.redirect.get(uri, []),
        )

    async def transfer(self, call: Call, transfer: Transfer) -> None:
        await connect(
            call, [target(f"sip:{transfer.to}")], ring_timeout_s=self.timeout_s, redirect=lambda uri: []
        )


class Program:
    """A router that runs one function."""

    def __init__(self, route: Callable[[Call], Awaitable[None]]) -> None:
        self._route = route

    async def route(self, call: Call) -> None:
        await self._route(call)

    async def transfer(self, call: Call, transfer: Transfer) -> None:
        raise PeerError(403, "No Transfers Here")


async def start(office: Office, router: Ring | Program) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(office.call.run(router))
    await settle()
    return task


async def talking(office: Office, *, answer: bytes | None = None) -> asyncio.Task[None]:
    task = await start(office, Ring("sip:b"))
    office.signaling.legs["sip:b"].tell(Answered(answer or sdp(PCMU)))
    await settle()
    assert office.call.a.answered
    return task


def everything_is_given_back(office: Office) -> None:
    assert office.media.open_streams == []
    assert office.media.links == {}
    assert office.media.bridges == {}


async def test_an_answered_call_is_linked_answered_and_recorded() -> None:
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b"))
    phone = office.signaling.legs["sip:b"]
    phone.tell(Progress(180))
    await settle()
    assert office.caller.progressed == [(180, None)]
    phone.tell(Answered(sdp(PCMU, "101 telephone-event/8000")))
    await settle()
    assert office.caller.answers[0] is not None
    assert b"m=audio 10000 RTP/AVP 0 101" in office.caller.answers[0]
    assert office.media.links == {"call-1/a": ("call-1/b1", {0: 0, 101: 101}, {0: 0, 101: 101})}
    phone.tell(Ended(LegCause.NORMAL))
    await task
    assert office.caller.ended == [LegCause.NORMAL]
    cdr = office.cdr
    assert (cdr.disposition, cdr.hung_up_by, cdr.answered_by) == ("answered", "b1", "sip:b")
    assert cdr.talk_s > 0
    everything_is_given_back(office)


async def test_the_cdr_is_written_at_the_start_the_answer_and_the_end() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    assert [each.disposition for each in office.log.cdrs] == ["in_progress", "in_progress"]
    assert office.log.cdrs[1].answered_at is not None
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    assert [each.disposition for each in office.log.cdrs][2:] == ["answered"]


async def test_the_caller_hanging_up_while_it_rings_cancels_every_phone() -> None:
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b", "sip:c"))
    office.caller.tell(Ended(LegCause.CANCELLED, 487))
    await task
    assert [leg.ended for leg in office.signaling.legs.values()] == [[LegCause.CANCELLED]] * 2
    assert office.caller.rejected == []
    assert office.cdr.disposition == "cancelled"
    everything_is_given_back(office)


async def test_the_losers_of_a_fork_hear_that_it_was_answered_elsewhere() -> None:
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b", "sip:c"))
    office.signaling.legs["sip:c"].tell(Answered(sdp(PCMA)))
    await settle()
    assert office.signaling.legs["sip:b"].ended == [LegCause.ANSWERED_ELSEWHERE]
    assert office.media.links["call-1/a"][1] == {8: 8}
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    assert office.signaling.legs["sip:c"].ended == [LegCause.NORMAL]
    everything_is_given_back(office)


async def test_a_photo_finish_has_one_winner_and_the_other_is_hung_up() -> None:
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b", "sip:c"))
    for leg in office.signaling.legs.values():
        leg.tell(Answered(sdp(PCMU)))
    await settle()
    ended = [leg.ended for leg in office.signaling.legs.values()]
    assert sorted(ended, key=len) == [[], [LegCause.ANSWERED_ELSEWHERE]]
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    everything_is_given_back(office)


@pytest.mark.parametrize(
    ("statuses", "told", "disposition"),
    [
        ((486,), 486, "busy"),
        ((603,), 603, "busy"),
        ((480,), 480, "no_answer"),
        ((408,), 408, "no_answer"),
        ((404, 486), 486, "busy"),
        ((503, 404), 404, "failed"),
        ((503,), 480, "no_answer"),
        ((488,), 488, "failed"),
    ],
)
async def test_the_caller_gets_the_refusal_that_says_most(
    statuses: tuple[int, ...], told: int, disposition: str
) -> None:
    office = Office(offer=OFFER)
    uris = [f"sip:{index}" for index in range(len(statuses))]
    answers = dict(zip(uris, statuses, strict=True))
    office.signaling.on_dial = lambda uri, leg: leg.tell(Refused(answers[uri], ""))
    await (await start(office, Ring(*uris)))
    assert office.caller.rejected == [told]
    assert office.cdr.disposition == disposition
    everything_is_given_back(office)


async def test_a_decline_stops_the_other_phones() -> None:
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b", "sip:c"))
    office.signaling.legs["sip:b"].tell(Refused(603, "Decline"))
    await task
    assert office.signaling.legs["sip:c"].ended == [LegCause.CANCELLED]
    assert office.caller.rejected == [603]


async def test_no_answer_in_time_is_no_answer() -> None:
    office = Office(offer=OFFER)
    await (await start(office, Ring("sip:b", timeout_s=0.02)))
    assert office.signaling.legs["sip:b"].ended == [LegCause.NO_ANSWER]
    assert office.caller.rejected == [480]
    assert (office.cdr.disposition, office.cdr.cause) == ("no_answer", "no_answer")


async def test_everybody_of_a_large_group_is_rung() -> None:
    office = Office(offer=OFFER, capacity=200)
    uris = tuple(f"sip:{n}" for n in range(60))
    task = await start(office, Ring(*uris))
    await settle(200)
    assert set(office.signaling.legs) == set(uris)
    office.signaling.legs["sip:59"].tell(Answered(sdp(PCMU)))
    await settle(200)
    assert all(office.signaling.legs[uri].ended for uri in uris[:-1])
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_a_call_that_goes_round_through_a_provider_ends() -> None:
    """Each time it comes back as another call, with more who have sent it on; the numbers are written otherwise."""
    office = Office(offer=OFFER)
    office.call.incoming = replace(
        office.call.incoming, diverted=tuple(Diversion(f"+4930{n}", "unconditional") for n in range(9))
    )
    office.call.diverted = list(office.call.incoming.diverted)
    office.call.divert("103", "unconditional", "0301")
    with pytest.raises(PeerError) as refused:
        office.call.divert("103", "unconditional", "0302")
    assert refused.value.sip_status == 482
    await office.call.run(Program(_nothing))


async def _nothing(_call: Call) -> None: ...


async def test_a_redirect_is_followed_and_the_new_phone_can_answer() -> None:
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b", redirect={"sip:c": [target("sip:c")]}))
    office.signaling.legs["sip:b"].tell(Refused(302, "Moved", ("sip:c",)))
    await settle()
    office.signaling.legs["sip:c"].tell(Answered(sdp(PCMU)))
    await settle()
    assert office.call.a.answered
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    everything_is_given_back(office)


async def test_redirects_in_a_circle_end() -> None:
    office = Office(offer=OFFER)
    office.signaling.on_dial = lambda uri, leg: leg.tell(Refused(302, "Moved", ("sip:b",)))
    await (await start(office, Ring("sip:b", redirect={"sip:b": [target("sip:b")]})))
    assert office.caller.rejected == [480]
    everything_is_given_back(office)


async def test_early_media_is_linked_and_the_answer_repeats_it() -> None:
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b"))
    phone = office.signaling.legs["sip:b"]
    phone.tell(Progress(183, sdp(PCMU)))
    await settle()
    assert office.caller.progressed[0][0] == 183
    assert "call-1/a" in office.media.links
    phone.tell(Answered(sdp(PCMU)))
    await settle()
    assert office.caller.answers == [office.caller.progressed[0][1]]
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_early_media_that_comes_from_elsewhere_is_followed() -> None:
    """A provider's announcement, then ringback from another machine, then silence about it, then the answer."""
    office = Office(offer=OFFER)
    task = await start(office, Ring("sip:b"))
    phone = office.signaling.legs["sip:b"]
    heard: list[int] = []
    for port in (4000, 4000, 6000, 8000):
        phone.tell(Progress(183, sdp(PCMU, port=port)))
        await settle()
        remote = office.media.streams[1].remote
        assert remote is not None
        heard.append(remote.rtp_port)
        assert office.media.links["call-1/a"][0] == "call-1/b1"
    assert heard == [4000, 4000, 6000, 8000]
    phone.tell(Progress(180))
    phone.tell(Progress(183, sdp("97 iLBC/8000", port=9000)))
    await settle()
    remote = office.media.streams[1].remote
    assert remote is not None
    assert remote.rtp_port == 8000, "what cannot be heard is not followed"
    assert [status for status, _ in office.caller.progressed] == [183, 180]
    phone.tell(Answered(sdp(PCMU, port=8000)))
    await settle()
    assert office.caller.answers == [office.caller.progressed[0][1]], (
        "the caller's answer is the one it has had"
    )
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_payload_numbers_are_rewritten_where_the_legs_differ() -> None:
    office = Office(offer=sdp("96 opus/48000/2", PCMU))
    task = await talking(office, answer=sdp("111 opus/48000/2"))
    assert office.media.links["call-1/a"] == ("call-1/b1", {96: 111}, {96: 96})
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_an_invite_without_offer_gets_ours_and_its_answer_comes_with_the_ack() -> None:
    office = Office(offer=None)
    office.caller.ack_sdp = sdp(PCMU)
    task = await talking(office)
    assert office.caller.answers[0] is not None
    assert b"PCMU/8000" in office.caller.answers[0]
    assert office.media.links["call-1/a"][1] == {0: 0}
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_an_offer_without_a_codec_of_ours_is_488() -> None:
    office = Office(offer=sdp("97 iLBC/8000"))
    await (await start(office, Ring("sip:b")))
    assert office.caller.rejected == [488]
    assert office.signaling.legs == {}
    everything_is_given_back(office)


async def test_an_answer_without_a_common_codec_ends_the_phone_and_is_488() -> None:
    office = Office(offer=sdp(PCMU))
    task = await start(office, Ring("sip:b"))
    office.signaling.legs["sip:b"].tell(Answered(sdp(G722)))
    await task
    assert office.signaling.legs["sip:b"].ended == [LegCause.INCOMPATIBLE]
    assert office.caller.rejected == [488]
    everything_is_given_back(office)


async def test_no_free_port_is_503_with_retry_after() -> None:
    office = Office(offer=OFFER, capacity=0)
    await (await start(office, Ring("sip:b")))
    assert office.caller.rejected == [503]
    assert office.cdr.sip_status == 503


async def test_no_free_port_for_the_second_leg_is_503_too() -> None:
    office = Office(offer=OFFER, capacity=1)
    await (await start(office, Ring("sip:b")))
    assert office.caller.rejected == [503]
    everything_is_given_back(office)


async def test_hold_stops_the_audio_and_plays_the_tone_to_the_other_side() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    office.caller.tell(Offered(sdp(PCMU, direction="sendonly")))
    await settle()
    assert b"a=recvonly" in (office.caller.answers[-1] or b"")
    assert office.media.links == {}
    assert office.media.playing == {"call-1/b1": "hold"}
    assert office.call.live.view().state == "held"
    office.caller.tell(Offered(sdp(PCMU)))
    await settle()
    assert "call-1/a" in office.media.links
    assert office.media.playing == {}
    assert office.signaling.legs["sip:b"].reoffers == []
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    assert [kind for kind in office.kinds() if kind in ("LegHeld", "LegResumed")] == ["LegHeld", "LegResumed"]


async def test_the_callee_can_hold_as_well() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    office.signaling.legs["sip:b"].tell(Offered(sdp(PCMU, direction="inactive")))
    await settle()
    assert office.media.playing == {"call-1/a": "hold"}
    office.signaling.legs["sip:b"].tell(Ended(LegCause.NORMAL))
    await task
    everything_is_given_back(office)


async def test_a_new_codec_that_the_other_side_lacks_is_bridged_and_the_other_side_is_not_asked() -> None:
    office = Office(offer=OFFER, transcodes=True)
    task = await talking(office)
    phone = office.signaling.legs["sip:b"]
    office.caller.tell(Offered(sdp(G722)))
    await settle()
    assert phone.reoffers == []
    assert (office.media.links, office.media.bridges) == ({}, {"call-1/a": "call-1/b1"})
    office.caller.tell(Offered(sdp(PCMU)))
    await settle()
    assert (office.media.links["call-1/a"][1], office.media.bridges) == ({0: 0}, {})
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    everything_is_given_back(office)


async def test_a_new_codec_is_488_on_a_node_that_cannot_transcode() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    office.caller.tell(Offered(sdp(G722)))
    await settle()
    assert office.caller.rejected == [488]
    assert office.media.links["call-1/a"][1] == {0: 0}
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_a_reoffer_nobody_can_meet_is_488_and_the_call_goes_on() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    office.caller.tell(Offered(sdp("97 iLBC/8000")))
    await settle()
    assert office.caller.rejected == [488]
    assert office.media.links["call-1/a"][1] == {0: 0}
    office.caller.tell(Ended(LegCause.NORMAL))
    await task
    assert office.cdr.disposition == "answered"


async def test_a_muted_phone_that_answers_keeps_its_call_and_a_dead_one_loses_it() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    stream: FakeStream = office.media.streams[1]
    phone = office.signaling.legs["sip:b"]
    stream.on_event(WentSilent(60_000))
    await asyncio.sleep(0.05)
    assert phone.asked > 1
    assert not task.done()
    phone.is_alive = False
    await asyncio.wait_for(task, 1)
    assert phone.ended == office.caller.ended == [LegCause.MEDIA_TIMEOUT]
    assert office.cdr.cause == "media_timeout"


async def test_rtcp_is_proof_of_life() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    stream = office.media.streams[1]
    stream.counters = StreamStats(rtcp_age_s=0.0)
    stream.on_event(WentSilent(60_000))
    await asyncio.sleep(0.05)
    assert office.signaling.legs["sip:b"].asked == 0
    stream.on_event(Resumed())
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_silence_of_a_held_phone_means_nothing() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    office.caller.tell(Offered(sdp(PCMU, direction="inactive")))
    await settle()
    office.media.streams[0].on_event(WentSilent(60_000))
    await asyncio.sleep(0.03)
    assert office.caller.asked == 0
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


async def test_a_bug_in_a_program_ends_only_its_call_and_says_500(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(call: Call) -> None:
        raise ZeroDivisionError

    office = Office(offer=OFFER)
    await (await start(office, Program(broken)))
    assert office.caller.rejected == [500]
    assert "a call's task failed" in caplog.text
    everything_is_given_back(office)


async def test_a_refusal_keeps_its_status_and_reason() -> None:
    async def refuse(call: Call) -> None:
        raise PeerError(404, "Not Found")

    office = Office(offer=OFFER)
    await (await start(office, Program(refuse)))
    assert office.caller.rejected == [404]
    assert (office.cdr.disposition, office.cdr.cause, office.cdr.sip_status) == ("failed", "not_found", 404)


async def test_hanging_up_from_outside_tells_both_phones() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    office.call.hang_up(Ending(LegCause.SHUTDOWN, 503))
    await task
    assert office.caller.ended == office.signaling.legs["sip:b"].ended == [LegCause.SHUTDOWN]
    everything_is_given_back(office)


@pytest.mark.parametrize("steps", range(12))
async def test_a_hang_up_at_any_moment_leaks_nothing(steps: int) -> None:
    office = Office(offer=OFFER)

    def pick_up(_uri: str, leg: ScriptedLeg) -> None:
        leg.tell(Progress(180))
        leg.tell(Answered(sdp(PCMU)))

    office.signaling.on_dial = pick_up
    task = asyncio.get_running_loop().create_task(office.call.run(Ring("sip:b", "sip:c")))
    for _ in range(steps):
        await asyncio.sleep(0)
    office.caller.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(task, 1)
    everything_is_given_back(office)
    assert len(asyncio.all_tasks()) == 1
    assert all(leg.ended for leg in office.signaling.legs.values())
    assert office.log.cdrs[-1].ended_at is not None
