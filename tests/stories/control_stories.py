"""What the site does with calls, as stories: click to call, hold, park, and listening to a call in three ways."""

from __future__ import annotations

import asyncio

from pbx.core.errors import PeerError, UserError
from pbx.model.leg_event import LegFailed
from pbx.model.stream import DigitPressed
from pbx.model.supervision import How
from pbx.model.supervision_event import SupervisorChanged, SupervisorJoined, SupervisorLeft
from tests.stories.desk_office import DeskOffice, Talk
from tests.stories.desk_stories import (
    Lost,
    Story,
    answered,
    ends,
    expect,
    over,
    pair,
    picks_up,
    refers,
    rings,
    talk_between,
)

__all__ = ["STORIES"]

A, B, C, D = "101", "102", "103", "104"


def going_on(office: DeskOffice, dialled: str) -> str:
    """The id of the call that somebody dialled."""
    found = [each.id for each in office.node.switch.live_calls() if each.dialled == dialled]
    if not found:
        raise Lost(f"nobody calls {dialled} any more")
    return found[0]


def asks(office: DeskOffice, call: str, who: str, how: How, to: str | None = None) -> None:
    try:
        office.node.control.listen(call, who, how, to=to, asked_by="the boss")
    except UserError as error:
        raise Lost(str(error)) from None


async def reoffers(office: DeskOffice, number: str, talk: Talk, direction: str = "sendrecv") -> None:
    try:
        await talk.leg.reoffer(office.phones[number].sdp(direction))
    except (LegFailed, PeerError) as error:
        raise Lost(str(error)) from None


async def listens(office: DeskOffice, call: str, who: str, how: How) -> Talk:
    asks(office, call, who, how)
    talk = await picks_up(office, who)
    await asyncio.sleep(0.5)
    return talk


# -- click to call -----------------------------------------------------------------------------------------------------


async def clicked(office: DeskOffice) -> None:
    """A's phone rings first; when it is picked up, B's does, and A hears ringing."""
    office.node.control.call(A, B)
    mine = await rings(office, A)
    expect(office, office.phones[B].ringing is None, "nobody else rings yet")
    await office.phones[A].answer(mine)
    theirs = await rings(office, B)
    expect(office, office.node.hearing(A) == "ringback", "A hears ringing")
    await office.phones[B].answer(theirs)
    await asyncio.sleep(0.5)
    expect(office, office.node.talking() == pair(A, B), f"talking: {office.node.talking()}")
    await refers(office, B, theirs, C)
    third = await picks_up(office, C)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, C), "it is a call like any other")
    await ends(office, A, mine, (C, third))
    await asyncio.sleep(1)
    cdr = office.cdr(B) if office.calm else None
    expect(office, cdr and (cdr.source, cdr.from_extension) == ("click_to_call", A), f"the record: {cdr}")


async def clicked_and_not_answered(office: DeskOffice) -> None:
    """A does not pick up: nobody else was rung."""
    office.node.control.call(A, B)
    mine = await rings(office, A)
    await over(office, A, mine)
    expect(office, not office.phones[B].talks, "B was not rung")
    cdr = office.cdr(B) if office.calm else None
    expect(office, cdr and cdr.disposition == "no_answer", f"the record: {cdr}")


async def clicked_and_hung_up_while_it_rings(office: DeskOffice) -> None:
    office.node.control.call(A, B)
    mine = await picks_up(office, A)
    theirs = await rings(office, B)
    await mine.leg.end()
    await over(office, B, theirs)


# -- hold and park -----------------------------------------------------------------------------------------------------


async def held_from_the_site(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    call, control = going_on(office, B), office.node.control
    expect(office, not control.hold(call, "b7", on=True), "nobody of that name talks")
    expect(office, control.hold(call, "a", on=True), "A waits")
    expect(office, office.node.hearing(A) == "hold" and office.node.hearing(B) is None, "A hears music")
    expect(office, office.node.talking() == set(), "and nobody anybody")
    expect(office, control.hold(call, "a", on=False), "A is back")
    expect(office, office.node.talking() == pair(A, B), f"talking: {office.node.talking()}")
    expect(office, office.node.hearing(A) is None, "no music")
    control.hold(call, "b1", on=True)
    await refers(office, B, theirs, C)
    third = await picks_up(office, C)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, C), "a hold ends with the conversation")
    await ends(office, A, mine, (C, third))


async def parked_from_the_site(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    expect(office, office.node.control.park(going_on(office, B), "a", ""), "A is parked")
    await over(office, B, theirs)
    slots = [(each.slot, each.by) for each in office.node.control.parked()]
    expect(office, slots == [("1", B)], f"parked: {slots}")
    expect(office, office.node.hearing(A) == "hold", "A hears music")
    fetching = office.phones[C].dial("*681")
    await answered(office, C, fetching)
    await asyncio.sleep(0.5)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (C, fetching))


# -- listening ---------------------------------------------------------------------------------------------------------


