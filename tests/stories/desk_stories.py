"""What people do with calls at the desk, as stories: transfers of both kinds in all roles, parking, pickup.

A story demands what should have happened with `expect`, which in bad weather is not asked: there a story ends early by
`Lost` when somebody does not get through, and all that counts is that nothing is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from tests.stories.desk_office import PARK_RETURN_S, DeskOffice, Talk

__all__ = ["STORIES", "Lost", "Story"]

Story = Callable[[DeskOffice], Awaitable[None]]

A, B, C, D = "101", "102", "103", "104"


class Lost(Exception):  # noqa: N818 - a way for a story to end
    """What the story waited for did not come."""


def expect(office: DeskOffice, is_so: object, what: str) -> None:
    if office.calm:
        assert is_so, what


def pair(one: str, other: str) -> set[frozenset[str]]:
    return {frozenset((one, other))}


async def rings(office: DeskOffice, number: str, within_s: float = 60.0) -> Talk:
    phone = office.phones[number]
    if not await phone.until(lambda: phone.ringing, within_s):
        raise Lost(f"{number} does not ring")
    talk = phone.ringing
    assert talk is not None
    await asyncio.sleep(0.1)
    return talk


async def picks_up(office: DeskOffice, number: str, after_s: float = 0.5, within_s: float = 60.0) -> Talk:
    talk = await rings(office, number, within_s)
    await asyncio.sleep(after_s)
    await office.phones[number].answer(talk)
    return talk


async def answered(office: DeskOffice, number: str, talk: Talk) -> None:
    phone = office.phones[number]
    await phone.until(lambda: talk.answered or talk.over)
    if not talk.answered or talk.over:
        raise Lost(f"{number} did not get through: {talk.refused}")
    await asyncio.sleep(0.2)


async def talk_between(office: DeskOffice, caller: str, callee: str) -> tuple[Talk, Talk]:
    """A call; both its ends."""
    mine = office.phones[caller].dial(callee)
    theirs = await picks_up(office, callee)
    await answered(office, caller, mine)
    expect(office, office.node.talking() >= pair(caller, callee), "they talk")
    return mine, theirs


async def over(office: DeskOffice, number: str, talk: Talk) -> None:
    if not await office.phones[number].until(lambda: talk.over):
        raise Lost(f"{number} is still in its call")


async def refers(office: DeskOffice, number: str, talk: Talk, to: str, *, replaces: str = "") -> None:
    status = await office.phones[number].refer(talk, to, replaces=replaces)
    expect(office, status == 202, f"REFER got {status}")


async def ends(office: DeskOffice, number: str, talk: Talk, *others: tuple[str, Talk]) -> None:
    """One hangs up, and the others are told."""
    await talk.leg.end()
    for other, theirs in others:
        await over(office, other, theirs)


def told(office: DeskOffice, talk: Talk, *statuses: str) -> None:
    expect(office, talk.told == list(statuses), f"told {talk.told}")


# -- blind transfers ---------------------------------------------------------------------------------------------------


async def _blind(office: DeskOffice, by: str, stays: str) -> None:
    mine, theirs = await talk_between(office, A, B)
    goes, remains = (theirs, mine) if by == B else (mine, theirs)
    await refers(office, by, goes, C)
    target = await rings(office, C)
    expect(office, office.node.hearing(stays) == "ringback", "who stays hears ringing")
    await picks_up(office, C)
    await over(office, by, goes)
    expect(office, goes.told[0] == "100" and goes.told[-1] == "200", f"told {goes.told}")
    expect(office, office.node.talking() == pair(stays, C), f"talking: {office.node.talking()}")
    expect(office, not remains.over, "the one who stays was not hung up")
    await ends(office, stays, remains, (C, target))


async def blind_by_callee(office: DeskOffice) -> None:
    await _blind(office, B, A)


async def blind_by_caller(office: DeskOffice) -> None:
    await _blind(office, A, B)


async def _leaves_early(office: DeskOffice, by: str, stays: str) -> None:
    mine, theirs = await talk_between(office, A, B)
    goes, remains = (theirs, mine) if by == B else (mine, theirs)
    await refers(office, by, goes, C)
    await goes.leg.end()
    target = await picks_up(office, C)
    await asyncio.sleep(1)
    expect(office, office.node.talking() == pair(stays, C), f"talking: {office.node.talking()}")
    await ends(office, C, target, (stays, remains))


async def callee_transfers_and_leaves(office: DeskOffice) -> None:
    await _leaves_early(office, B, A)


async def caller_transfers_and_leaves(office: DeskOffice) -> None:
    await _leaves_early(office, A, B)


async def _declined(office: DeskOffice, by: str) -> None:
    mine, theirs = await talk_between(office, A, B)
    goes = theirs if by == B else mine
    await refers(office, by, goes, C)
    target = await rings(office, C)
    await target.leg.reject(486)
    await office.phones[by].until(lambda: "486" in goes.told, 10)
    await asyncio.sleep(0.2)
    told(office, goes, "100", *(["180"] if "180" in goes.told else []), "486")
    expect(office, office.node.talking() == pair(A, B), "they talk again")
    await ends(office, A, mine, (B, theirs))


async def target_declines_callee(office: DeskOffice) -> None:
    await _declined(office, B)


async def target_declines_caller(office: DeskOffice) -> None:
    await _declined(office, A)


async def target_does_not_answer(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, C)
    target = await rings(office, C)
    await over(office, C, target)
    await asyncio.sleep(1)
    expect(office, theirs.told[-1] in ("480", "408"), f"told {theirs.told}")
    expect(office, office.node.talking() == pair(A, B), "they talk again")
    await ends(office, B, theirs, (A, mine))


async def _returns(office: DeskOffice, by: str, stays: str) -> None:
    mine, theirs = await talk_between(office, A, B)
    goes, remains = (theirs, mine) if by == B else (mine, theirs)
    await refers(office, by, goes, C)
    await goes.leg.end()
    target = await rings(office, C)
    await target.leg.reject(603)
    again = await picks_up(office, by)
    await asyncio.sleep(1)
    expect(office, again is not goes, "a new call")
    expect(office, office.node.talking() == pair(A, B), f"talking: {office.node.talking()}")
    await ends(office, stays, remains, (by, again))


async def comes_back_to_the_callee_who_left(office: DeskOffice) -> None:
    await _returns(office, B, A)


async def comes_back_to_the_caller_who_left(office: DeskOffice) -> None:
    await _returns(office, A, B)


# -- attended transfers ------------------------------------------------------------------------------------------------


async def _attended(office: DeskOffice, by: str, *, on_first: bool) -> None:
    mine, theirs = await talk_between(office, A, B)
    first, remains, stays = (theirs, mine, A) if by == B else (mine, theirs, B)
    second, target = await talk_between(office, by, C)
    asked, named = (first, second) if on_first else (second, first)
    await refers(office, by, asked, C if on_first else stays, replaces=named.replaces)
    await over(office, by, named)
    await over(office, by, asked)
    told(office, asked, "100", "200")
    expect(office, office.node.talking() == pair(stays, C), f"talking: {office.node.talking()}")
    expect(office, not remains.over and not target.over, "the two who talk were not hung up")
    one = office.cdr(C) if on_first else office.cdr(B)
    other = office.cdr(B) if on_first else office.cdr(C)
    expect(office, one.continued_in == other.id, "one call goes on in the other")
    await ends(office, C, target, (stays, remains))


async def attended_by_callee(office: DeskOffice) -> None:
    await _attended(office, B, on_first=True)


async def attended_by_caller(office: DeskOffice) -> None:
    await _attended(office, A, on_first=True)


async def attended_by_callee_on_the_consultation(office: DeskOffice) -> None:
    await _attended(office, B, on_first=False)


async def attended_by_caller_on_the_consultation(office: DeskOffice) -> None:
    await _attended(office, A, on_first=False)


async def attended_while_it_rings(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    phone = office.phones[B]
    second = phone.dial(C)
    await rings(office, C)
    forks = getattr(second.leg.initial, "forks", {})
    tag = next(iter(forks), None)
    if tag is None:
        raise Lost("nothing was heard of the ringing")
    replaces = f"{second.leg.call_id};to-tag={tag};from-tag={second.leg.id}"
    await refers(office, B, theirs, C, replaces=replaces)
    await over(office, B, second)
    expect(office, second.refused in (0, 487), f"the consultation was refused {second.refused}")
    target = await picks_up(office, C)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (C, target))


# -- parking -----------------------------------------------------------------------------------------------------------


async def _parked(office: DeskOffice, by: str) -> tuple[Talk, Talk]:
    """B and A talk, `by` parks the other in slot 3; its dialog and that of the one who waits."""
    mine, theirs = await talk_between(office, A, B)
    goes, waits = (theirs, mine) if by == B else (mine, theirs)
    await refers(office, by, goes, "*683")
    await over(office, by, goes)
    expect(office, [each.slot for each in office.node.control.parked()] == ["3"], "it is parked")
    expect(office, office.node.hearing(A if by == B else B) == "hold", "who waits hears music")
    return goes, waits


async def _fetched(office: DeskOffice, by: str, stays: str) -> None:
    _, waits = await _parked(office, by)
    fetching = office.phones[C].dial("*683")
    await answered(office, C, fetching)
    expect(office, office.node.talking() == pair(stays, C), f"talking: {office.node.talking()}")
    expect(office, office.node.control.parked() == [], "the slot is free")
    too_late = office.phones[D].dial("*683")
    await over(office, D, too_late)
    expect(office, too_late.refused == 404, f"refused {too_late.refused}")
    await ends(office, C, fetching, (stays, waits))


async def parked_and_fetched(office: DeskOffice) -> None:
    await _fetched(office, B, A)


async def the_called_one_is_parked_and_fetched(office: DeskOffice) -> None:
    await _fetched(office, A, B)


async def parked_and_returned(office: DeskOffice) -> None:
    _, waits = await _parked(office, B)
    again = await picks_up(office, B, within_s=PARK_RETURN_S + 5)
    await asyncio.sleep(1)
    expect(office, office.node.talking() == pair(A, B), f"talking: {office.node.talking()}")
    expect(office, office.node.control.parked() == [], "the slot is free")
    await ends(office, A, waits, (B, again))


async def returned_in_vain_and_fetched(office: DeskOffice) -> None:
    _, waits = await _parked(office, B)
    again = await rings(office, B, within_s=PARK_RETURN_S + 5)
    await over(office, B, again)
    fetching = office.phones[C].dial("*683")
    await answered(office, C, fetching)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, A, waits, (C, fetching))


async def fetched_while_it_returns(office: DeskOffice) -> None:
    _, waits = await _parked(office, B)
    again = await rings(office, B, within_s=PARK_RETURN_S + 5)
    fetching = office.phones[C].dial("*683")
    await answered(office, C, fetching)
    await over(office, B, again)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, A, waits, (C, fetching))


def _decided(talk: Talk) -> bool:
    return talk.answered or talk.over


async def two_fetch_at_once(office: DeskOffice) -> None:
    _, waits = await _parked(office, B)
    both = [(each, office.phones[each].dial("*683")) for each in (C, D)]
    for number, talk in both:
        await office.phones[number].until(partial(_decided, talk), 10)
    await asyncio.sleep(0.5)
    winners = [(number, talk) for number, talk in both if not talk.over]
    expect(office, len(winners) == 1, "one of them gets it")
    for number, talk in winners:
        expect(office, office.node.talking() == pair(A, number), f"talking: {office.node.talking()}")
        await ends(office, A, waits, (number, talk))


# -- pickup ------------------------------------------------------------------------------------------------------------


async def _picked(office: DeskOffice, dialled: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
    picking = office.phones[C].dial(dialled, headers)
    await answered(office, C, picking)
    mine = office.phones[A].talks[0]
    theirs = office.phones[B].talks[0]
    await answered(office, A, mine)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, C, picking, (A, mine))


async def picked_up_at_an_extension(office: DeskOffice) -> None:
    office.phones[A].dial(B)
    await rings(office, B)
    await _picked(office, "**102")


async def picked_up_in_the_group(office: DeskOffice) -> None:
    office.phones[A].dial(B)
    await rings(office, B)
    await _picked(office, "*8")


async def picked_up_with_replaces(office: DeskOffice) -> None:
    """As a key with a lamp does it: the name of the ringing dialog comes from the lamp's NOTIFY."""
    office.phones[A].dial(B)
    await rings(office, B)
    calls = office.node.switch.live_calls()
    name = office.node.switch.dialog_name(calls[0].id, "b1") if calls else None
    if name is None:
        raise Lost("the call is over")
    value = f"{name.call_id};to-tag={name.local_tag};from-tag={name.remote_tag}"
    await _picked(office, B, (("Replaces", value),))


