"""Puts voicemail together: the shelf and its workers, the codes, the way from an extension to its mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from pbx.call.talk import Sound
from pbx.core.errors import PeerError, UserError
from pbx.core.ids import new_id
from pbx.feature.record_change import change_record
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.files import Files
from pbx.feature.voicemail.lamps import MailboxLamps
from pbx.feature.voicemail.leave import LeaveMessage
from pbx.feature.voicemail.mailing import Mailing
from pbx.feature.voicemail.menu import Inbox
from pbx.feature.voicemail.pins import Pins
from pbx.feature.voicemail.retention import Retention
from pbx.feature.voicemail.shelf import TOPIC, Shelf
from pbx.feature.voicemail.writing_down import WritingDown
from pbx.media.tones import beep
from pbx.model.kinds import EXTENSION, FEATURE_CODE, MAILBOX
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import VoicemailChanged

if TYPE_CHECKING:
    from pbx.app.ground import Ground
    from pbx.call.call import Call
    from pbx.core.metrics import Registry
    from pbx.feature.dialplan import Dialplan
    from pbx.feature.directory import Directory
    from pbx.feature.extension import ExtensionCalls
    from pbx.feature.features import Features
    from pbx.feature.office import Office
    from pbx.feature.sounds import Sounds
    from pbx.media.recognition import Transcriber
    from pbx.model.extension import Extension
    from pbx.notify.mail import Mailer
    from pbx.store.records import RecordStore

__all__ = ["VoicemailParts", "build_voicemail"]

FOLDER = "voicemail"


class VoicemailParts(msgspec.Struct, frozen=True):
    """The parts; `attach` joins them with the dial plan, which is made later."""

    boxes: Boxes
    shelf: Shelf
    pins: Pins
    leave: LeaveMessage
    inbox: Inbox
    mailing: Mailing
    writing_down: WritingDown
    retention: Retention

    def attach(
        self,
        features: Features,
        *,
        dialplan: Dialplan,
        directory: Directory,
        extensions: ExtensionCalls,
        light: Callable[[str], None],
        ways: Callable[[str], Sequence[str]],
    ) -> None:
        """Let codes, extensions and keys lead here, and from here on to others. `light` is told an extension whose
        messages came or were heard.
        """

        async def onward(call: Call, to: str, by: Extension | None) -> bool:
            if by is None:
                return await dialplan.inward(call, to)
            return await dialplan.onward(call, to, by)

        async def call_back(call: Call, number: str, by: str) -> bool:
            entry = directory.find(by)
            for dialled in ways(number):
                if entry is not None and await dialplan.onward(call, dialled, entry.extension):
                    return True
            return False

        self.boxes.changed = light
        self.leave.onward = onward
        self.inbox.call_back = call_back
        extensions.to_mailbox = self.leave.for_extension
        features.register("voicemail", self.inbox.own)
        features.register("voicemail_check", self.inbox.dialled)
        features.register("voicemail_leave", self.leave.dialled)

    async def leave_message(self, call: Call, number: str, greeting: bool) -> None:
        """For flows. Raises `PeerError` 404 for a number that is no box, 603 for one that takes nothing now."""
        box = self.boxes.find(number)
        if box is None:
            raise PeerError(404, "No Such Mailbox")
        if await self.leave.take(call, box, greet=greeting) == "refused":
            raise PeerError(603, "Mailbox Takes No Messages")

    async def check_messages(self, call: Call, number: str | None) -> None:
        """For flows. Raises `PeerError` 403 for a caller who does not know the PIN."""
        if not await self.inbox.any(call, number or ""):
            raise PeerError(403, "Wrong PIN")

    def has(self, number: str) -> bool:
        return self.boxes.find(number) is not None

    async def speak_on(self, call: Call, number: str, *, greet: bool) -> None:
        """For a caller of the last run: what was said until then is a message of its own."""
        box = self.boxes.find(number)
        if box is not None:
            await self.leave.take(call, box, greet=greet)

    def lamps(self, features: Features) -> MailboxLamps:
        """The lamps of those codes."""
        return MailboxLamps(features, self.boxes)

    async def prepare(self) -> None:
        """Before the first call: what the last run left."""
        await self.pins.load()
        await self.shelf.load()

    async def run(self) -> None:
        """Everything that goes on beside calls; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.mailing.run())
            group.create_task(self.writing_down.run())
            group.create_task(self.retention.run())


