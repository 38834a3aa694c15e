"""Puts conferences together: the rooms, what they say, whom they call in, where their files lie, what is measured."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from pbx.app.ground import Ground
from pbx.app.ways import Ways
from pbx.call.ports import Router, Signaling
from pbx.call.switch import Switch
from pbx.call.talk import Sound
from pbx.core.ids import new_id
from pbx.feature.conference.conferences import Conferences
from pbx.feature.conference.invitations import Invitations
from pbx.feature.conference.voice import Files, Voice
from pbx.feature.recording.rooms import RoomRecordings
from pbx.feature.sounds import Sounds
from pbx.media.engine import MediaEngine
from pbx.media.tones import joined_tone, left_tone
from pbx.model.conference_status import ConferenceChanged
from pbx.model.kinds import CONFERENCE
from pbx.store.records import RecordStore

__all__ = ["ConferenceParts", "build_conferences"]

NAMES = "names"


class ConferenceParts(msgspec.Struct, frozen=True):
    """The conferences, and the store that their records come from."""

    conferences: Conferences
    records: RecordStore
    names: Path

    async def prepare(self) -> None:
        """At the start: names that a crash has left are nobody's."""
        await asyncio.to_thread(shutil.rmtree, self.names, ignore_errors=True)
        await self.reload()

    async def reload(self) -> None:
        """The records with their PINs; no call reads a database."""
        self.conferences.use(await self.records.everything(CONFERENCE))


def build_conferences(
    ground: Ground,
    ways: Ways,
    *,
    media: MediaEngine,
    says: Sounds,
    switch: Callable[[], Switch],
    router: Callable[[], Router],
    signaling: Signaling,
    recordings: RoomRecordings,
) -> ConferenceParts:
    """`switch` and `router` are asked late: they are made after all features."""
    clock, bus, metrics = ground.clock, ground.bus, ground.metrics
    names = ground.config.data_dir / NAMES
    conferences = Conferences(
        rooms=media,
        recorder=media,
        voice=Voice(says, lambda: Sound.of(joined_tone()), lambda: Sound.of(left_tone())),
        files=Files(
            record=recordings.begin,
            name=lambda call: asyncio.to_thread(_name, names, call),
        ),
        clock=clock,
        supervisor=ground.supervisor,
        changed=lambda number: bus.publish("conference", ConferenceChanged(conference=number)),
    )
    invitations = Invitations(conferences, switch, router, phonebook=ways, signaling=signaling, new_id=new_id)
    conferences.calls = invitations.call_in
    conferences.referred = invitations.referred
    metrics.gauge("pbx_conferences", "Conferences that somebody is in.", read=lambda: conferences.rooms)
    metrics.gauge("pbx_conference_members", "People in conferences.", read=lambda: conferences.people)
    metrics.counter(
        "pbx_conference_refused_total",
        "Callers who were not let into a conference.",
        labels=("reason",),
        read=lambda: conferences.refusals,
    )
    return ConferenceParts(conferences, ground.stores.records, names)


def _name(folder: Path, call: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{call}.wav"
