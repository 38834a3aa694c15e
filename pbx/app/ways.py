"""How the node reaches somebody of its own accord: an extension's phones, or trunks that an extension may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from pbx.app.desk import phones_of
from pbx.call.call import Call
from pbx.call.called_back import Reach, reaches
from pbx.feature.extension import ExtensionCalls
from pbx.feature.numbering import written
from pbx.feature.office import Office
from pbx.feature.outside import OutsideCalls, WayOut
from pbx.model.call_event import LegDialled
from pbx.model.kinds import EXTENSION

__all__ = ["Ways"]


class Ways(msgspec.Struct, frozen=True):
    """Implements `pbx.feature.conference.invitations.Phonebook`; queues call back over it too."""

    office: Office
    extensions: ExtensionCalls
    outside: OutsideCalls
    country: str

    def extension(self, number: str) -> str | None:
        """Its name, where the number is an extension."""
        found = self.office.get(EXTENSION, number)
        return None if found is None else found.name

    def may_call(self, number: str, rights: str | None) -> bool:
        """An extension that has a phone; an outside number that the extension `rights` may call, and none for help."""
        if self.office.get(EXTENSION, number) is not None:
            return bool(phones_of(self.office, self.extensions, number))
        by = self.office.get(EXTENSION, rights or "")
        return (
            by is not None
            and by.enabled
            and self.outside.emergency_number(number) is None
            and any(self.outside.allows(each, by) for each in self._spellings(number))
        )

    def ways(self, call: Call, number: str, extension: str | None, rights: str) -> Sequence[Reach]:
        """To the phones of an extension, or over the trunks that `rights` may use."""
        if extension is not None:
            return reaches(call, phones_of(self.office, self.extensions, extension))
        by = self.office.get(EXTENSION, rights)
        for dialled in self._spellings(number):
            if by is not None and (found := self.outside.ways_out(call, dialled, by)):
                return [Reach(each.target, partial(_let_out, call, each)) for each in found]
        return []

    def _spellings(self, number: str) -> tuple[str, str]:
        return number, written(number, "national", self.country)


def _let_out(call: Call, way: WayOut) -> Callable[[], None]:
    """Take a channel for the caller's leg, and let the limits of outside calls see it."""
    release = way.seize()
    call.record(
        LegDialled(
            call=call.id,
            at=call.now(),
            leg="a",
            target=way.target.label,
            trunk=way.target.trunk,
            charged_to=way.target.charged_to,
        )
    )
    return release