def build_voicemail(
    ground: Ground,
    office: Office,
    *,
    sounds: Sounds,
    mailer: Mailer,
    transcriber: Transcriber | None = None,
) -> VoicemailParts:
    """Make them. Nothing runs yet."""
    stores, bus, clock = ground.stores, ground.bus, ground.clock
    boxes = Boxes(
        partial(office.all, MAILBOX), partial(office.all, EXTENSION), account=partial(_account, office)
    )
    store = stores.voicemail
    shelf = Shelf(
        store,
        Files(ground.config.data_dir / FOLDER),
        boxes,
        bus=bus,
        clock=clock,
        new_id=new_id,
        transcribes=lambda: writing_down.there,
    )
    shelf.spawn = ground.supervisor.spawn
    writing_down = WritingDown(store, shelf, boxes, clock=clock, engine=transcriber)
    pins = Pins(
        secret=partial(stores.records.secret, MAILBOX),
        change=partial(_set_pin, stores.records),
        state=stores.state,
        clock=clock,
    )
    parts = VoicemailParts(
        boxes=boxes,
        shelf=shelf,
        pins=pins,
        leave=LeaveMessage(shelf, boxes, sounds, beep=lambda: Sound.of(beep())),
        inbox=Inbox(
            shelf,
            boxes,
            pins,
            sounds,
            change=lambda number, edit: change_record(stores.records, MAILBOX, number, edit),
            beep=lambda: Sound.of(beep()),
        ),
        mailing=Mailing(store, shelf, boxes, mailer, clock=clock),
        writing_down=writing_down,
        retention=Retention(store, shelf, boxes, clock=clock),
    )
    office.on_change(boxes.records_changed)
    office.on_change(lambda: bus.publish(TOPIC, VoicemailChanged(mailbox="")))
    _measure(ground.metrics, parts)
    return parts


def _account(office: Office) -> str:
    """The code that leads to one's own messages: phones with a message key dial it."""
    codes = (each for each in office.all(FEATURE_CODE) if each.feature == "voicemail" and each.enabled)
    return next((each.code for each in codes), "")


async def _set_pin(records: RecordStore, box: Mailbox, pin: str) -> None:
    """As it is then: only the PIN is new."""
    found = await records.get(MAILBOX, box.number)
    if found is None:
        raise UserError(f"there is no mailbox {box.number}", http_status=404)
    await records.replace(
        MAILBOX, box.number, MAILBOX.with_secret(found.record, pin), if_revision=found.revision
    )


def _measure(metrics: Registry, parts: VoicemailParts) -> None:
    shelf, boxes = parts.shelf, parts.boxes

    def held() -> dict[tuple[str, ...], float]:
        names = ("new", "old", "saved", "bin")
        return {(name,): float(sum(each.get(name, 0) for each in boxes.counts.values())) for name in names}

    metrics.gauge("pbx_voicemail_messages", "Voice messages, by folder.", labels=("folder",), read=held)
    metrics.counter("pbx_voicemail_taken_total", "Messages that were kept.", read=lambda: shelf.taken)
    metrics.counter(
        "pbx_voicemail_refused_total",
        "Messages that could not be left: the box or the disk was full.",
        labels=("reason",),
        read=lambda: {(reason,): float(count) for reason, count in shelf.refused.items()},
    )
    metrics.counter(
        "pbx_voicemail_mails_total",
        "Attempts to mail a message.",
        labels=("outcome",),
        read=lambda: {
            ("sent",): float(parts.mailing.sent),
            ("failed",): float(parts.mailing.failed),
        },
    )
    metrics.counter(
        "pbx_voicemail_transcripts_total",
        "Messages that were to be written down.",
        labels=("outcome",),
        read=lambda: {
            ("done",): float(parts.writing_down.written),
            ("failed",): float(parts.writing_down.failed),
        },
    )
    metrics.counter("pbx_voicemail_wrong_pins_total", "PINs that were wrong.", read=lambda: parts.pins.wrong)
