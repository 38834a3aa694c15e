"""Transfers as phones really do them (the call is on hold first, its ACK is late, the phone has one line, the number
stands in a tel URI), and those that lead nowhere or that nobody may do.
"""

from __future__ import annotations

import asyncio

from pbx.core.errors import PeerError
from pbx.sip.build import request_of
from pbx.sip.hop import Hop
from pbx.transport.sip_leg import SipLeg
from tests.stories.desk_office import DeskOffice
from tests.stories.desk_stories import (
    A,
    B,
    C,
    Lost,
    Story,
    answered,
    attended_while_it_rings,
    ends,
    expect,
    over,
    pair,
    picks_up,
    refers,
    rings,
    talk_between,
    told,
)
from tests.stories.lamp_office import NODE

__all__ = ["STORIES"]


async def _held_and_sent_on(office: DeskOffice, by: str) -> None:
    """As most phones do it: the key puts the call on hold, and the number that follows transfers it."""
    mine, theirs = await talk_between(office, A, B)
    goes, remains, stays = (theirs, mine, A) if by == B else (mine, theirs, B)
    await office.phones[by].hold(goes)
    await asyncio.sleep(0.2)
    expect(office, office.node.hearing(stays) == "hold", "who waits hears music")
    await refers(office, by, goes, C)
    target = await picks_up(office, C)
    await over(office, by, goes)
    expect(office, office.node.talking() == pair(stays, C), f"talking: {office.node.talking()}")
    expect(office, office.node.hearing(stays) is None, "and no music any more")
    await ends(office, stays, remains, (C, target))


async def held_and_sent_on_by_callee(office: DeskOffice) -> None:
    await _held_and_sent_on(office, B)


async def held_and_sent_on_by_caller(office: DeskOffice) -> None:
    await _held_and_sent_on(office, A)


async def sent_on_before_the_hold_is_acknowledged(office: DeskOffice) -> None:
    """The ACK of the hold is lost, and comes when the call has long been sent on."""
    mine, theirs = await talk_between(office, A, B)
    office.network.unheard = lambda data, source: source == office.phones[B].host and data.startswith(b"ACK ")
    await office.phones[B].hold(theirs)
    await refers(office, B, theirs, C)
    await rings(office, C)
    office.network.unheard = None
    target = await picks_up(office, C, after_s=3)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (C, target))


async def the_caller_sends_on_before_its_hold_is_acknowledged(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    office.network.unheard = lambda data, source: source == office.phones[A].host and data.startswith(b"ACK ")
    await office.phones[A].hold(mine)
    await refers(office, A, mine, C)
    await rings(office, C)
    office.network.unheard = None
    target = await picks_up(office, C, after_s=3)
    await over(office, A, mine)
    expect(office, office.node.talking() == pair(B, C), f"talking: {office.node.talking()}")
    await ends(office, B, theirs, (C, target))


async def who_was_held_is_sent_on_and_comes_back(office: DeskOffice) -> None:
    """The call is still on hold for who transfers, until it takes it back."""
    mine, theirs = await talk_between(office, A, B)
    await office.phones[B].hold(theirs)
    await refers(office, B, theirs, C)
    target = await rings(office, C)
    await target.leg.reject(486)
    await office.phones[B].until(lambda: "486" in theirs.told, 10)
    await asyncio.sleep(0.2)
    expect(office, office.node.hearing(A) == "hold", "it waits again")
    await office.phones[B].hold(theirs, "sendrecv")
    await asyncio.sleep(0.2)
    expect(office, office.node.talking() == pair(A, B), "they talk again")
    await ends(office, A, mine, (B, theirs))


async def to_a_tel_uri(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, "tel:1-0.3;phone-context=office")
    target = await picks_up(office, C)
    await over(office, B, theirs)
    expect(office, office.node.talking() == pair(A, C), f"talking: {office.node.talking()}")
    await ends(office, A, mine, (C, target))


async def a_tel_uri_is_dialled(office: DeskOffice) -> None:
    mine = office.phones[A].dial("tel:1-02;phone-context=office")
    theirs = await picks_up(office, B)
    await answered(office, A, mine)
    expect(office, office.cdr(B).dialled == B, "it is the extension")
    await ends(office, A, mine, (B, theirs))


async def a_phone_that_hides_its_number_is_shown_nowhere(office: DeskOffice) -> None:
    """Privacy is asked for by the phone itself, not by a code (RFC 3323)."""
    mine = office.phones[A].dial(B, (("Privacy", "id"),))
    theirs = await picks_up(office, B)
    shown = theirs.leg.request
    expect(office, shown.from_.uri.startswith("sip:anonymous@"), f"shown as {shown.from_}")
    expect(office, "P-Asserted-Identity" not in shown.headers, "nor asserted")
    expect(office, "101" not in (shown.headers.get("Contact") or ""), "nor in Contact")
    await answered(office, A, mine)
    await refers(office, B, theirs, C)
    third = await picks_up(office, C)
    expect(office, third.leg.request.from_.uri.startswith("sip:anonymous@"), "nor to the next one")
    await over(office, B, theirs)
    await ends(office, A, mine, (C, third))


async def a_call_that_is_to_replace_itself(office: DeskOffice) -> None:
    """A phone that names the call it transfers: that leads nowhere, and harms nobody."""
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, A, replaces=theirs.replaces)
    await office.phones[B].until(lambda: "482" in theirs.told, 10)
    await asyncio.sleep(0.2)
    expect(office, office.node.talking() == pair(A, B), "they talk again")
    await ends(office, A, mine, (B, theirs))


