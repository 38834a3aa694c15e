"""One caller at a conference, from the greeting to the last word.

answered ─▶ PIN ─▶ name ─▶ seat ─▶ (music until a moderator comes) ─▶ in, with keys ─▶ hung up, or sent away
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from pbx.call.call import Call
from pbx.call.codecs import voice
from pbx.call.ending import Ending
from pbx.call.keys import hear_tones
from pbx.call.leg import CallLeg
from pbx.call.pick_up import with_digits
from pbx.call.reoffer import accept_hushed
from pbx.call.scope import Stoppable
from pbx.call.talk import Sound, Talk
from pbx.core.errors import PeerError, UserError
from pbx.feature.conference.keys import Keys, Wished
from pbx.feature.conference.member import Member
from pbx.feature.conference.pins import Guesses, Role, role_of
from pbx.feature.conference.room import LiveConference
from pbx.feature.conference.voice import Files, Voice
from pbx.model.conference import ConferenceWrite
from pbx.model.conference_event import ConferenceRefused, ConferenceWaiting
from pbx.model.leg_event import DialogName, LegCause
from pbx.sip.sdp.format import Format

__all__ = ["Host", "Referred", "Visit", "Wishes"]

log = logging.getLogger(__name__)

TRIES = 3
FIRST_KEY_S = 8.0
LONGEST_NAME_S = 5
SHORTEST_NAME_MS = 400
SILENCE_AFTER_NAME_S = 1.5
INVITED_S = 20.0
"""So long somebody who was called is asked whether they want to come in."""
PLAIN = Format(0, "PCMU")
"""What can be bridged with this can be mixed."""


class Wishes(Protocol):
    """Does what a member's keys wish for. Implemented by `pbx.feature.conference.wishes`."""

    async def carry_out(self, wished: Wished, live: LiveConference, member: Member, talk: Talk) -> None: ...


Referred = Callable[[LiveConference, Member, str, DialogName | None], None]
"""A member transfers: to what dialling this reaches, or to whom that dialog talks with."""


class Host(Protocol):
    """Where conferences are kept. Implemented by `pbx.feature.conference.conferences`."""

    def find(self, number: str) -> ConferenceWrite | None:
        """The record as it is now."""
        ...

    def live(self, number: str) -> LiveConference | None:
        """The one that goes on."""
        ...

    def open(self, record: ConferenceWrite) -> LiveConference:
        """The same, or a new one. Somebody must enter it now."""
        ...

    def left(self, live: LiveConference) -> None:
        """Somebody has left it."""
        ...

    def refuse(self, reason: str) -> None:
        """Count somebody who was not let in."""
        ...


