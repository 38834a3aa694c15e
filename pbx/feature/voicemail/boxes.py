"""The boxes of the office: which there are, whose they are, and what their lamps show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pbx.model.extension import Extension
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import MailboxState
from pbx.sip.message_summary import Waiting

__all__ = ["Boxes"]


class Boxes:
    """`boxes` and `extensions` are the office's; `account` is what is dialled for one's messages. Implements
    `event_packages.Mailboxes`.
    """

    def __init__(
        self,
        boxes: Callable[[], Sequence[Mailbox]],
        extensions: Callable[[], Sequence[Extension]],
        *,
        account: Callable[[], str] = lambda: "",
    ) -> None:
        self.counts: Mapping[str, Mapping[str, int]] = {}
        self.recorded: dict[str, frozenset[str]] = {}
        """Which greetings there are, by box."""
        self.changed: Callable[[str], None] = lambda _extension: None
        """Told an extension whose lamp may show something else."""
        self._boxes = boxes
        self._extensions = extensions
        self._account = account
        self._shown: dict[str, Waiting | None] = {}

    def all(self) -> list[Mailbox]:
        """Shorter numbers first."""
        return sorted(self._boxes(), key=lambda each: (len(each.number), each.number))

    def find(self, number: str) -> Mailbox | None:
        return next((each for each in self._boxes() if each.number == number), None)

    def of(self, extension: str) -> Mailbox | None:
        """The box that an extension calls its own."""
        number = next((each.mailbox for each in self._extensions() if each.number == extension), None)
        return self.find(number) if number is not None else None

    def owner(self, box: Mailbox) -> Extension | None:
        """The first extension whose box it is."""
        return next((each for each in self._extensions() if each.mailbox == box.number), None)

    def state(self, box: Mailbox) -> MailboxState:
        counts = self.counts.get(box.number, {})
        new, old, saved = (counts.get(each, 0) for each in ("new", "old", "saved"))
        recorded = self.recorded.get(box.number, frozenset())
        return MailboxState(
            number=box.number,
            name=box.name,
            new=new,
            old=old,
            saved=saved,
            urgent=counts.get("urgent", 0),
            in_bin=counts.get("bin", 0),
            full=new + old + saved >= box.max_messages,
            has_greeting="custom" in recorded,
            has_name="name" in recorded,
        )

    # -- lamps -----------------------------------------------------------------------------------------------------

    def waiting(self, extension: str) -> Waiting | None:
        """What the lamp of an extension shows: its own box and those that name it. None: it has none."""
        own = next((each.mailbox for each in self._extensions() if each.number == extension), None)
        shown = [each for each in self._boxes() if each.number == own or extension in each.lamps]
        if not shown:
            return None
        states = [self.state(each) for each in shown]
        return Waiting(
            new=sum(each.new for each in states),
            old=sum(each.old + each.saved for each in states),
            new_urgent=sum(each.urgent for each in states),
            account=self._account(),
        )

    def tell(self, box: str) -> None:
        """Messages of a box came or went."""
        found = self.find(box)
        lamps = set(found.lamps) if found is not None else set()
        for extension in lamps | {each.number for each in self._extensions() if each.mailbox == box}:
            self._look(extension)

    def records_changed(self) -> None:
        """Boxes or extensions are different."""
        for extension in {*self._shown, *(each.number for each in self._extensions())}:
            self._look(extension)

    def _look(self, extension: str) -> None:
        now = self.waiting(extension)
        if now != self._shown.get(extension):
            self._shown[extension] = now
            self.changed(extension)
