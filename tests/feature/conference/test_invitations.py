"""Who is called into a conference, by a program, by keys, and by a member's transfer."""

from __future__ import annotations

import asyncio

import pytest

from pbx.core.errors import UserError
from pbx.model.conference_event import ConferenceLeft, ConferenceRefused
from pbx.model.conference_status import ConferenceInvitation
from pbx.model.leg_event import DialogName, Ended, LegCause, Refused
from tests.feature.conference.parts import Place, conference, later, story


def invite(place: Place, number: str) -> str:
    return place.conferences.invite("700", ConferenceInvitation(number=number)).call


@story(conference(pin="1234"))
async def test_an_extension_is_called_in_without_a_pin(place: Place) -> None:
    call = invite(place, "102")
    await later(1)
    assert [uri for uri, _ in place.rung] == ["102"]
    bob = place.answer("102")
    await later(3)
    assert bob.inside
    assert bob.call.id == call
    assert (place.status.members[0].extension, place.status.members[0].name) == ("102", "Phone 102")


@story(conference(dials_as="101"))
async def test_somebody_outside_must_want_to_come_in(place: Place) -> None:
    invite(place, "0301234")
    invite(place, "0305678")
    await later(1)
    wants = place.answer("0301234")
    await later(0.5)
    assert wants.hears == "conference_invited Team"
    wants.press("1")
    await later(3)
    assert wants.inside
    mailbox = place.answer("0305678")
    await later(30)
    assert mailbox.gone
    assert [each.reason for each in place.events(ConferenceRefused)] == ["declined"]
    assert place.channels == 1


@story()
async def test_nobody_is_called_whom_nobody_here_may_call(place: Place) -> None:
    place.without_phone.add("103")
    for number in ("0301234", "103", "112"):
        with pytest.raises(UserError) as error:
            invite(place, number)
        assert error.value.http_status == 409
    assert place.rung == []


@story(conference(dials_as="101"))
async def test_help_is_not_called_in(place: Place) -> None:
    with pytest.raises(UserError):
        invite(place, "112")


@story()
async def test_who_does_not_answer_leaves_nothing(place: Place) -> None:
    invite(place, "102")
    await later(1)
    (_, leg) = place.rung[0]
    leg.tell(Refused(486, "Busy Here"))
    await later(1)
    assert len(place.switch) == 0
    invite(place, "103")
    await later(60)
    assert len(place.switch) == 0
    assert place.rung[1][1].ended


@story(conference(moderators=("109",)))
async def test_a_moderator_calls_somebody_by_keys(place: Place) -> None:
    (boss,) = await place.inside("109")
    boss.press("*8102#")
    await later(0.5)
    assert boss.hears == "conference_calls"
    bob = place.answer("102")
    await later(3)
    assert bob.inside
    place.without_phone.add("103")
    boss.press("*8103#")
    await later(0.5)
    assert boss.hears == "conference_not_called"


# -- by transfer -----------------------------------------------------------------------------------------------------


@story()
async def test_a_blind_transfer_calls_somebody_in(place: Place) -> None:
    alice, bob = await place.inside("101", "102")
    bob.refers("103")
    await later(1)
    carol = place.answer("103")
    await later(3)
    assert carol.inside
    assert bob.leg.reports[-1] == 200
    bob.hang_up()
    await later(1)
    assert [each.inside for each in (alice, carol)] == [True, True]


@story()
async def test_a_blind_transfer_in_vain_leaves_the_member_in(place: Place) -> None:
    (alice,) = await place.inside("101")
    alice.refers("102")
    await later(1)
    place.rung[0][1].tell(Refused(486, "Busy Here"))
    await later(1)
    assert alice.leg.reports == [486]
    place.without_phone.add("103")
    alice.refers("103")
    await later(1)
    assert alice.leg.reports == [486, 403]
    assert alice.inside


@story()
async def test_a_caller_from_outside_transfers_nobody(place: Place) -> None:
    alice = place.arrives(None, number="+4930")
    await later(3)
    alice.refers("102")
    await later(1)
    assert alice.leg.reports == [603]
    assert place.rung == []


@story(conference(pin="1234"))
async def test_an_attended_transfer_brings_the_other_in_without_a_pin(place: Place) -> None:
    alice = place.arrives("101")
    await later(0.5)
    alice.press("1234")
    await later(4)
    question = place.arrives("101", dials="103")
    await later(1)
    carol = place.answer("103")
    await later(1)
    assert question.call.talking is not None
    alice.refers("", DialogName(question.leg.id, "ours", "theirs"))
    await later(4)
    assert [each.number for each in place.status.members] == ["103"]
    assert alice.leg.reports[-1] == 200
    assert alice.gone, "who has transferred is let go"
    assert not carol.leg.ended
    assert [each.reason for each in place.events(ConferenceLeft)] == ["transferred"]


@story()
async def test_an_attended_transfer_of_somebody_elses_call_is_refused(place: Place) -> None:
    (alice,) = await place.inside("101")
    other = place.arrives("102", dials="103")
    await later(1)
    place.answer("103")
    await later(1)
    alice.refers("", DialogName(other.leg.id, "ours", "theirs"))
    await later(1)
    assert alice.leg.reports == [481]
    assert other.call.talking is not None


@story()
async def test_an_attended_transfer_while_it_rings_calls_in(place: Place) -> None:
    (alice,) = await place.inside("101")
    question = place.arrives("101", dials="103")
    await later(1)
    alice.refers("", DialogName(question.leg.id, "ours", "theirs"))
    await later(1)
    assert question.gone
    carol = place.answer("103")
    await later(3)
    assert carol.inside
    assert alice.leg.reports[-1] == 200


@pytest.mark.parametrize("tenths", range(0, 60, 3))
@pytest.mark.parametrize("who", ["member", "partner"])
def test_a_hang_up_at_any_moment_of_a_transfer_leaves_nothing(tenths: int, who: str) -> None:
    @story()
    async def at(place: Place) -> None:
        (alice,) = await place.inside("101")
        question = place.arrives("101", dials="103")
        await later(1)
        carol = place.answer("103")
        await later(1)
        gone = alice.leg if who == "member" else carol.leg
        asyncio.get_running_loop().call_later(tenths / 10, gone.tell, Ended(LegCause.NORMAL))
        await asyncio.sleep(0.6)
        alice.refers("", DialogName(question.leg.id, "ours", "theirs"))
        await later(20)

    at()