class Visit:
    """`vouched`: somebody brings the caller along, so no PIN is asked for. `asked`: it was called, and must press a key
    to come in. `arrived` is told when it has a seat. `referred` gets a member's transfer.
    """

    def __init__(
        self,
        call: Call,
        number: str,
        host: Host,
        *,
        voice: Voice,
        files: Files,
        guesses: Guesses,
        wishes: Wishes,
        referred: Referred,
        vouched: bool = False,
        asked: bool = False,
        back: Role = "",
        arrived: Callable[[], None] = lambda: None,
    ) -> None:
        """`back`: it was in it before the node was started anew, as that."""
        self._back: Role = back
        self._call = call
        self._number = number
        self._host = host
        self._voice = voice
        self._files = files
        self._guesses = guesses
        self._wishes = wishes
        self._referred = referred
        self._arrived = arrived
        self._vouched = vouched
        self._asked = asked

    async def run(self) -> str:
        """Why the caller is not in it any more, or was not let in, as in `ConferenceLeft` and `ConferenceRefused`; its
        hang-up cancels this. Raises `PeerError` 488 when the phone speaks nothing that can be mixed.
        """
        await self._answer()
        async with Talk(self._call) as talk:
            record = self._host.find(self._number)
            if self._back and record is not None:
                return await self._stay(talk, self._host.open(record), self._back, None)
            if self._asked and not await self._wants_to(talk):
                self._refused("declined")
                return "declined"
            role = await self._role(talk)
            refused = self._refuses(role) if role else "pin"
            if refused:
                return await self._turn_away(talk, refused)
            name = await self._ask_name(talk)
            refused = self._refuses(role)  # it may have been locked, filled or deleted meanwhile
            record = self._host.find(self._number)
            if refused or record is None:
                return await self._turn_away(talk, refused or "gone")
            return await self._stay(talk, self._host.open(record), role, name)

    # -- at the door -----------------------------------------------------------------------------------------------

    async def _answer(self) -> None:
        """In the first codec of the caller that can be mixed here."""
        call = self._call
        offered = call.offered_formats()
        mixable = tuple(each for each in voice(offered) if _mixable(call, each))
        if not mixable:
            self._refused("codec")
            raise PeerError(488, "No Codec That Can Be Mixed")
        formats = mixable if call.offer is None else mixable[:1]
        await call.answer_caller(with_digits(formats, offered))

    async def _wants_to(self, talk: Talk) -> bool:
        """A mailbox that picks up presses no key."""
        record = self._host.find(self._number)
        invited = await self._voice.says.phrase(
            "conference_invited", name=record.name if record is not None else ""
        )
        try:
            async with asyncio.timeout(INVITED_S):
                while True:
                    key = await talk.say(invited) or await talk.key(within_s=3.0)
                    if key:
                        return key == "1"
        except TimeoutError:
            return False

    async def _role(self, talk: Talk) -> Role:
        """By who it is, or by the PIN; "" after too many wrong ones."""
        record = self._host.find(self._number)
        if record is None:
            return "member"  # and refused as such
        if self._call.party.extension in record.moderators:
            return "moderator"
        if self._vouched or not (record.pin or record.moderator_pin):
            return "member"
        caller = self._call.party.number
        if self._guesses.too_many(self._number, caller):
            return ""
        question = "conference_pin" if record.pin else "conference_pin_or_pound"
        for _ in range(TRIES):
            most = max(len(each or "") for each in (record.pin, record.moderator_pin))
            pin = await talk.ask(await self._voice.says.phrase(question), most=most, first_s=FIRST_KEY_S)
            record = self._host.find(self._number) or record
            role = role_of(record, pin)
            if role:
                self._guesses.right(self._number, caller)
                return role
            if pin:
                self._guesses.wrong(self._number, caller)
            question = "conference_wrong_pin"
        return ""

    def _refuses(self, role: Role) -> str:
        """Why nobody with this role is let in now; "" lets in."""
        if self._host.find(self._number) is None:
            return "gone"
        live = self._host.live(self._number)
        return live.refuses(moderator=role == "moderator") if live is not None else ""

    async def _turn_away(self, talk: Talk, reason: str) -> str:
        self._refused(reason)
        await talk.say(await self._voice.says.phrase(f"conference_refused_{reason}"), barge_in="")
        return reason

    def _refused(self, reason: str) -> None:
        call = self._call
        self._host.refuse(reason)
        call.record(ConferenceRefused(call=call.id, at=call.now(), conference=self._number, reason=reason))

    async def _ask_name(self, talk: Talk) -> Sound | None:
        """What the caller says as its name; None where nobody asks for it, and for silence."""
        record = self._host.find(self._number)
        if record is None or record.announce != "name" or self._call.ports.recorder is None:
            return None
        path = await self._files.name(self._call.id)
        try:
            await talk.say(await self._voice.says.phrase("conference_say_name"))
            await talk.say(self._voice.joined(), barge_in="")
            ended = await talk.record(path, max_s=LONGEST_NAME_S, silence_s=SILENCE_AFTER_NAME_S, end="#")
            if ended.duration_ms < SHORTEST_NAME_MS:
                return None
            return await self._voice.says.file(path)
        except (OSError, UserError) as error:
            log.warning("a name could not be recorded", extra={"reason": str(error)})
            return None
        finally:
            await asyncio.shield(asyncio.to_thread(path.unlink, missing_ok=True))

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _stay(self, talk: Talk, live: LiveConference, role: Role, name: Sound | None) -> str:
        call = self._call
        member = live.enter(call, moderator=role == "moderator", name=name)
        self._arrived()
        try:
            call.reoffered, call.reflow = self._reoffered(live, member), lambda: live.flow(member)
            call.referred = lambda to, replaces: self._referred(live, member, to, replaces)
            with Stoppable() as stay:
                member.stop = stay.stop
                if not self._back:
                    await self._wait(talk, live, member)
                    await self._greet(talk, live, member)
                _admit(live, member)
                if live.wants_recording:
                    await live.set_recording(True)
                await self._listen(talk, live, member)
        finally:
            call.reoffered = call.reflow = call.referred = None
            live.leave(member, member.reason or "hung_up")
            self._host.left(live)
        if member.reason in ("removed", "ended"):
            talk.quiet()
            await talk.say(await self._voice.says.phrase(f"conference_{member.reason}"), barge_in="")
        return member.reason

    async def _wait(self, talk: Talk, live: LiveConference, member: Member) -> None:
        """Music, until a moderator is there."""
        if not live.must_wait(member):
            return
        call = self._call
        call.record(
            ConferenceWaiting(
                call=call.id, at=call.now(), conference=live.record.number, member=member.number
            )
        )
        await talk.say(await self._voice.says.phrase("conference_wait"))
        if live.must_wait(member):
            talk.music(call.ports.hold_tone())
            await member.may_enter.wait()
            talk.quiet()
        talk.keys = ""

    async def _greet(self, talk: Talk, live: LiveConference, member: Member) -> None:
        """How many there are, and what everybody has to know."""
        others = sum(each.admitted for each in live.members.values())
        words = [
            await self._voice.says.phrase("conference_others", count=others)
            if others
            else await self._voice.says.phrase("conference_alone")
        ]
        if member.silenced:
            words.append(await self._voice.says.phrase("conference_silenced"))
        elif member.muted:
            words.append(await self._voice.says.phrase("conference_you_are_muted"))
        if live.recording or live.wants_recording:
            words.append(await self._voice.says.phrase("conference_is_recorded"))
        await talk.say(*words)

    async def _listen(self, talk: Talk, live: LiveConference, member: Member) -> None:
        keys = Keys()
        while True:
            wished = keys.press(await talk.key(within_s=keys.wait_s))
            if wished is not None:
                await self._wishes.carry_out(wished, live, member, talk)

    def _reoffered(
        self, live: LiveConference, member: Member
    ) -> Callable[[CallLeg, bytes | None], Awaitable[None]]:
        accept = accept_hushed(self._call, partial(live.hush, member), partial(live.flow, member))

        async def answer(leg: CallLeg, sdp: bytes | None) -> None:
            await accept(leg, sdp)
            hear_tones(self._call, leg, on=True)

        return answer


def _mixable(call: Call, one: Format) -> bool:
    return call.codecs.pair_cost(one, PLAIN) is not None


def _admit(live: LiveConference, member: Member) -> None:
    try:
        live.admit(member)
    except ValueError as error:  # the engine cannot decode it, or cannot speak to it
        log.info("a phone cannot be in a conference", extra={"leg": member.leg.name, "reason": str(error)})
        member.call.end_with(Ending(LegCause.INCOMPATIBLE, 488))
        member.send_away("codec")
