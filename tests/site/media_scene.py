"""An office with messages, prompts, recordings, a conference and a busy queue.

`python -m tests.site.media_scene [PORT] [CALLS]` serves it until stopped, with so many calls in its history.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pbx.model.audio_event import AudioStarted, LegQuality, Sound
from pbx.model.flow_event import FlowEntered, NodeEntered, NodeLeft
from pbx.model.recording_event import RecordingStarted

from pbx.model import call_event as happened
from pbx.model.cdr import Cdr
from pbx.model.conference import ConferenceWrite
from pbx.model.conference_status import ConferenceMember, ConferenceStatus
from pbx.model.kinds import CONFERENCE, PROMPT
from pbx.model.prompt import Prompt
from pbx.model.queue_status import AgentState, AgentStatus, QueueStatus, WaitingCaller
from pbx.sip.hop import Hop
from tests.site import scene
from tests.site.media_stage import MediaStage, speechlike
from tests.site.stage import Stage, staged

OUTSIDE = ("+493012345678", "Weber & Sons")


async def voices(stage: Stage, media: MediaStage) -> None:
    """Boxes with messages and a greeting; prompts, spoken and recorded."""
    for number, name in (("101", "Alice Morgan"), ("102", "Bob Okafor"), ("900", "Sales")):
        await media.mailbox(number, name)
    await media.message(
        "101",
        OUTSIDE,
        seconds=14,
        ago_s=1900,
        urgent=True,
        transcript="Hello Alice, this is Peter Weber. The delivery did not come. Please call me back today.",
        transcript_state="done",
    )
    await media.message("101", ("102", "Bob Okafor"), seconds=6, ago_s=9000, from_extension="102")
    await media.message("101", ("", ""), seconds=31, ago_s=90_000, read=True)
    await media.message("101", ("+442079460123", ""), seconds=22, ago_s=200_000, read=True, saved=True)
    await media.message("900", ("+12125550147", "Hudson Supplies"), seconds=9, ago_s=700)
    await media.deps.records.apply(
        [
            (PROMPT, Prompt(id="welcome", name="Welcome", text="Welcome to Morgan and Partners.")),
            (
                PROMPT,
                Prompt(
                    id="closed",
                    name="We are closed",
                    text="Our office is closed. Please call again tomorrow.",
                ),
            ),
            (PROMPT, Prompt(id="holiday", name="Summer holiday", code="7", recorders=("101",))),
        ]
    )
    prompts = media.deps.prompts
    assert prompts is not None
    sound = media.folder / "welcome.wav"
    speechlike(sound, 5, rate_hz=16000)

    async def pieces() -> AsyncIterator[bytes]:
        yield sound.read_bytes()

    await prompts.receive("welcome", pieces(), by="admin")


async def rooms(media: MediaStage) -> None:
    now = datetime.now(UTC)
    await media.deps.records.apply(
        [
            (CONFERENCE, ConferenceWrite(number="800", name="Monday meeting")),
            (CONFERENCE, ConferenceWrite(number="801", name="Board")),
        ]
    )

    def member(index: int, number: str, name: str, ago_s: float, **marks: object) -> ConferenceMember:
        values = {
            "moderator": False,
            "state": "in",
            "muted": False,
            "silenced": False,
            "talking": False,
        } | marks
        return ConferenceMember(
            member=index,
            call=f"conference-{index}",
            number=number,
            name=name,
            joined_at=now - timedelta(seconds=ago_s),
            **values,  # type: ignore[arg-type]
        )

    media.conferences.put(
        ConferenceStatus(
            conference="800",
            name="Monday meeting",
            needs_pin=True,
            has_moderator_pin=True,
            recording=True,
            since=now - timedelta(seconds=1260),
            members=(
                member(1, "101", "Alice Morgan", 1260, moderator=True, talking=True),
                member(2, "102", "Bob Okafor", 1190),
                member(3, *OUTSIDE, 800, muted=True, silenced=True),
                member(4, "104", "David Lindqvist", 45, state="held"),
            ),
        )
    )
    media.conferences.put(
        ConferenceStatus(conference="801", name="Board", needs_pin=True, has_moderator_pin=False)
    )


def queues(media: MediaStage) -> None:
    now = datetime.now(UTC)

    def agent(extension: str, state: AgentState, calls: int) -> AgentStatus:
        return AgentStatus(
            extension=extension,
            state=state,
            logged_in=state != "logged_out",
            paused=state == "paused",
            calls=calls,
            last_call_at=now - timedelta(seconds=400) if calls else None,
        )

    def caller(number: str, name: str, waited: float) -> WaitingCaller:
        return WaitingCaller(
            call=f"waiting-{number}",
            number=number,
            name=name,
            since=now - timedelta(seconds=waited),
            waited_s=waited,
        )

    media.queues.queues["700"] = QueueStatus(
        queue="700",
        name="Support",
        waiting=2,
        call_backs=1,
        longest_wait_s=94,
        answered=41,
        abandoned=3,
        overflowed=1,
        answered_in_time=36,
        service_level=36 / 44,
        average_wait_s=17.4,
        callers=(caller(*OUTSIDE, 94), caller("+442079460123", "", 21)),
        agents=(
            agent("101", "talking", 14),
            agent("102", "free", 12),
            agent("103", "paused", 9),
            agent("104", "logged_out", 0),
        ),
    )
    media.queues.queues["701"] = QueueStatus(
        queue="701",
        name="Sales",
        waiting=0,
        call_backs=0,
        longest_wait_s=0,
        answered=0,
        abandoned=0,
        overflowed=0,
        answered_in_time=0,
        service_level=None,
        average_wait_s=None,
        callers=(),
        agents=(agent("110", "no_phone", 0),),
    )


async def recorded_call(stage: Stage, media: MediaStage) -> str:
    """A call from outside through a flow, with two legs, a recording and its SIP messages; its id."""
    call = stage.call(1500)
    at = call.at

    def later(seconds: float) -> datetime:
        return at + timedelta(seconds=seconds)

    for event in (
        happened.CallOffered(
            call=call.id,
            at=at,
            from_number=OUTSIDE[0],
            from_name=OUTSIDE[1],
            from_extension=None,
            dialled="+493099887766",
            source="198.51.100.9:5060",
        ),
        happened.CallRouted(call=call.id, at=at, kind="flow", to="600", to_name="Main line"),
        FlowEntered(call=call.id, at=at, flow="600", name="Main line", revision=3),
        NodeEntered(call=call.id, at=at, flow="600", node="hours", kind="schedule"),
        NodeLeft(call=call.id, at=later(0.1), flow="600", node="hours", exit="open"),
        NodeEntered(call=call.id, at=later(0.1), flow="600", node="menu", kind="menu"),
        happened.LegAnswered(call=call.id, at=later(0.2), leg="a"),
        happened.DigitSeen(call=call.id, at=later(6), leg="a", digit="1", via="rfc4733"),
        NodeLeft(call=call.id, at=later(6), flow="600", node="menu", exit="1", detail="1"),
        NodeEntered(call=call.id, at=later(6), flow="600", node="alice", kind="dial"),
        happened.LegDialled(call=call.id, at=later(6.1), leg="b1", target="101", extension="101"),
        happened.LegDialled(call=call.id, at=later(6.1), leg="b2", target="102", extension="102"),
        happened.LegRinging(call=call.id, at=later(6.3), leg="b1", status=180),
        happened.LegRinging(call=call.id, at=later(6.4), leg="b2", status=180),
        happened.LegAnswered(call=call.id, at=later(11), leg="b1"),
        happened.LegEnded(call=call.id, at=later(11), leg="b2", cause="answered_elsewhere"),
        AudioStarted(call=call.id, at=later(11.1), leg="a"),
        AudioStarted(call=call.id, at=later(11.1), leg="b1"),
        RecordingStarted(
            call=call.id, at=later(11.2), leg="b1", recording=f"{call.id}-1", file=f"{call.id}.wav"
        ),
    ):
        await call.play(event)
    call.at = later(11 + 42)
    for leg, lost, grade, cause in (("a", 90, "fair", "loss"), ("b1", 0, "good", "")):
        await call.play(
            LegQuality(
                call=call.id,
                at=call.at,
                leg=leg,
                packets_in=2100,
                packets_out=2120,
                lost=lost,
                jitter_ms=4.2,
                codec="PCMA",
                heard=Sound(
                    mos=3.6 if cause else 4.4, grade=grade, cause=cause, loss=0.043 if cause else 0.0
                ),
                mos_every_s=5.0,
                heard_mos=(4.4, 4.3, 3.7, 2.1, 0.0, 3.8, 4.4, 4.4) if cause else (4.4,) * 8,
                remote="192.0.2.7:41000",
                local_port=10_002,
                encryption="sdes" if cause else "plain",
            )
        )
    await call.end(by="a")
    await media.recordings.add(
        call.id, OUTSIDE[0], "101", seconds=42, ago_s=1489, trunk="main", reasons=("extension:101",)
    )
    traced(media, call.id)
    return call.id


def traced(media: MediaStage, call: str) -> None:
    """The SIP messages of that call."""
    legs = (
        (Hop("UDP", "198.51.100.9", 5060), "trunk-call", False),
        (Hop("UDP", "192.0.2.31", 5062), "alice-call", True),
    )
    at = 1000.0
    for index, (hop, call_id, ours) in enumerate(legs):
        media.trace.belongs(call, call_id)
        for start, cseq, ours_too in (
            ("INVITE sip:101@192.0.2.10 SIP/2.0", "1 INVITE", True),
            ("SIP/2.0 100 Trying", "1 INVITE", False),
            ("SIP/2.0 180 Ringing", "1 INVITE", False),
            ("SIP/2.0 200 OK", "1 INVITE", False),
            ("ACK sip:101@192.0.2.10 SIP/2.0", "1 ACK", True),
            ("BYE sip:101@192.0.2.10 SIP/2.0", "2 BYE", True),
            ("SIP/2.0 200 OK", "2 BYE", False),
        ):
            at += 0.21
            message = (
                f"{start}\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK{index}{cseq[0]}\r\nFrom: <sip:a@b>;tag=1\r\n"
                f"To: <sip:101@b>\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\nContent-Length: 0\r\n\r\n"
            )
            media.trace.keep(message.encode(), hop, at, out=ours_too == ours)


async def long_past(stage: Stage, calls: int) -> None:
    """So many calls in the last 80 days, more in the mornings."""
    dice = random.Random(7)
    people = (scene.ALICE, scene.BOB, scene.CAROL, scene.DAVID, scene.EVE)
    now = datetime.now(UTC)
    made: list[Cdr] = []
    for index in range(calls):
        day = dice.randrange(1, 80)
        start = (now - timedelta(days=day)).replace(
            hour=int(dice.triangular(7, 18, 9)), minute=dice.randrange(60)
        )
        caller, callee = dice.sample(people, 2)
        outside = dice.random() < 0.5
        number, name = (f"+4930{dice.randrange(10**6, 10**7)}", "") if outside else caller
        answered = dice.random() < 0.8
        wait, talk = dice.expovariate(1 / 9), dice.expovariate(1 / 170)
        cdr = Cdr(
            id=f"{int(start.timestamp() * 1000):013d}-L{index:06d}",
            from_number=number,
            from_name=name,
            from_extension=None if outside else number,
            dialled=callee[0],
            direction="inbound" if outside else "internal",
            did=dice.choice(("+493099887766", "+493099887700")) if outside else None,
            wait_s=wait,
            missed=not answered,
            to_extension=callee[0],
            to_name=callee[1],
            answered_by=callee[0] if answered else None,
            started_at=start,
            answered_at=start + timedelta(seconds=wait) if answered else None,
            ended_at=start + timedelta(seconds=wait + (talk if answered else 0)),
            disposition="answered" if answered else dice.choice(("no_answer", "busy", "cancelled")),
            cause="normal" if answered else "no_answer",
            duration_s=wait + (talk if answered else 0),
            talk_s=talk if answered else 0,
        )
        made.append(cdr)
    # Together, so that one commit takes many of them.
    for first in range(0, len(made), 1000):
        await asyncio.gather(*(stage.deps.cdrs.put(each) for each in made[first : first + 1000]))


async def furnished(stage: Stage, media: MediaStage) -> str:
    """Everything but the long past; the id of the recorded call."""
    await scene.people(stage)
    await scene.past(stage)
    await voices(stage, media)
    await rooms(media)
    queues(media)
    recorded = await recorded_call(stage, media)
    await scene.present(stage)
    return recorded


async def main(port: int, calls: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        media = MediaStage(Path(folder))
        async with staged(Path(folder), port=port, furnish=media.furnish) as stage:
            await furnished(stage, media)
            await long_past(stage, calls)
            print(stage.setup_url, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*(int(each) for each in [*sys.argv[1:], "0", "0"][:2])))
