"""Transfers on scripted legs: who stays, who is told what, and that no leg is lost or kept."""

from __future__ import annotations

import asyncio

import pytest

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.incoming import Incoming
from pbx.call.transfer import Transfer, take_over
from pbx.model.cdr import Cdr
from pbx.model.leg_event import Answered, Ended, LegCause, Offered, Progress, Referred, Refused
from pbx.model.party import Party
from tests.call.parts import PCMA, PCMU, Office, ScriptedLeg, sdp, settle
from tests.call.test_call import Program, Ring, everything_is_given_back, start, talking

OFFER = sdp(PCMU, PCMA, "101 telephone-event/8000")


async def answers(office: Office, uri: str, *payloads: str) -> ScriptedLeg:
    phone = office.signaling.legs[uri]
    phone.tell(Answered(sdp(*(payloads or (PCMU,)))))
    await settle()
    return phone


async def ends(office: Office, leg: ScriptedLeg, task: asyncio.Task[None]) -> None:
    leg.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(task, 1)
    everything_is_given_back(office)


async def test_the_phone_that_was_called_sends_the_caller_on() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    b = office.signaling.legs["sip:b"]
    b.tell(Referred("c"))
    await settle()
    c = office.signaling.legs["sip:c"]
    assert office.media.playing == {}
    c.tell(Progress(180))
    await settle()
    assert office.media.playing == {"call-1/a": "ringback"}, "a caller that was answered hears that it rings"
    assert b.reports == [180]
    assert office.caller.progressed == [], "nothing is said to a caller that was answered"
    await answers(office, "sip:c")
    assert b.reports == [180, 200]
    assert office.media.links["call-1/a"][0] == "call-1/b2"
    assert office.media.playing == {}
    b.tell(Ended(LegCause.NORMAL))
    await settle()
    assert not task.done(), "who transferred may go"
    await ends(office, office.caller, task)
    assert c.ended == [LegCause.NORMAL]
    cdr = office.cdr
    assert (cdr.answered_by, cdr.hung_up_by, cdr.disposition) == ("sip:c", "a", "answered")


async def test_the_caller_sends_on_the_phone_it_called() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    b = office.signaling.legs["sip:b"]
    office.caller.tell(Referred("c"))
    await settle()
    assert office.call.a.name == "b1"
    c = await answers(office, "sip:c")
    assert office.caller.reports == [200]
    assert office.media.links["call-1/b1"][0] == "call-1/b2"
    office.caller.tell(Ended(LegCause.NORMAL))
    await settle()
    assert not task.done()
    await ends(office, b, task)
    assert c.ended == [LegCause.NORMAL]
    assert office.cdr.hung_up_by == "b1"


async def test_a_transferred_phone_shows_who_is_sent_to_it() -> None:
    office = Office(offer=OFFER)
    shown: list[Party] = []
    dial = office.signaling.dial
    office.signaling.dial = lambda target, **more: (shown.append(more["caller"]), dial(target, **more))[1]  # type: ignore[method-assign,func-returns-value]
    task = await talking(office)
    office.caller.tell(Referred("c"))
    await settle()
    assert [each.number for each in shown] == ["101", "sip:b"]
    await ends(office, office.signaling.legs["sip:b"], task)


@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_nobody_answers_and_the_two_talk_again(who: str) -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    b = office.signaling.legs["sip:b"]
    by, stays = (office.caller, b) if who == "caller" else (b, office.caller)
    by.tell(Referred("c"))
    await settle()
    office.signaling.legs["sip:c"].tell(Refused(486, "Busy Here"))
    await settle()
    assert by.reports == [486]
    assert {office.media.links[each][0] for each in office.media.links} < {"call-1/a", "call-1/b1"}
    assert len(office.media.links) == 1
    await ends(office, stays, task)
    assert by.ended == [LegCause.NORMAL]
    assert "TransferFailed" in office.kinds()


async def test_who_transferred_has_gone_and_nobody_answers_then_it_is_rung() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    b = office.signaling.legs["sip:b"]
    office.call.legs["b1"].party = Party("b", extension="b")
    b.tell(Referred("c"))
    await settle()
    b.tell(Ended(LegCause.NORMAL))
    await settle()
    office.signaling.legs["sip:c"].tell(Refused(486, "Busy Here"))
    await settle()
    again = office.signaling.legs["sip:b"]
    assert again is not b
    await answers(office, "sip:b")
    assert office.media.links["call-1/a"][0] == "call-1/b3"
    await ends(office, office.caller, task)
    assert again.ended == [LegCause.NORMAL]


async def test_a_transfer_of_a_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pbx.call.transfer.LINGER_S", 0)
    office = Office(offer=OFFER)
    task = await talking(office)
    office.signaling.legs["sip:b"].tell(Referred("c"))
    await settle()
    c = await answers(office, "sip:c")
    c.tell(Referred("d"))
    await settle()
    d = await answers(office, "sip:d")
    office.caller.tell(Referred("e"))
    await settle()
    e = await answers(office, "sip:e")
    assert (c.reports, office.caller.reports) == ([200], [200])
    assert [*office.media.links] == ["call-1/b3"]
    await ends(office, d, task)
    assert e.ended == [LegCause.NORMAL]
    ended = [event for event in office.cdr.events if type(event).__name__ == "LegEnded"]
    assert len({each.leg for each in ended}) == len(ended) == 5, "each leg ends once"  # type: ignore[union-attr]
    tree = [(each.leg, each.party, each.rung_for, each.cause) for each in office.cdr.legs]
    assert tree == [
        ("a", "101", "", "transferred"),
        ("b1", "sip:b", "a", "transferred"),
        ("b2", "sip:c", "a", "transferred"),
        ("b3", "sip:d", "a", "normal"),
        ("b4", "sip:e", "b3", "normal"),
    ]


