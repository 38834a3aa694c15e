"""What members wish for by keys, and what they are told about it. The rights are checked here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pbx.call.talk import Sound, Talk
from pbx.core.errors import PeerError, UserError
from pbx.feature.conference.keys import Wish, Wished
from pbx.feature.conference.member import Member
from pbx.feature.conference.room import LiveConference
from pbx.feature.conference.voice import Voice

__all__ = ["KeyWishes"]

MOST_NAMES = 20

Calls = Callable[[str, str, str | None], str]
"""Calls somebody into a conference: its number, whom, and whose rights count; the call's id. Raises `UserError` or
`PeerError`."""


class KeyWishes:
    """Implements `pbx.feature.conference.visit.Wishes`."""

    def __init__(self, voice: Voice, calls: Calls) -> None:
        self._voice = voice
        self._calls = calls
        self._doers: dict[Wish, Callable[[LiveConference, Member, Talk, str], Awaitable[str]]] = {
            Wish.MENU: self._menu,
            Wish.MUTE: self._mute,
            Wish.WHO: self._who,
            Wish.LOCK: self._lock,
            Wish.MUTE_ALL: self._mute_all,
            Wish.MUTE_ONE: self._mute_one,
            Wish.REMOVE: self._remove,
            Wish.RECORD: self._record,
            Wish.CALL: self._call,
            Wish.END: self._end,
        }

    async def carry_out(self, wished: Wished, live: LiveConference, member: Member, talk: Talk) -> None:
        """Do it, and say so to the member alone, who does not hear the others meanwhile."""
        if wished.wish.for_moderators and not member.moderator:
            said = "conference_only_moderators"
        else:
            said = await self._doers[wished.wish](live, member, talk, wished.number)
        if said:
            await _say(talk, await self._voice.says.phrase(said))

    # -- everybody -------------------------------------------------------------------------------------------------

    async def _menu(self, _live: LiveConference, member: Member, talk: Talk, _: str) -> str:
        words = [await self._voice.says.phrase("conference_menu")]
        if member.moderator:
            words.append(await self._voice.says.phrase("conference_menu_moderators"))
        await _say(talk, *words)
        return ""

    async def _mute(self, live: LiveConference, member: Member, _talk: Talk, _: str) -> str:
        on = not (member.muted or member.silenced)
        if not live.mute(member, on):
            return "conference_silenced"
        return "conference_you_are_muted" if on else "conference_you_are_heard"

    async def _who(self, live: LiveConference, _member: Member, talk: Talk, _: str) -> str:
        """How many there are, and their numbers and names."""
        there = [each for each in live.members.values() if each.admitted]
        says = self._voice.says
        heard = await _say(talk, await says.phrase("conference_count", count=len(there)))
        for each in there[:MOST_NAMES]:
            if not heard:
                break
            number = await says.phrase("conference_member", number=each.number)
            heard = await _say(talk, number, each.name or await self._named(each))
        return ""

    async def _named(self, member: Member) -> Sound:
        return await self._voice.says.text(member.shown or str(member.number))

    # -- moderators ------------------------------------------------------------------------------------------------

    async def _lock(self, live: LiveConference, _member: Member, _talk: Talk, _: str) -> str:
        live.lock(not live.locked)  # everybody is told
        return ""

    async def _mute_all(self, live: LiveConference, _member: Member, _talk: Talk, _: str) -> str:
        live.silence_all(not live.all_muted)  # everybody is told
        return ""

    async def _mute_one(self, live: LiveConference, _member: Member, _talk: Talk, number: str) -> str:
        found = _member_of(live, number)
        if found is None:
            return "conference_no_member"
        on = not (found.muted or found.silenced)
        live.silence(found, on)
        return "conference_member_muted" if on else "conference_member_heard"

    async def _remove(self, live: LiveConference, member: Member, _talk: Talk, number: str) -> str:
        """Without a number, whoever came last."""
        others = [each for each in live.members.values() if each is not member]
        found = _member_of(live, number) if number else next(reversed(others), None)
        if found is None or found is member:
            return "conference_no_member"
        found.send_away("removed")
        return "conference_member_removed"

    async def _record(self, live: LiveConference, _member: Member, _talk: Talk, _: str) -> str:
        done = await live.set_recording(not live.recording)
        return "" if done else "conference_not_recorded"

    async def _call(self, live: LiveConference, member: Member, _talk: Talk, number: str) -> str:
        try:
            self._calls(live.record.number, number, member.leg.party.extension)
        except (UserError, PeerError):
            return "conference_not_called"
        return "conference_calls"

    async def _end(self, live: LiveConference, _member: Member, _talk: Talk, _: str) -> str:
        live.end()
        return ""


async def _say(talk: Talk, *sounds: Sound) -> bool:
    """Whether all was heard. A star cuts it short, and begins the next wish."""
    key = await talk.say(*sounds, barge_in="*")
    talk.keys = key + talk.keys
    return not key


def _member_of(live: LiveConference, number: str) -> Member | None:
    return live.members.get(int(number)) if number else None