async def overheard_in_three_ways(office: DeskOffice) -> None:
    """C listens, whispers to B, who was called, and barges in; then A and B have their own line again."""
    mine, theirs = await talk_between(office, A, B)
    node, call = office.node, going_on(office, B)
    boss = await listens(office, call, C, "listen")
    quiet = {A: {B}, B: {A}, C: {A, B}}
    expect(office, node.overheard() == quiet, f"{node.overheard()}")
    expect(office, node.talking() == set(), "nothing flows beside the room")
    expect(office, node.rooms and node.rooms[-1].played == ["notice"], "the two are told")
    asks(office, call, C, "whisper")
    expect(office, node.overheard() == quiet | {B: {A, C}}, f"{node.overheard()}")
    asks(office, call, C, "whisper", "a")
    expect(office, node.overheard() == quiet | {A: {B, C}}, f"{node.overheard()}")
    asks(office, call, C, "barge")
    expect(office, node.overheard() == quiet | {A: {B, C}, B: {A, C}}, f"{node.overheard()}")
    await reoffers(office, C, boss, "sendonly")
    await asyncio.sleep(0.5)
    expect(office, node.overheard() == quiet, "the music of who holds is not heard")
    await reoffers(office, C, boss)
    calls = node.switch.live_calls()
    found = node.switch.call(calls[-1].id) if calls else None
    if found is not None:
        found.a.stream.on_event(DigitPressed("4", 100))
    await asyncio.sleep(0.5)
    expect(office, node.overheard() == quiet, "a key does it too")
    live = next((each for each in node.switch.live_calls() if each.id == call), None)
    expect(office, live and [each.extension for each in live.supervisors] == [C], "the live call shows it")
    await boss.leg.end()
    await asyncio.sleep(0.5)
    expect(office, node.talking() == pair(A, B), f"talking: {node.talking()}")
    await ends(office, A, mine, (B, theirs))
    await asyncio.sleep(1)
    if office.calm:
        told = [each for each in office.cdr(B).events if isinstance(each, SupervisorJoined | SupervisorLeft)]
        assert [(type(each).__name__, each.extension) for each in told] == [
            ("SupervisorJoined", C),
            ("SupervisorLeft", C),
        ]
        assert isinstance(told[0], SupervisorJoined)
        assert (told[0].how, told[0].asked_by) == ("listen", "the boss")
        hows = [each.how for each in office.cdr(B).events if isinstance(each, SupervisorChanged)]
        assert hows == ["whisper", "whisper", "barge", "listen"]


async def overheard_until_they_hang_up(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    boss = await listens(office, going_on(office, B), C, "barge")
    await ends(office, A, mine, (B, theirs), (C, boss))


async def overheard_until_a_transfer(office: DeskOffice) -> None:
    """Those who talk after a transfer are not those who were to be listened to."""
    mine, theirs = await talk_between(office, A, B)
    boss = await listens(office, going_on(office, B), C, "whisper")
    await refers(office, B, theirs, D)
    await over(office, C, boss)
    third = await picks_up(office, D)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, D), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (D, third))


async def overheard_and_held(office: DeskOffice) -> None:
    """Who is put on hold hears music, and the listener whom there is to hear."""
    mine, theirs = await talk_between(office, A, B)
    node = office.node
    boss = await listens(office, going_on(office, B), C, "barge")
    await reoffers(office, B, theirs, "sendonly")
    await asyncio.sleep(0.5)
    expect(office, node.hearing(A) == "hold", "A hears music")
    expect(office, node.overheard()[C] == {A} if office.calm else True, "B's phone is not heard")
    await reoffers(office, B, theirs)
    await asyncio.sleep(0.5)
    expect(office, node.hearing(A) is None, "the music is over")
    expect(office, node.overheard() == {A: {B, C}, B: {A, C}, C: {A, B}}, f"{node.overheard()}")
    await boss.leg.end()
    await ends(office, B, theirs, (A, mine))


async def two_listen(office: DeskOffice) -> None:
    """One goes, the other stays in."""
    mine, theirs = await talk_between(office, A, B)
    call, node = going_on(office, B), office.node
    boss = await listens(office, call, C, "listen")
    other = await listens(office, call, D, "whisper")
    expect(office, node.overheard()[B] == {A, D} if office.calm else True, f"{node.overheard()}")
    await boss.leg.end()
    await asyncio.sleep(0.5)
    expect(office, node.overheard() == {A: {B}, B: {A, D}, D: {A, B}}, f"{node.overheard()}")
    await ends(office, B, theirs, (A, mine), (D, other))


async def nobody_picks_up_to_listen(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    asks(office, going_on(office, B), C, "listen")
    ringing = await rings(office, C)
    await ends(office, A, mine, (B, theirs))
    await over(office, C, ringing)


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        clicked,
        clicked_and_not_answered,
        clicked_and_hung_up_while_it_rings,
        held_from_the_site,
        parked_from_the_site,
        overheard_in_three_ways,
        overheard_until_they_hang_up,
        overheard_until_a_transfer,
        overheard_and_held,
        two_listen,
        nobody_picks_up_to_listen,
    )
}
