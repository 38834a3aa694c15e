"""Calls that walk flows, as stories: whoever is not reached, the flow goes on; who has talked has left it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pbx.flow.fields import Spoken
from pbx.flow.nodes.extension import RingExtension
from pbx.flow.nodes.hang_up import HangUp
from pbx.flow.nodes.menu import Menu, MenuChoice
from pbx.flow.nodes.park import ParkCall
from pbx.flow.nodes.queue import WaitInQueue
from pbx.flow.nodes.ring_group import RingTheGroup
from pbx.flow.nodes.set_caller_id import SetCallerId
from pbx.flow.nodes.transfer import TransferCall
from pbx.flow.nodes.wait import Wait
from tests.stories.desk_office import Talk
from tests.stories.desk_stories import (
    A,
    B,
    C,
    Lost,
    answered,
    ends,
    expect,
    over,
    pair,
    picks_up,
    refers,
    rings,
)
from tests.stories.flow_office import FlowOffice

__all__ = ["STORIES"]

Story = Callable[[FlowOffice], Awaitable[None]]


def everybody(to: str) -> dict[str, str]:
    return {"no_answer": to, "busy": to, "unreachable": to}


def ring(number: str, then: str = "", *, ring_s: int = 10) -> tuple[RingExtension, dict[str, str]]:
    return RingExtension(extension=number, ring_s=ring_s), everybody(then)


def left(office: FlowOffice, *wanted: tuple[str, str]) -> None:
    expect(office, office.node.steps.left == list(wanted), f"went {office.node.steps.left}")


async def heard(office: FlowOffice, what: object, within_s: float = 20.0) -> None:
    """Wait until the caller hears it."""
    for _ in range(int(within_s * 10)):
        if office.node.hearing(A) == what:
            return
        await asyncio.sleep(0.1)
    raise Lost(f"{what} is not heard, but {office.node.hearing(A)}")


async def _talks(office: FlowOffice, mine: Talk, other: str, theirs: Talk, *, hangs_up: str = "") -> None:
    await answered(office, A, mine)
    await asyncio.sleep(1)
    expect(office, office.node.talking() == pair(A, other), f"talking: {office.node.talking()}")
    if hangs_up == A:
        await ends(office, A, mine, (other, theirs))
    else:
        await ends(office, other, theirs, (A, mine))


# -- whoever is not reached --------------------------------------------------------------------------------------------


async def nobody_answers_and_the_next_does(office: FlowOffice) -> None:
    office.draw("500", first=ring("102", "second"), second=ring("103"))
    mine = office.phones[A].dial("500")
    gone = await rings(office, B)
    theirs = await picks_up(office, C)
    expect(office, gone.over, "the first rings no more")
    expect(office, not mine.over, "the caller was not refused")
    await _talks(office, mine, C, theirs)
    left(office, ("first", "no_answer"), ("second", ""))


async def the_first_is_busy(office: FlowOffice) -> None:
    office.draw("500", first=ring("102", "second"), second=ring("103"))
    mine = office.phones[A].dial("500")
    await (await rings(office, B)).leg.reject(486)
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs, hangs_up=A)
    left(office, ("first", "busy"))


async def nobody_has_a_phone_or_the_number(office: FlowOffice) -> None:
    office.draw(
        "500",
        first=ring("105", "second"),
        second=(TransferCall(destination="999"), {"failed": "third"}),
        third=ring("103"),
    )
    mine = office.phones[A].dial("500")
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)
    left(office, ("first", "unreachable"), ("second", "failed"), ("third", ""))


async def forwarded_in_vain_twice(office: FlowOffice) -> None:
    """104 forwards to 103; the second time it is no circle."""
    office.draw(
        "500", first=ring("104", "second"), second=ring("104", "last"), last=(HangUp(reason="busy"), {})
    )
    mine = office.phones[A].dial("500")
    for _ in range(2):
        await (await rings(office, C)).leg.reject(603)
    await over(office, A, mine)
    expect(office, mine.refused == 486, f"refused {mine.refused}")
    left(office, ("first", "busy"), ("second", "busy"), ("last", ""))


async def forwarded_and_answered(office: FlowOffice) -> None:
    office.draw("500", first=ring("104", "second"), second=ring("102"))
    mine = office.phones[A].dial("500")
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)
    left(office, ("first", ""))


async def nobody_of_the_group(office: FlowOffice) -> None:
    office.draw(
        "500",
        group=(RingTheGroup(ring_group="600"), everybody("wait")),
        wait=(Wait(seconds=3), {"done": "again"}),
        again=(RingTheGroup(ring_group="600"), everybody("")),
    )
    mine = office.phones[A].dial("500")
    await (await rings(office, B)).leg.reject(486)
    await (await rings(office, C)).leg.reject(486)
    theirs = await picks_up(office, B)
    await _talks(office, mine, B, theirs)
    left(office, ("group", "busy"), ("wait", "done"), ("again", ""))


# -- a caller who has been answered ------------------------------------------------------------------------------------

MENU = Menu(say=Spoken(text="Menu"), choices=(MenuChoice(keys="1"), MenuChoice(keys="2")), tries=2)
WIRES = {"1": "sales", "2": "", "timeout": "", "invalid": ""}


async def a_menu_and_two_extensions(office: FlowOffice) -> None:
    office.draw("500", menu=(MENU, WIRES), sales=ring("102", "other"), other=ring("103"))
    mine = office.phones[A].dial("500")
    await heard(office, "Menu")
    await answered(office, A, mine)
    office.press(A, "1")
    gone = await rings(office, B)
    await heard(office, "ringback")
    await over(office, B, gone)
    theirs = await rings(office, C)
    await asyncio.sleep(1)
    await office.phones[C].answer(theirs)
    await _talks(office, mine, C, theirs)
    left(office, ("menu", "1"), ("sales", "no_answer"), ("other", ""))


async def a_menu_that_is_not_understood(office: FlowOffice) -> None:
    office.draw("500", menu=(MENU, {**WIRES, "invalid": "busy"}), busy=(HangUp(tone="busy"), {}))
    mine = office.phones[A].dial("500")
    await heard(office, "Menu")
    office.press(A, "7")
    await heard(office, "phrase:menu_invalid")
    office.press(A, "8")
    await heard(office, "tone:busy")
    await over(office, A, mine)
    left(office, ("menu", "invalid"), ("busy", ""))


async def a_conversation_has_the_keys_to_itself(office: FlowOffice) -> None:
    office.draw("500", menu=(MENU, WIRES), sales=ring("102"))
    mine = office.phones[A].dial("500")
    await heard(office, "Menu")
    office.press(A, "1")
    theirs = await picks_up(office, B)
    await answered(office, A, mine)
    await asyncio.sleep(1)
    calls = list(office.node.switch._calls.values())
    expect(office, [each.a.pressed for each in calls] == [None], "the menu takes no keys any more")
    expect(office, all(each.pressed is not None for each in calls), "the conversation does")
    await _talks(office, mine, B, theirs)


async def a_queue_in_vain_and_with_success(office: FlowOffice) -> None:
    office.draw(
        "500",
        queue=(WaitInQueue(queue="700"), everybody("other")),
        other=ring("102", "again"),
        again=(WaitInQueue(queue="700"), everybody("")),
    )
    mine = office.phones[A].dial("500")
    first = await rings(office, C)
    await over(office, C, first)
    gone = await rings(office, B)
    await over(office, B, gone)
    theirs = await picks_up(office, C)
    await _talks(office, mine, C, theirs)
    left(office, ("queue", "no_answer"), ("other", "no_answer"), ("again", ""))


async def parked_by_a_flow(office: FlowOffice) -> None:
    office.draw("500", park=(ParkCall(slot="4"), {"busy": "", "no_answer": ""}))
    mine = office.phones[A].dial("500")
    await answered(office, A, mine)
    second = office.phones[B].dial("500")
    await over(office, B, second)
    fetching = office.phones[C].dial("*684")
    await answered(office, C, fetching)
    await _talks(office, mine, C, fetching)


# -- leaving the flow --------------------------------------------------------------------------------------------------


async def the_called_one_transfers(office: FlowOffice) -> None:
    office.draw("500", first=ring("102", "second"), second=ring("104"))
    mine = office.phones[A].dial("500")
    theirs = await picks_up(office, B)
    await answered(office, A, mine)
    await refers(office, B, theirs, "103")
    third = await picks_up(office, C)
    await over(office, B, theirs)
    await _talks(office, mine, C, third)
    left(office, ("first", ""))


async def transferred_to_a_flow(office: FlowOffice) -> None:
    office.draw("500", menu=(MENU, WIRES), sales=ring("103"))
    mine = office.phones[A].dial("102")
    theirs = await picks_up(office, B)
    await answered(office, A, mine)
    await refers(office, B, theirs, "500")
    await heard(office, "Menu")
    office.press(A, "1")
    third = await picks_up(office, C)
    await over(office, B, theirs)
    await _talks(office, mine, C, third)


async def a_flow_shows_another_name(office: FlowOffice) -> None:
    office.draw("500", show=(SetCallerId(name="Sales"), {"next": "first"}), first=ring("102"))
    mine = office.phones[A].dial("500")
    theirs = await rings(office, B)
    shown = [each.data for each in office.network.log if each.data.startswith(b"INVITE sip:102@10.0.0.2")]
    expect(office, shown and all(b"Sales" in each for each in shown), "the phone shows it")
    await office.phones[B].answer(theirs)
    await _talks(office, mine, B, theirs)


async def a_blind_transfer_in_vain(office: FlowOffice) -> None:
    office.draw("500", send=(TransferCall(destination="102", blind=True), {}), never=ring("103"))
    mine = office.phones[A].dial("500")
    await (await rings(office, B)).leg.reject(486)
    await over(office, A, mine)
    expect(office, mine.refused == 486, f"refused {mine.refused}")
    left(office, ("send", ""))


STORIES: dict[str, Story] = {
    each.__name__: each
    for each in (
        nobody_answers_and_the_next_does,
        the_first_is_busy,
        nobody_has_a_phone_or_the_number,
        forwarded_in_vain_twice,
        forwarded_and_answered,
        nobody_of_the_group,
        a_menu_and_two_extensions,
        a_menu_that_is_not_understood,
        a_conversation_has_the_keys_to_itself,
        a_queue_in_vain_and_with_success,
        parked_by_a_flow,
        the_called_one_transfers,
        transferred_to_a_flow,
        a_flow_shows_another_name,
        a_blind_transfer_in_vain,
    )
}
