"""Settings of the office that an administrator changes while the node runs.

What the process needs to start (ports, folders) is `pbx.core.config.NodeConfig`, not this.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.recording import RecordingSettings
from pbx.model.supervision import SupervisionSettings


class OfficeSettings(Record, frozen=True, kw_only=True):
    """One object, stored key by key so that a new setting needs no migration."""

    office_name: Annotated[
        str, Meta(max_length=80, title="Office name", description="Shown in the title of the admin pages.")
    ] = ""
    hold_music: Annotated[
        str,
        Meta(
            max_length=100,
            pattern=r"^([A-Za-z0-9][A-Za-z0-9 ._-]*)?$(?!\n)",
            title="Hold music",
            description="A WAV or Ogg Opus file in the folder sounds of the data directory; without one, a short tone.",
            examples=["music.ogg"],
        ),
    ] = ""
    recording: Annotated[RecordingSettings, Meta(title="Recording of calls")] = RecordingSettings()
    supervision: Annotated[SupervisionSettings, Meta(title="Listening to calls")] = SupervisionSettings()
