"""What happens where several people are behind one number, and what the wishes of one do to a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from pbx.model.follow_me import FollowMe, FollowMeNumber
from pbx.model.forwarding import Forwarding
from pbx.model.queue_event import AgentMissed
from tests.stories.desk_office import Talk
from tests.stories.desk_stories import (
    A,
    B,
    C,
    D,
    Lost,
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
from tests.stories.group_office import GroupOffice

__all__ = ["STORIES"]

Story = Callable[[GroupOffice], Awaitable[None]]


async def _talks(office: GroupOffice, mine: Talk, other: str, theirs: Talk) -> None:
    await answered(office, A, mine)
    await asyncio.sleep(0.5)
    expect(office, pair(A, other) <= office.node.talking(), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (other, theirs))


async def silent(office: GroupOffice, number: str, for_s: float = 2.0) -> None:
    phone = office.phones[number]
    found = await phone.until(lambda: phone.ringing, for_s)
    expect(office, not found, f"{number} does not ring")


# -- ring groups -------------------------------------------------------------------------------------------------------


async def the_first_answer_takes_the_call(office: GroupOffice) -> None:
    mine = office.phones[A].dial("600")
    others = [await rings(office, B), await rings(office, D)]
    theirs = await picks_up(office, C)
    for number, talk in zip((B, D), others, strict=True):
        await over(office, number, talk)
    await _talks(office, mine, C, theirs)


async def who_declines_does_so_for_nobody_else(office: GroupOffice) -> None:
    """603 of one phone: its owner does not want the call, and the colleagues ring on."""
    mine = office.phones[A].dial("600")
    declines = await rings(office, B)
    await rings(office, D)
    await declines.leg.reject(603)
    await asyncio.sleep(2)
    expect(office, office.phones[C].ringing and office.phones[D].ringing, "the others ring on")
    expect(office, not mine.over, "and nobody has told the caller anything")
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)


async def all_decline_and_the_overflow_rings(office: GroupOffice) -> None:
    office.node.group = replace(office.node.group, members=(B, C), overflow=D)
    mine = office.phones[A].dial("600")
    for number in (B, C):
        await (await rings(office, number)).leg.reject(603)
    theirs = await picks_up(office, D)
    await _talks(office, mine, D, theirs)


async def one_by_one_past_who_declines(office: GroupOffice) -> None:
    office.node.group = replace(office.node.group, strategy="in_order")
    mine = office.phones[A].dial("600")
    first = await rings(office, B)
    await silent(office, C)
    await first.leg.reject(603)
    second = await rings(office, C)
    await over(office, C, second)  # its time is up
    theirs = await picks_up(office, D)
    await _talks(office, mine, D, theirs)


async def who_wants_no_calls_is_left_out(office: GroupOffice) -> None:
    await office.node.wish(B, do_not_disturb=True)
    mine = office.phones[A].dial("600")
    await rings(office, D)
    await silent(office, B)
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)


async def who_takes_no_second_call_is_left_out(office: GroupOffice) -> None:
    office.node.group = replace(office.node.group, skip_busy=False)
    await office.node.wish(B, call_waiting=False)
    first, second = await talk_between(office, B, D)
    mine = office.phones[A].dial("600")
    await rings(office, C)
    await rings(office, D)  # who takes a second one is rung
    await silent(office, B)
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)
    await ends(office, B, first, (D, second))


async def whoever_has_been_idle_for_longest(office: GroupOffice) -> None:
    """B talks first and for long, C later and shortly: C has been idle for longer when both are free."""
    office.node.group = replace(office.node.group, strategy="longest_idle", members=(B, C))
    one = office.phones[A].dial("600")
    long_one = await picks_up(office, B)
    await answered(office, A, one)
    two = office.phones[D].dial("600")
    short_one = await picks_up(office, C)
    await answered(office, D, two)
    await asyncio.sleep(5)
    await ends(office, D, two, (C, short_one))
    await asyncio.sleep(5)
    await ends(office, A, one, (B, long_one))
    mine = office.phones[A].dial("600")
    await rings(office, C, within_s=4)
    await silent(office, B)
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)


# -- a queue with three agents -----------------------------------------------------------------------------------------


async def music_and_then_an_agent(office: GroupOffice) -> None:
    mine = office.phones[A].dial("700")
    await answered(office, A, mine)
    expect(office, office.node.hearing(A) == "hold", "who waits hears music")
    theirs = await picks_up(office, B)
    await _talks(office, mine, B, theirs)


async def an_agent_who_declines_is_passed_over(office: GroupOffice) -> None:
    mine = office.phones[A].dial("700")
    await (await rings(office, B)).leg.reject(603)
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)


async def all_agents_ring_and_one_declines(office: GroupOffice) -> None:
    office.node.queue = replace(office.node.queue, strategy="all")
    mine = office.phones[A].dial("700")
    declines = await rings(office, B)
    await rings(office, D)
    await declines.leg.reject(603)
    await asyncio.sleep(1)
    expect(office, office.phones[D].ringing, "the others ring on")
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)


async def an_agent_logs_out_while_ringing(office: GroupOffice) -> None:
    agents = tuple(replace(each, always=False) for each in office.node.queue.agents)
    office.node.queue = replace(office.node.queue, agents=agents)
    for number in (B, C):
        office.node.queues.agents.log_in("700", number, on=True)
    mine = office.phones[A].dial("700")
    gone = await rings(office, B)
    office.node.queues.agents.log_in("700", B, on=False)
    await office.phones[B].until(lambda: gone.over, 1)
    expect(office, gone.over, "who has logged out rings no more")
    theirs = await picks_up(office, C, within_s=2)
    await _talks(office, mine, C, theirs)
    (_, state, _) = [office.node.queues.agents.state(office.node.queue, each) for each in agents]
    expect(office, state != "logged_out", "the other is still there")


async def one_of_all_pauses_while_all_ring(office: GroupOffice) -> None:
    """The others ring on, and nobody has missed a call."""
    office.node.queue = replace(office.node.queue, strategy="all")
    mine = office.phones[A].dial("700")
    gone = await rings(office, B)
    other = await rings(office, D)
    office.node.queues.agents.pause("700", B, on=True)
    await office.phones[B].until(lambda: gone.over, 1)
    expect(office, gone.over and not other.over, "only who pauses rings no more")
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)
    if office.calm:
        missed = [each for each in office.cdr("700").events if isinstance(each, AgentMissed)]
        assert missed == [], missed


async def the_caller_gives_up_while_an_agent_rings(office: GroupOffice) -> None:
    mine = office.phones[A].dial("700")
    theirs = await rings(office, B)
    await mine.leg.end()
    await over(office, B, theirs)
    again = office.phones[A].dial("700")
    theirs = await picks_up(office, B, within_s=20)
    await _talks(office, again, B, theirs)


async def an_agent_sends_the_caller_on_and_is_free(office: GroupOffice) -> None:
    office.node.queue = replace(office.node.queue, agents=office.node.queue.agents[:1])
    mine = office.phones[A].dial("700")
    theirs = await picks_up(office, B)
    await answered(office, A, mine)
    await refers(office, B, theirs, D)
    third = await picks_up(office, D)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, D), f"talking: {office.node.talking()}")
    second = office.phones[C].dial("700")
    again = await picks_up(office, B, within_s=20)
    await answered(office, C, second)
    await ends(office, C, second, (B, again))
    await ends(office, A, mine, (D, third))
    if office.calm:
        cdr = office.cdr("700")
        assert {each.extension for each in cdr.legs} >= {B, D}, "one call, one record, both legs"


async def three_agents_and_four_callers(office: GroupOffice) -> None:
    """B, C and D are agents; B also calls. Whoever is free is rung for whoever waits."""
    office.node.queue = replace(office.node.queue, agents=office.node.queue.agents[1:])
    one = office.phones[A].dial("700")
    first = await picks_up(office, C)
    await answered(office, A, one)
    two = office.phones[B].dial("700")
    second = await picks_up(office, D)
    await answered(office, B, two)
    await asyncio.sleep(1)
    expect(office, office.node.talking() == pair(A, C) | pair(B, D), f"talking: {office.node.talking()}")
    three = office.phones[A].dial("700")
    await silent(office, C)
    await ends(office, B, two, (D, second))
    third = await picks_up(office, D)
    await answered(office, A, three)
    await ends(office, A, one, (C, first))
    await ends(office, A, three, (D, third))


# -- the wishes of one -------------------------------------------------------------------------------------------------


async def busy_without_call_waiting_forwards(office: GroupOffice) -> None:
    await office.node.wish(B, call_waiting=False, forward=Forwarding(busy=D))
    one, two = await talk_between(office, B, C)
    mine = office.phones[A].dial(B)
    theirs = await picks_up(office, D)
    await answered(office, A, mine)
    expect(office, office.node.talking() == pair(B, C) | pair(A, D), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (D, theirs))
    await ends(office, B, one, (C, two))


async def with_call_waiting_the_second_call_rings(office: GroupOffice) -> None:
    await office.node.wish(B, forward=Forwarding(busy=D))
    one, two = await talk_between(office, B, C)
    mine = office.phones[A].dial(B)
    theirs = await rings(office, B)
    await theirs.leg.reject(486)  # the person sends it away
    other = await picks_up(office, D)
    await answered(office, A, mine)
    await ends(office, A, mine, (D, other))
    await ends(office, B, one, (C, two))


async def two_who_forward_to_each_other(office: GroupOffice) -> None:
    await office.node.wish(B, forward=Forwarding(always=C))
    await office.node.wish(C, forward=Forwarding(always=B))
    mine = office.phones[A].dial(B)
    await over(office, A, mine)
    expect(office, mine.refused == 482, f"refused {mine.refused}")


async def three_who_forward_when_busy_in_a_circle(office: GroupOffice) -> None:
    await office.node.wish(B, do_not_disturb=True, forward=Forwarding(busy=C))
    await office.node.wish(C, do_not_disturb=True, forward=Forwarding(busy=D))
    await office.node.wish(D, do_not_disturb=True, forward=Forwarding(busy=B))
    mine = office.phones[A].dial(B)
    await over(office, A, mine)
    expect(office, mine.refused == 482, f"refused {mine.refused}")


async def follow_me_asks_a_colleague_too(office: GroupOffice) -> None:
    """A colleague who declines ends nothing: the own phone rings on."""
    await office.node.wish(
        B, follow_me=FollowMe(enabled=True, strategy="all", numbers=(FollowMeNumber(number=C),))
    )
    mine = office.phones[A].dial(B)
    await rings(office, B)
    await (await rings(office, C)).leg.reject(603)
    await asyncio.sleep(1)
    theirs = await picks_up(office, B)
    await _talks(office, mine, B, theirs)


async def the_owner_declines_for_all(office: GroupOffice) -> None:
    await office.node.wish(
        B, follow_me=FollowMe(enabled=True, strategy="all", numbers=(FollowMeNumber(number=C),))
    )
    mine = office.phones[A].dial(B)
    colleague = await rings(office, C)
    await (await rings(office, B)).leg.reject(603)
    await over(office, C, colleague)
    await over(office, A, mine)
    expect(office, mine.refused == 603, f"refused {mine.refused}")


async def the_intercom_disturbs_nobody_who_talks(office: GroupOffice) -> None:
    one, two = await talk_between(office, B, C)
    mine = office.phones[A].dial("*80102")
    await over(office, A, mine)
    expect(office, mine.refused == 486, f"refused {mine.refused}")
    expect(office, office.node.talking() == pair(B, C), "they talk on")
    await ends(office, B, one, (C, two))


async def two_pick_up_at_once(office: GroupOffice) -> None:
    mine = office.phones[A].dial(B)
    theirs = await rings(office, B)
    both = [(each, office.phones[each].dial("**102")) for each in (C, D)]
    await answered(office, A, mine)
    await over(office, B, theirs)
    await asyncio.sleep(2)
    having = [(number, talk) for number, talk in both if not talk.over]
    expect(office, len(having) == 1, "one of them has it")
    for number, talk in having:
        expect(office, office.node.talking() == pair(A, number), f"talking: {office.node.talking()}")
        await ends(office, A, mine, (number, talk))
    if not having:
        raise Lost("nobody has it")


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        the_first_answer_takes_the_call,
        who_declines_does_so_for_nobody_else,
        all_decline_and_the_overflow_rings,
        one_by_one_past_who_declines,
        who_wants_no_calls_is_left_out,
        who_takes_no_second_call_is_left_out,
        whoever_has_been_idle_for_longest,
        music_and_then_an_agent,
        an_agent_who_declines_is_passed_over,
        all_agents_ring_and_one_declines,
        an_agent_logs_out_while_ringing,
        one_of_all_pauses_while_all_ring,
        the_caller_gives_up_while_an_agent_rings,
        an_agent_sends_the_caller_on_and_is_free,
        three_agents_and_four_callers,
        busy_without_call_waiting_forwards,
        with_call_waiting_the_second_call_rings,
        two_who_forward_to_each_other,
        three_who_forward_when_busy_in_a_circle,
        follow_me_asks_a_colleague_too,
        the_owner_declines_for_all,
        the_intercom_disturbs_nobody_who_talks,
        two_pick_up_at_once,
    )
}
