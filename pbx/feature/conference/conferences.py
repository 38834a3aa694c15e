"""All conferences of the office, as the dial plan, phones and the API see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pbx.call.call import Call
from pbx.call.ports import MeetingRooms, RoomRecorder
from pbx.core.clock import Clock
from pbx.core.errors import PeerError, UserError
from pbx.core.tasks import Supervisor
from pbx.feature.conference.member import Member
from pbx.feature.conference.pins import Guesses, Role
from pbx.feature.conference.room import LiveConference, status_of
from pbx.feature.conference.visit import Referred, Visit
from pbx.feature.conference.voice import Files, Voice
from pbx.feature.conference.wishes import Calls, KeyWishes
from pbx.model.call_event import CallRouted
from pbx.model.conference import ConferenceWrite
from pbx.model.conference_status import (
    ConferenceInvitation,
    ConferenceMember,
    ConferenceOrder,
    ConferenceStatus,
    InvitedMember,
    MemberOrder,
)

__all__ = ["Conferences"]

_STATUS = {"pin": 403, "locked": 403, "full": 486, "gone": 404}
"""Of those who were not let in."""


class Conferences:
    """`changed` is told the number of a conference about which something is different. Implements `visit.Host`."""

    def __init__(
        self,
        *,
        rooms: MeetingRooms,
        recorder: RoomRecorder | None,
        voice: Voice,
        files: Files,
        clock: Clock,
        supervisor: Supervisor,
        changed: Callable[[str], None] = lambda _conference: None,
    ) -> None:
        self.calls: Calls = _calls_nobody
        """Calls somebody in; `pbx.feature.conference.invitations`."""
        self.referred: Referred = lambda _live, member, _to, _replaces: member.leg.dialog.report_transfer(603)
        self.refusals: dict[tuple[str, ...], float] = {}
        """Callers who were not let in, by reason."""
        self._rooms = rooms
        self._recorder = recorder
        self._voice = voice
        self._files = files
        self._clock = clock
        self._supervisor = supervisor
        self._changed = changed
        self._guesses = Guesses(clock)
        self._wishes = KeyWishes(voice, self._call_in)
        self._records: dict[str, ConferenceWrite] = {}
        self._live: dict[str, LiveConference] = {}
        self._brought: dict[str, str] = {}

    # -- records ---------------------------------------------------------------------------------------------------

    def use(self, records: Iterable[ConferenceWrite]) -> None:
        """From now on these are the conferences of the office. One that is deleted is over."""
        self._records = {each.number: each for each in records}
        for number, live in list(self._live.items()):
            record = self._records.get(number)
            if record is None:
                live.end()
            else:
                live.record = record
                self._changed(number)

    def find(self, number: str) -> ConferenceWrite | None:
        return self._records.get(number)

    # -- those that go on ------------------------------------------------------------------------------------------

    def live(self, number: str) -> LiveConference | None:
        return self._live.get(number)

    def open(self, record: ConferenceWrite) -> LiveConference:
        number = record.number
        if number not in self._live:
            self._live[number] = LiveConference(
                record,
                rooms=self._rooms,
                recorder=self._recorder,
                voice=self._voice,
                files=self._files,
                clock=self._clock,
                supervisor=self._supervisor,
                changed=lambda: self._changed(number),
            )
        return self._live[number]

    def left(self, live: LiveConference) -> None:
        """With the last member it is over."""
        number = live.record.number
        if not live.members and self._live.get(number) is live:
            del self._live[number]
            live.close()
            self._changed(number)

    @property
    def rooms(self) -> int:
        """How many go on."""
        return len(self._live)

    @property
    def people(self) -> int:
        """How many are in them."""
        return sum(len(each.members) for each in self._live.values())

    # -- callers ---------------------------------------------------------------------------------------------------

    async def join(self, call: Call, record: ConferenceWrite) -> str:
        """Why the caller is not in it any more, or was not let in (`Visit.run`). Raises `PeerError` 488 for a phone
        whose sound cannot be mixed.
        """
        call.record(
            CallRouted(call=call.id, at=call.now(), kind="conference", to=record.number, to_name=record.name)
        )
        vouched = self._brought.pop(call.id, "") == record.number
        return await self.visit(call, record.number, vouched=vouched).run()

    async def come_back(self, call: Call, number: str, *, moderator: bool) -> None:
        """The same for one who was in it before the node was started anew: nothing is asked or said."""
        await self.visit(call, number, back="moderator" if moderator else "member").run()

    async def lead(self, call: Call, number: str) -> None:
        """The same for those who have another way for whom it does not take. Raises `PeerError` 403, 404, 486."""
        record = self.find(number)
        if record is None:
            raise PeerError(404, "No Such Conference")
        reason = await self.join(call, record)
        if reason in _STATUS:
            raise PeerError(_STATUS[reason], "Not Let In")

    def visit(
        self,
        call: Call,
        number: str,
        *,
        vouched: bool = False,
        asked: bool = False,
        back: Role = "",
        arrived: Callable[[], None] = lambda: None,
    ) -> Visit:
        return Visit(
            call,
            number,
            self,
            voice=self._voice,
            files=self._files,
            guesses=self._guesses,
            wishes=self._wishes,
            referred=self.referred,
            vouched=vouched,
            asked=asked,
            back=back,
            arrived=arrived,
        )

    def _call_in(self, number: str, to: str, rights: str | None) -> str:
        return self.calls(number, to, rights)

    def vouch(self, call: Call, number: str) -> None:
        """A member brings this call's next party along: no PIN is asked for."""

        def forget() -> None:
            self._brought.pop(call.id, None)

        self._brought[call.id] = number
        call.a.on_close(forget)

    def refuse(self, reason: str) -> None:
        """Count somebody who was not let in."""
        self.refusals[(reason,)] = self.refusals.get((reason,), 0.0) + 1

    # -- by program ------------------------------------------------------------------------------------------------

    def statuses(self) -> Sequence[ConferenceStatus]:
        """How every conference is doing."""
        return [status_of(each, self._live.get(each.number)) for each in self._records.values()]

    def status(self, number: str) -> ConferenceStatus:
        """Raises `UserError` 404."""
        return status_of(self._record(number), self._live.get(number))

    async def order(self, number: str, order: ConferenceOrder) -> ConferenceStatus:
        """Raises `UserError` 404, 409 when nobody is in it, 503 when it cannot be recorded."""
        live = self._going_on(number)
        if order.locked is not None:
            live.lock(order.locked)
        if order.all_muted is not None and order.all_muted != live.all_muted:
            live.silence_all(order.all_muted)
        if order.recording is not None and not await live.set_recording(order.recording):
            raise UserError(
                f"the conference {number} cannot be recorded",
                http_status=503,
                path="$.recording",
                action="Look at the log and make room on the disk",
            )
        return self.status(number)

    def order_member(self, number: str, member: int, order: MemberOrder) -> ConferenceMember:
        """Raises `UserError` 404."""
        found = self._member(number, member)
        self._going_on(number).silence(found, order.muted)
        return found.status()

    def remove(self, number: str, member: int) -> None:
        """Raises `UserError` 404."""
        self._member(number, member).send_away("removed")

    def end(self, number: str) -> None:
        """Send everybody away. Raises `UserError` 404, 409."""
        self._going_on(number).end()

    def invite(self, number: str, invitation: ConferenceInvitation) -> InvitedMember:
        """Call somebody in. Raises `UserError` 404, 409 for a number that cannot be called, `PeerError` 503."""
        record = self._record(number)
        return InvitedMember(call=self.calls(number, invitation.number, record.dials_as))

    def _record(self, number: str) -> ConferenceWrite:
        record = self._records.get(number)
        if record is None:
            raise UserError(f"there is no conference {number}", http_status=404)
        return record

    def _going_on(self, number: str) -> LiveConference:
        self._record(number)
        live = self._live.get(number)
        if live is None:
            raise UserError(f"nobody is in the conference {number}", http_status=409)
        return live

    def _member(self, number: str, member: int) -> Member:
        self._record(number)
        live = self._live.get(number)
        found = live.members.get(member) if live is not None else None
        if found is None:
            raise UserError(f"there is no member {member} in the conference {number}", http_status=404)
        return found


def _calls_nobody(_number: str, _to: str, _rights: str | None) -> str:
    raise PeerError(503, "Nobody Can Be Called")
