"""Whom a phone shows, as stories: who really is at the other end, and not what was dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pbx.sip.message import Request
from pbx.sip.parser import parse
from tests.stories.desk_office import Talk, host_of
from tests.stories.desk_stories import (
    A,
    B,
    C,
    D,
    answered,
    ends,
    expect,
    over,
    picks_up,
    refers,
    rings,
    talk_between,
)
from tests.stories.group_office import GroupOffice
from tests.stories.lamp_office import NODE

__all__ = ["STORIES", "told_whom"]

Story = Callable[[GroupOffice], Awaitable[None]]

WITHHELD = (("Privacy", "id"),)
NO_UPDATE = (("Allow", "INVITE, ACK, CANCEL, BYE, REFER"),)


def told_whom(office: GroupOffice, number: str, talk: Talk) -> list[tuple[str, str]]:
    """What the node said to a phone in one dialog about who is there: the message, and the identity in it."""
    said: list[tuple[str, str]] = []
    for passed in office.network.log:
        if passed.source[0] != NODE or passed.target[0] != host_of(number) or not passed.data.strip():
            continue
        message = parse(passed.data)
        if message.call_id != talk.leg.call_id:
            continue
        for value in message.headers.all("P-Asserted-Identity"):
            kind = message.method if isinstance(message, Request) else str(message.status)
            said.append((kind, value))
    return said


def named(number: str) -> str:
    return f'"Phone {number}" <sip:{number}@{NODE}>'


def shows(office: GroupOffice, number: str, talk: Talk, *said: tuple[str, str]) -> None:
    """The phone was told exactly this, each of it with its message."""
    told = told_whom(office, number, talk)
    expect(office, told == [(kind, named(who)) for kind, who in said], f"{number} was told {told}")


def _small(office: GroupOffice) -> None:
    """No answer with an identity needs more than a datagram (RFC 3261 18.1.1)."""
    sizes = [len(each.data) for each in office.network.log if each.data.startswith(b"SIP/2.0 200")]
    expect(office, max(sizes) < 1300, f"the largest 200 has {max(sizes)} bytes")


async def a_colleague_is_named(office: GroupOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    shows(office, A, mine, ("180", B), ("200", B))
    shows(office, B, theirs, ("INVITE", A))
    _small(office)
    await ends(office, A, mine, (B, theirs))


async def a_group_shows_who_answers(office: GroupOffice) -> None:
    """While several ring, nobody is named."""
    mine = office.phones[A].dial("600")
    theirs = await picks_up(office, C)
    await answered(office, A, mine)
    shows(office, A, mine, ("200", C))
    await ends(office, A, mine, (C, theirs))


async def a_queue_shows_the_agent(office: GroupOffice) -> None:
    """Who waits has been answered long ago, and is told by UPDATE."""
    mine = office.phones[A].dial("700")
    await answered(office, A, mine)
    theirs = await picks_up(office, B)
    await asyncio.sleep(0.5)
    shows(office, A, mine, ("UPDATE", B))
    await ends(office, A, mine, (B, theirs))


async def a_slot_shows_who_was_parked(office: GroupOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, "*683")
    await over(office, B, theirs)
    fetching = office.phones[C].dial("*683")
    await answered(office, C, fetching)
    shows(office, C, fetching, ("200", A))
    shows(office, A, mine, ("180", B), ("200", B), ("UPDATE", C))
    await ends(office, C, fetching, (A, mine))


async def a_picked_up_call_shows_both(office: GroupOffice) -> None:
    mine = office.phones[A].dial(B)
    theirs = await rings(office, B)
    picking = office.phones[C].dial("**102")
    await answered(office, C, picking)
    await answered(office, A, mine)
    await over(office, B, theirs)
    shows(office, C, picking, ("200", A))
    shows(office, A, mine, ("180", B), ("200", C))
    await ends(office, C, picking, (A, mine))


async def a_blind_transfer_shows_the_target(office: GroupOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, C)
    target = await picks_up(office, C)
    await over(office, B, theirs)
    shows(office, A, mine, ("180", B), ("200", B), ("UPDATE", C))
    shows(office, C, target, ("INVITE", A))
    await ends(office, A, mine, (C, target))


async def an_attended_transfer_shows_both(office: GroupOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    second, target = await talk_between(office, B, C)
    await refers(office, B, theirs, C, replaces=second.replaces)
    await over(office, B, theirs)
    await over(office, B, second)
    await asyncio.sleep(0.5)
    shows(office, A, mine, ("180", B), ("200", B), ("UPDATE", C))
    shows(office, C, target, ("INVITE", B), ("UPDATE", A))
    await ends(office, A, mine, (C, target))


async def a_transfer_that_fails_shows_nobody_else(office: GroupOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, C)
    await (await rings(office, C)).leg.reject(486)
    await asyncio.sleep(1)
    shows(office, A, mine, ("180", B), ("200", B))
    shows(office, B, theirs, ("INVITE", A))
    await ends(office, A, mine, (B, theirs))


async def a_phone_without_update_is_told_with_its_next_answer(office: GroupOffice) -> None:
    """Nothing is sent only for that: its own hold is answered with whom it talks with."""
    mine = office.phones[A].dial(B, NO_UPDATE)
    theirs = await picks_up(office, B)
    await answered(office, A, mine)
    await refers(office, B, theirs, C)
    target = await picks_up(office, C)
    await over(office, B, theirs)
    shows(office, A, mine, ("180", B), ("200", B))
    await office.phones[A].hold(mine)
    await asyncio.sleep(0.5)
    expect(office, told_whom(office, A, mine)[-1] == ("200", named(C)), "the answer names the new party")
    await ends(office, A, mine, (C, target))


async def who_withholds_is_not_named(office: GroupOffice) -> None:
    """Neither to who is called, nor after a transfer, nor to who fetches the call; and is told of the others."""
    mine = office.phones[A].dial(B, WITHHELD)
    theirs = await picks_up(office, B)
    await answered(office, A, mine)
    second, target = await talk_between(office, B, C)
    await refers(office, B, second, A, replaces=theirs.replaces)  # the other way: A goes into their call
    await over(office, B, theirs)
    await over(office, B, second)
    await asyncio.sleep(0.5)
    shows(office, B, theirs)
    shows(office, C, target, ("INVITE", B))
    shows(office, A, mine, ("180", B), ("200", B), ("UPDATE", C))
    await refers(office, C, target, "*683")
    await over(office, C, target)
    fetching = office.phones[D].dial("*683")
    await answered(office, D, fetching)
    shows(office, D, fetching)
    await ends(office, D, fetching, (A, mine))


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        a_colleague_is_named,
        a_group_shows_who_answers,
        a_queue_shows_the_agent,
        a_slot_shows_who_was_parked,
        a_picked_up_call_shows_both,
        a_blind_transfer_shows_the_target,
        an_attended_transfer_shows_both,
        a_transfer_that_fails_shows_nobody_else,
        a_phone_without_update_is_told_with_its_next_answer,
        who_withholds_is_not_named,
    )
}
