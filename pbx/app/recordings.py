"""Puts the recording of calls together: the library of files, who decides, and what people hear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pbx.call.talk import Sound
from pbx.core.ids import new_id
from pbx.feature.recording.library import Library
from pbx.feature.recording.recordings import Cues, Recordings
from pbx.feature.recording.rooms import RoomRecordings
from pbx.flow.node import NodeError
from pbx.media.sound_length import sound_length_s
from pbx.media.tones import confirmation, recording_beep, recording_tone
from pbx.model.kinds import INBOUND_NUMBER
from pbx.model.recording import Recording, RecordingDo, RecordingSettings, RecordingStorage
from pbx.model.settings import OfficeSettings
from pbx.store.recordings import RecordingFilter, RecordingStore

if TYPE_CHECKING:
    from pbx.app.ground import Ground
    from pbx.call.call import Call
    from pbx.call.switch import Switch
    from pbx.feature.office import Office
    from pbx.feature.sounds import SpokenSounds
    from pbx.media.engine import MediaEngine
    from pbx.model.notice import Post
    from pbx.store.settings import SettingStore

__all__ = ["RecordingParts", "build_recordings"]

FOLDER = "recordings"


@dataclass(slots=True)
class RecordingParts:
    """The parts, and the settings as they are now. What the API asks for (`pbx.api.ports.recordings.RecordingDesk`)."""

    store: RecordingStore
    settings: RecordingSettings = field(default_factory=RecordingSettings)
    announcement: Sound = field(default_factory=lambda: Sound.of(recording_tone()))
    library: Library = field(init=False)
    rooms: RoomRecordings = field(init=False)
    recordings: Recordings = field(init=False)

    async def page(self, wanted: RecordingFilter, limit: int, offset: int) -> tuple[Sequence[Recording], int]:
        return await self.store.page(wanted, limit=limit, offset=offset)

    async def get(self, id_: str) -> Recording | None:
        return await self.store.get(id_)

    def path(self, recording: Recording) -> Path:
        return self.library.folder / recording.file

    async def delete(self, id_: str, by: str) -> None:
        await self.library.delete(id_, by)

    def control(self, call_id: str, do: RecordingDo, by: str) -> None:
        self.recordings.control(call_id, do, by)

    async def storage(self) -> RecordingStorage:
        return await self.library.storage()

    async def load(self, settings: SettingStore) -> None:
        """Before the first call."""
        self.settings = (await settings.get()).recording

    async def by_flow(self, call: Call, do: Literal["on", "off", "pause", "resume"]) -> None:
        """For the nodes of flows. Raises `NodeError`."""
        words: dict[str, RecordingDo] = {"on": "start", "off": "stop", "pause": "pause", "resume": "resume"}
        if refusal := self.recordings.by_flow(call, words[do]):
            raise NodeError(refusal)

    async def follow(self, settings: SettingStore, sounds: SpokenSounds) -> None:
        """Have the announcement spoken, and take new settings as they come, for ever."""
        self.announcement = await sounds.spoken("recording_announcement") or self.announcement
        await settings.follow(self._use)

    async def _use(self, settings: OfficeSettings) -> None:
        self.settings = settings.recording


def build_recordings(
    ground: Ground,
    office: Office,
    *,
    media: MediaEngine,
    switch: Callable[[], Switch],
    post: Post,
) -> RecordingParts:
    """`switch` is asked late: it is made after all features."""
    store, clock, metrics = ground.stores.recordings, ground.clock, ground.metrics
    parts = RecordingParts(store)
    library = parts.library = Library(
        store,
        ground.config.data_dir / FOLDER,
        settings=lambda: parts.settings,
        clock=clock,
        bus=ground.bus,
        post=post,
        length_s=sound_length_s,
    )
    parts.recordings = Recordings(
        engine=media,
        library=library,
        clock=clock,
        cues=Cues(told=confirmation, beep=recording_beep, announcement=lambda: parts.announcement),
        get=office.get,
        numbers=partial(office.all, INBOUND_NUMBER),
        settings=lambda: parts.settings,
        spawn=ground.supervisor.spawn,
        calls=lambda call_id: switch().call(call_id),
    )
    parts.rooms = RoomRecordings(
        library, settings=lambda: parts.settings, clock=clock, spawn=ground.supervisor.spawn, new_id=new_id
    )
    metrics.gauge("pbx_recordings", "Calls being recorded.", read=lambda: float(library.growing))
    metrics.gauge("pbx_recordings_bytes", "What all recordings take.", read=lambda: float(library.used))
    metrics.gauge("pbx_recordings_quota_bytes", "What they may take.", read=lambda: float(library.quota))
    metrics.counter(
        "pbx_recorded_bytes_total", "What was recorded since the start.", read=lambda: float(library.written)
    )
    metrics.counter(
        "pbx_recordings_failed_total",
        "Recordings that could not be made, or not to their end.",
        read=lambda: float(library.failed),
    )
    return parts
