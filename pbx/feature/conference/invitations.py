"""Brings people into a conference: calls them, or takes them over from a member that talks with them elsewhere.

A member's transfer does the same (RFC 4579 5.5, 5.6): blind, it calls somebody in; attended, whom the member has spoken
with comes in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from pbx.call.call import Call
from pbx.call.called_back import CalledBack, Reach
from pbx.call.ending import Ending
from pbx.call.incoming import Incoming
from pbx.call.leg import CallLeg
from pbx.call.own_program import OwnProgram
from pbx.call.own_program import Starts as StartsCalls
from pbx.call.ports import Router, Signaling
from pbx.call.transfer import take_over
from pbx.core.errors import PeerError, UserError
from pbx.feature.conference.conferences import Conferences
from pbx.feature.conference.member import Member
from pbx.feature.conference.room import LiveConference
from pbx.feature.transfer import Calls as FindsCalls
from pbx.feature.usage import TRUNK_FAULTS
from pbx.model.call_event import CallRouted
from pbx.model.leg_event import DialogName, LegCause, LegFailed
from pbx.model.party import Party

__all__ = ["Invitations", "Phonebook"]

RING_S = 40.0
Told = Callable[[int], None]


class Starts(FindsCalls, StartsCalls, Protocol):
    """Starts and finds calls. Implemented by `pbx.call.switch`."""


class Phonebook(Protocol):
    """Whom the office can call."""

    def extension(self, number: str) -> str | None:
        """Its name, where the number is an extension."""
        ...

    def may_call(self, number: str, rights: str | None) -> bool:
        """Whether an extension with these rights may call this; None: nobody's."""
        ...

    def ways(self, call: Call, number: str, extension: str | None, rights: str) -> Sequence[Reach]: ...


class Invitations:
    """`calls` and `router` are asked late: they are made after all features."""

    def __init__(
        self,
        conferences: Conferences,
        calls: Callable[[], Starts],
        router: Callable[[], Router],
        *,
        phonebook: Phonebook,
        signaling: Signaling,
        new_id: Callable[[], str],
    ) -> None:
        self._conferences = conferences
        self._calls = calls
        self._router = router
        self._phonebook = phonebook
        self._signaling = signaling
        self._new_id = new_id

    def call_in(self, number: str, to: str, rights: str | None, told: Told = lambda _: None) -> str:
        """Call somebody into a conference; the call's id. `told` learns how it goes, as the status of an INVITE.

        Raises `UserError` 404, 409 and `PeerError` 503.
        """
        record = self._conferences.find(number)
        if record is None:
            raise UserError(f"there is no conference {number}", http_status=404)
        name = self._phonebook.extension(to)
        rights = rights or record.dials_as
        if not self._phonebook.may_call(to, rights):
            raise UserError(
                f"{to} cannot be called from the conference {number}",
                http_status=409,
                path="$.number",
                got=to,
                needed="an extension with a phone, or an outside number that the extension of “Calls out as” may call",
            )
        self._calls().admit()
        return self._start(number, to, name, rights or "", told)

    def _start(self, number: str, to: str, name: str | None, rights: str, told: Told) -> str:
        record = self._conferences.find(number)
        extension = to if name is not None else None
        made: list[Call] = []
        state = {"begun": False, "arrived": False}

        def arrived() -> None:
            state["arrived"] = True
            told(200)

        async def program(call: Call) -> None:
            state["begun"] = True
            call.record(
                CallRouted(
                    call=call.id,
                    at=call.now(),
                    kind="conference",
                    to=number,
                    to_name=record.name if record is not None else "",
                )
            )
            visit = self._conferences.visit(
                call, number, vouched=True, asked=extension is None, arrived=arrived
            )
            status = 603
            try:
                await visit.run()
            except PeerError as error:
                status = error.sip_status
                raise
            except LegFailed as error:
                status = error.status or 480
                raise
            finally:
                made.clear()  # the call holds the leg, which asks for the call
                if not state["arrived"]:
                    told(status)

        def given_up() -> None:
            made.clear()
            if not state["begun"]:  # no port was free
                told(503)

        leg = CalledBack(
            self._new_id(),
            lambda: self._phonebook.ways(made[0], to, extension, rights),
            self._signaling,
            shown=Party(number, record.name if record is not None else ""),
            ring_s=RING_S,
            faults=TRUNK_FAULTS,
            given_up=given_up,
            together=extension is not None,
        )
        incoming = Incoming(
            leg=leg,
            caller=Party(to, name or "", extension=extension),
            dialled=number,
            source="conference",
            source_host="",
            offer=None,
        )
        call = self._calls().offered(incoming, OwnProgram(self._router(), program))
        made.append(call)
        return call.id

    # -- by transfer -----------------------------------------------------------------------------------------------

    def referred(self, live: LiveConference, member: Member, to: str, replaces: DialogName | None) -> None:
        """A member transfers. Nobody from outside may."""
        report = member.leg.dialog.report_transfer
        if member.leg.party.extension is None:
            report(603)
        elif replaces is not None:
            self._bring(live, member, replaces)
        else:
            self._call_in(live, member, to)

    def _call_in(self, live: LiveConference, member: Member, to: str) -> None:
        """The member stays until it hangs up by itself, as phones do when somebody has answered."""
        report = member.leg.dialog.report_transfer
        try:
            self.call_in(live.record.number, to, member.leg.party.extension, report)
        except UserError as error:
            report(404 if error.http_status == 404 else 403)
        except PeerError as error:
            report(error.sip_status)

    def _bring(self, live: LiveConference, member: Member, dialog: DialogName) -> None:
        found = self._calls().find(dialog)
        report = member.leg.dialog.report_transfer
        if found is None or found[1].party.extension != member.leg.party.extension:
            report(481)
            return
        consultation, own = found
        pair = consultation.talking
        partner = None if pair is None or own not in pair else pair[1] if own is pair[0] else pair[0]
        if partner is None:  # it still rings there, or is a menu
            consultation.hang_up(Ending(LegCause.TRANSFERRED, by=own.name))
            self._call_in(live, member, consultation.dialled)
        else:
            member.call.scope.spawn(self._take_over(live, member, partner, consultation))

    async def _take_over(
        self, live: LiveConference, member: Member, partner: CallLeg, consultation: Call
    ) -> None:
        call = member.call
        try:
            leg = await take_over(call, partner, consultation)
        except PeerError as error:
            member.leg.dialog.report_transfer(error.sip_status)
            return
        self._conferences.vouch(call, live.record.number)
        call.hand_over(member.leg, leg, live.record.number)
        member.send_away("transferred")