async def test_a_phone_that_is_not_talking_transfers_nothing() -> None:
    office = Office(offer=OFFER)

    async def feature(call: Call) -> None:
        await call.answer_caller(call.offered_formats())
        await asyncio.sleep(3600)

    task = await start(office, Program(feature))
    office.caller.tell(Referred("c"))
    await settle()
    assert office.caller.reports == [603]
    await ends(office, office.caller, task)


async def test_a_waiting_phone_may_hold_and_refer_again_in_vain() -> None:
    office = Office(offer=OFFER)
    task = await talking(office)
    b = office.signaling.legs["sip:b"]
    b.tell(Referred("c"))
    await settle()
    b.tell(Offered(sdp(PCMU, direction="sendonly")))
    b.tell(Referred("d"))
    await settle()
    assert b.answers
    assert b.reports == [491]
    assert "sip:d" not in office.signaling.legs
    await ends(office, office.caller, task)


@pytest.mark.parametrize("steps", range(30))
@pytest.mark.parametrize("who", ["caller", "b", "c"])
async def test_a_hang_up_at_any_moment_of_a_transfer_leaks_nothing(steps: int, who: str) -> None:
    office = Office(offer=OFFER)
    task = await talking(office)

    def pick_up(_uri: str, leg: ScriptedLeg) -> None:
        leg.tell(Progress(180))
        leg.tell(Answered(sdp(PCMU)))

    office.signaling.on_dial = pick_up
    b = office.signaling.legs["sip:b"]
    b.tell(Referred("c"))
    for _ in range(steps):
        await asyncio.sleep(0)
    leg = {"caller": office.caller, "b": b}.get(who) or office.signaling.legs.get("sip:c")
    if leg is not None:
        leg.tell(Ended(LegCause.NORMAL))
    await settle()
    if not task.done():
        office.caller.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(task, 1)
    everything_is_given_back(office)
    assert office.call.legs == {}


class Consulted(Ring):
    """A router for an attended transfer: the party that stays gets the phone that the other call reached."""

    def __init__(self, other: Call) -> None:
        super().__init__("sip:b")
        self.other = other

    async def transfer(self, call: Call, transfer: Transfer) -> None:
        await join(call, await take_over(call, self.other.legs["b1"], self.other))


async def two_calls() -> tuple[Office, ScriptedLeg, Call, asyncio.Task[None], asyncio.Task[None]]:
    """101 talks with "sip:b"; in a call of its own, 103 talks with "sip:d"."""
    office = Office(offer=OFFER)
    caller = ScriptedLeg("second")
    second = Call(
        "call-2",
        Incoming(
            leg=caller,
            caller=Party("103", extension="103"),
            dialled="104",
            source="udp:127.0.0.1:5060",
            source_host="127.0.0.1",
            offer=OFFER,
        ),
        office.ports,
    )
    first_task = await start(office, Consulted(second))
    await answers(office, "sip:b")
    second_task = asyncio.get_running_loop().create_task(second.run(Ring("sip:d")))
    await settle()
    await answers(office, "sip:d")
    return office, caller, second, first_task, second_task


def last_cdr(office: Office, call: str) -> Cdr:
    return [cdr for cdr in office.log.cdrs if cdr.id == call][-1]


async def test_a_leg_of_one_call_goes_on_in_another() -> None:
    office, second_caller, _, first_task, second_task = await two_calls()
    b, d = office.signaling.legs["sip:b"], office.signaling.legs["sip:d"]
    b.tell(Referred("104"))
    await settle()
    assert second_task.done(), "the consultation is over"
    assert second_caller.ended == [LegCause.TRANSFERRED]
    assert d.ended == []
    assert office.media.links["call-1/a"][0] == "call-2/b1"
    assert b.reports == [200]
    left = last_cdr(office, "call-2")
    assert (left.continued_in, left.cause, left.disposition) == ("call-1", "transferred", "answered")
    await ends(office, d, first_task)
    first = last_cdr(office, "call-1")
    assert first.answered_by == "sip:d"
    assert [(each.leg, each.party, each.from_call) for each in first.legs][-1] == ("b2", "sip:d", "call-2")
    assert [(each.leg, each.to_call) for each in left.legs] == [("a", None), ("b1", "call-1")]
    assert office.caller.ended == [LegCause.NORMAL]


@pytest.mark.parametrize("steps", range(30))
@pytest.mark.parametrize("who", ["a", "b", "d", "second"])
async def test_a_hang_up_at_any_moment_of_a_joining_leaks_nothing(steps: int, who: str) -> None:
    office, second_caller, _, first_task, second_task = await two_calls()
    b, d = office.signaling.legs["sip:b"], office.signaling.legs["sip:d"]
    b.tell(Referred("104"))
    for _ in range(steps):
        await asyncio.sleep(0)
    {"a": office.caller, "b": b, "d": d, "second": second_caller}[who].tell(Ended(LegCause.NORMAL))
    await settle()
    for each in (office.caller, second_caller):
        each.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(asyncio.gather(first_task, second_task), 1)
    everything_is_given_back(office)
