"""What a dialogue knows of the office: its directory, what is set, the hour, and who is on the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edge.model.directory import DirectoryExtension, OfficeDirectory
from edge.model.receptionist import Receptionist
from edge.offline.hours import is_open
from edge.offline.state import Target
from edge.offline.words import Words, words_of

__all__ = ["View"]

MOST_RUNG = 10
"""So many numbers does Twilio call at once."""
MOST_DIGITS = 12


@dataclass(frozen=True, slots=True)
class View:
    """`directory` is empty where the office has never sent one. `open` is None where nobody knows."""

    directory: OfficeDirectory
    settings: Receptionist
    words: Words
    open: bool | None
    called: str = ""
    caller: str = ""

    @classmethod
    def of(
        cls,
        directory: OfficeDirectory | None,
        settings: Receptionist,
        now_ms: int,
        *,
        called: str = "",
        caller: str = "",
        closed: bool | None = None,
    ) -> View:
        directory = directory or OfficeDirectory()
        opened = is_open(directory, now_ms) if closed is None else not closed
        words = words_of(settings.language, directory.language)
        return cls(directory, settings, words, opened, called, caller)

    @property
    def most_digits(self) -> int:
        return min(max((len(each.number) for each in self.directory.extensions), default=1), MOST_DIGITS)

    def direct(self) -> DirectoryExtension | None:
        """The extension that the called number leads to by itself."""
        number = self.directory.number(self.called)
        return self.directory.extension(number.destination) if number is not None else None

    def members(self, target: Target) -> list[DirectoryExtension]:
        if target.kind == "extension":
            found = self.directory.extension(target.name)
            return [found] if found is not None else []
        if target.kind == "department":
            return [each for each in self.directory.extensions if each.department == target.name]
        return []

    def known(self, target: Target) -> bool:
        return target.kind == "person" or bool(self.members(target))

    def name(self, target: Target) -> str:
        """As callers hear it; "" for the front desk."""
        if target.kind == "extension":
            return next((each.name for each in self.members(target) if each.name), target.name)
        return target.name

    def numbers(self, target: Target) -> tuple[str, ...]:
        """Where a target can be called outside: not the caller, and not the office, which would come back here."""
        if self.open is False and not self.settings.rings_when_closed:
            return ()
        own = {each.number for each in self.directory.numbers} | {self.called, self.caller}
        return tuple(dict.fromkeys(each for each in self._forwards(target) if each not in own))[:MOST_RUNG]

    def mailbox(self, target: Target) -> str:
        """Whose mailbox takes a message for it; "": the office decides."""
        taking = (each.number for each in self.members(target) if each.mailbox)
        return next(taking, self.settings.mailbox)

    def _forwards(self, target: Target) -> Iterator[str]:
        if target.kind == "person":
            number = self.settings.fallback_number or self.directory.fallback_number
            if number is not None:
                yield number
        for each in self.members(target):
            if each.forward_to is not None:
                yield each.forward_to