async def only_while_it_rings_and_it_was_answered(office: DeskOffice) -> None:
    """early-only: the consultation was answered meanwhile, so the transfer fails and all goes on (RFC 3891 3)."""
    mine, theirs = await talk_between(office, A, B)
    second, target = await talk_between(office, B, C)
    await refers(office, B, theirs, C, replaces=f"{second.replaces};early-only")
    await office.phones[B].until(lambda: "486" in theirs.told, 10)
    await asyncio.sleep(0.2)
    expect(office, office.node.talking() == pair(A, B) | pair(B, C), f"talking: {office.node.talking()}")
    await ends(office, B, second, (C, target))
    await ends(office, A, mine, (B, theirs))


async def nobody_takes_the_place_of_who_calls(office: DeskOffice) -> None:
    """An early dialog that a phone has begun is not ours to replace: 481, and it rings on (RFC 3891 3)."""
    mine = office.phones[A].dial(B)
    theirs = await rings(office, B)
    forks = getattr(mine.leg.initial, "forks", {})
    tag = next(iter(forks), None)
    if tag is None:
        raise Lost("nothing was heard of the ringing")
    value = f"{mine.leg.call_id};to-tag={tag};from-tag={mine.leg.id}"
    taking = office.phones[C].dial(B, (("Replaces", value),))
    await over(office, C, taking)
    expect(office, taking.refused == 481, f"refused {taking.refused}")
    await office.phones[B].answer(theirs)
    await answered(office, A, mine)
    await ends(office, A, mine, (B, theirs))


async def a_refer_outside_a_call_transfers_nobody(office: DeskOffice) -> None:
    phone = office.phones[C]
    request = request_of(
        "REFER",
        f"sip:102@{NODE}",
        from_=f"<sip:103@{NODE}>;tag=r",
        to=f"<sip:102@{NODE}>",
        call_id="refer-outside",
        cseq=1,
        headers=(("Contact", f"<sip:103@{phone.host}>"), ("Refer-To", f"<sip:104@{NODE}>")),
    )
    response = await phone.agent.request(request, Hop("UDP", NODE, 5060, phone.host, 5060))
    expect(office, response.status == 481, f"refused {response.status}")


async def to_a_number_that_nobody_has(office: DeskOffice) -> None:
    mine, theirs = await talk_between(office, A, B)
    await refers(office, B, theirs, "999")
    await office.phones[B].until(lambda: "404" in theirs.told, 10)
    await asyncio.sleep(0.2)
    told(office, theirs, "100", "404")
    expect(office, office.node.talking() == pair(A, B), "they talk again")
    await ends(office, A, mine, (B, theirs))


async def attended_while_a_phone_with_one_line_rings(office: DeskOffice) -> None:
    """It is busy for a second call while the first still rings, so that one must be over before the next one comes."""
    target_phone = office.phones[C]
    rings_only_once = target_phone.agent.on_invite
    assert rings_only_once is not None

    def on_invite(leg: SipLeg) -> None:
        if any(not talk.leg.is_over for talk in target_phone.talks):
            raise PeerError(486, "Busy Here")
        rings_only_once(leg)

    target_phone.agent.on_invite = on_invite
    await attended_while_it_rings(office)


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        held_and_sent_on_by_callee,
        held_and_sent_on_by_caller,
        sent_on_before_the_hold_is_acknowledged,
        the_caller_sends_on_before_its_hold_is_acknowledged,
        who_was_held_is_sent_on_and_comes_back,
        to_a_tel_uri,
        a_tel_uri_is_dialled,
        a_phone_that_hides_its_number_is_shown_nowhere,
        a_call_that_is_to_replace_itself,
        only_while_it_rings_and_it_was_answered,
        nobody_takes_the_place_of_who_calls,
        a_refer_outside_a_call_transfers_nobody,
        to_a_number_that_nobody_has,
        attended_while_a_phone_with_one_line_rings,
    )
}
