"""Who is told whom it talks with: phones of this office only, and nobody is named who is not to be."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.connect import connect
from pbx.call.connected import identity_of
from pbx.call.fork import Fork, Lost
from pbx.call.open_leg import caller_leg
from pbx.model.leg_event import Answered, Ended, LegCause, Progress, Refused
from pbx.model.party import DialTarget, Party
from tests.call.parts import PCMU, Office, sdp, settle, target

BOB = replace(target("sip:b"), label="102", extension="102")
CAROL = replace(target("sip:c"), label="103", extension="103")
OUTSIDE = replace(target("sip:o"), label="+4930123456", trunk="provider")


class Rings:
    """A router that rings its targets, and then the next ones when nobody answers."""

    def __init__(self, *rounds: list[DialTarget]) -> None:
        self._rounds = rounds

    async def route(self, call: Call) -> None:
        for targets in self._rounds[:-1]:
            outcome = await Fork(call, ring_timeout_s=5, redirect=lambda _: []).ring(targets)
            assert isinstance(outcome, Lost)
        await connect(call, self._rounds[-1], ring_timeout_s=5, redirect=lambda _: [])

    async def transfer(self, call: Call, transfer: object) -> None: ...


def office_of(caller: Party | None = None) -> Office:
    office = Office(offer=sdp(PCMU))
    names = {"102": "Bob", "103": "Carol"}
    ports = replace(office.ports, name_of=lambda extension: names.get(extension, ""))
    incoming = replace(office.call.incoming, caller=caller or office.call.incoming.caller)
    office.call = Call("call-1", incoming, ports)
    return office


async def answered_by(office: Office, uri: str, *rounds: list[DialTarget]) -> None:
    """One answers, of the last who are rung; all others refuse."""
    task = asyncio.ensure_future(office.call.run(Rings(*rounds)))
    for targets in rounds:
        await settle()
        for each in targets:
            office.signaling.legs[each.uri].tell(Progress(180))
        await settle()
        for each in targets:
            if each.uri != uri:
                office.signaling.legs[each.uri].tell(Refused(486, "Busy Here"))
    await settle()
    office.signaling.legs[uri].tell(Answered(sdp(PCMU)))
    await settle()
    assert office.call.talking is not None
    office.caller.tell(Ended(LegCause.NORMAL))
    await task


BOBS, CAROLS = Party("102", "Bob", extension="102"), Party("103", "Carol", extension="103")


@pytest.mark.parametrize(
    ("rounds", "uri", "shown"),
    [
        ([[BOB]], "sip:b", [BOBS]),
        ([[BOB, CAROL]], "sip:c", [CAROLS]),
        ([[BOB], [CAROL]], "sip:c", [BOBS, None, CAROLS]),
        ([[OUTSIDE]], "sip:o", []),
        ([[BOB, OUTSIDE]], "sip:o", []),
        ([[BOB], [OUTSIDE]], "sip:o", [BOBS, None]),
    ],
)
async def test_whom_a_caller_of_the_office_is_shown(
    rounds: list[list[DialTarget]], uri: str, shown: list[Party | None]
) -> None:
    office = office_of()
    await answered_by(office, uri, *rounds)
    assert office.caller.shown == shown
    assert office.signaling.legs[uri].shown == [], "its INVITE has said who calls"


async def test_a_caller_from_outside_is_told_nothing() -> None:
    office = office_of(Party("+4930123456", "Dora"))
    await answered_by(office, "sip:b", [BOB])
    assert office.caller.shown == []


@pytest.mark.parametrize(
    ("caller", "withheld", "shown"),
    [
        (Party("+4930123456", "Dora", shown="030123456"), False, "Dora"),
        (Party("102", extension="102"), False, "Bob"),
        (Party("102", "Robert", extension="102"), False, "Robert"),
        (Party("102", extension="102"), True, None),
        (Party("", "Somebody"), False, None),
    ],
)
async def test_who_may_be_named(caller: Party, withheld: bool, shown: str | None) -> None:
    office = office_of(caller)
    leg = caller_leg("call-1", replace(office.call.incoming, withheld=withheld), office.call.ports)
    leg.answered = True

    def name() -> str | None:
        party = identity_of(office.call.ports, leg)
        return None if party is None else party.name

    assert name() == shown
    office.call.adopt(leg, "call-2")
    assert name() == shown, "in another call, too"
    await leg.close(LegCause.NORMAL)