async def picked_up_and_answered_at_once(office: DeskOffice) -> None:
    mine = office.phones[A].dial(B)
    theirs = await rings(office, B)
    picking = office.phones[C].dial("**102")
    await asyncio.sleep(0.004)
    await office.phones[B].answer(theirs)
    await answered(office, A, mine)
    await asyncio.sleep(0.5)
    expect(office, office.node.talking() in (pair(A, B), pair(A, C)), f"talking: {office.node.talking()}")
    expect(office, theirs.over != picking.over, "one of them has it")
    await ends(office, A, mine, (B, theirs), (C, picking))


async def an_invite_takes_the_place_of_a_dialog(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    taking = office.phones[C].dial(A, (("Replaces", theirs.replaces),))
    await answered(office, C, taking)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, C, taking, (A, mine))


async def a_transfer_of_a_transfer(office: DeskOffice) -> None:
    """B sends A to C, and C sends A on to D before B has been let go."""
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, C)
    second = await picks_up(office, C)
    await asyncio.sleep(0.3)
    await refers(office, C, second, D)
    third = await picks_up(office, D)
    await over(office, B, theirs)
    await over(office, C, second)
    expect(office, office.node.talking() == pair(A, D), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (D, third))


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        blind_by_callee,
        blind_by_caller,
        callee_transfers_and_leaves,
        caller_transfers_and_leaves,
        target_declines_callee,
        target_declines_caller,
        target_does_not_answer,
        comes_back_to_the_callee_who_left,
        comes_back_to_the_caller_who_left,
        attended_by_callee,
        attended_by_caller,
        attended_by_callee_on_the_consultation,
        attended_by_caller_on_the_consultation,
        attended_while_it_rings,
        parked_and_fetched,
        the_called_one_is_parked_and_fetched,
        parked_and_returned,
        returned_in_vain_and_fetched,
        fetched_while_it_returns,
        two_fetch_at_once,
        picked_up_at_an_extension,
        picked_up_in_the_group,
        picked_up_with_replaces,
        picked_up_and_answered_at_once,
        an_invite_takes_the_place_of_a_dialog,
        a_transfer_of_a_transfer,
    )
}
