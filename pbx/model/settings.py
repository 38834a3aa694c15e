"""Settings of the office that an administrator changes while the node runs.

What the process needs to start (ports, folders) is `pbx.core.config.NodeConfig`, not this.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.recording import RecordingSettings
from pbx.model.scalars import E164
from pbx.model.server_settings import AiSettings, MailSettings
from pbx.model.supervision import SupervisionSettings

Origin = Annotated[
    str,
    Meta(
        pattern=r"^https?://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$(?!\n)",
        title="Address",
        description="Scheme, host and port of a site, without a path: what browsers send as Origin.",
        examples=["https://phones.example.com"],
    ),
]

EdgeAddress = Annotated[
    str,
    Meta(
        max_length=255,
        pattern=r"^https?://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?$(?!\n)",
        title="Address",
        examples=["https://edge.example.com"],
    ),
]


class OfficeSettings(Record, frozen=True, kw_only=True):
    """One object, stored key by key so that a new setting needs no migration."""

    office_name: Annotated[
        str, Meta(max_length=80, title="Office name", description="Shown in the title of the admin pages.")
    ] = ""
    time_zone: Annotated[
        str,
        Meta(
            max_length=64,
            pattern=r"^([A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*)?$(?!\n)",
            title="Time zone",
            description="Of the office, as the IANA names it: days and hours of figures and tables are its. Without "
            "one, that of the machine.",
            examples=["Europe/Berlin"],
        ),
    ] = ""
    fallback_number: Annotated[
        E164 | None,
        Meta(
            title="Fallback number",
            description="Who is called, outside, for callers who want a person while the office cannot be reached.",
        ),
    ] = None
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
    cors_origins: Annotated[
        tuple[Origin, ...],
        Meta(
            max_length=20,
            title="Sites elsewhere",
            description="Admin sites on other hosts whose pages may talk with this node.",
        ),
    ] = ()
    cdr_keep_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            title="Keep the call history for",
            description="Older calls are deleted; 0: for ever. Figures of longer ago go with them.",
            extra_json_schema={"x-unit": "d"},
        ),
    ] = 0
    audit_keep_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            title="Keep the audit log for",
            description="0: for ever.",
            extra_json_schema={"x-unit": "d"},
        ),
    ] = 365
    users_hear_recordings: Annotated[
        bool,
        Meta(
            title="Users hear their recordings",
            description="Of the calls in which their extension talks; otherwise only supervisors and administrators.",
        ),
    ] = False
    edges: Annotated[
        tuple[EdgeAddress, ...],
        Meta(
            max_length=8,
            title="Edges",
            description="Servers that take calls and texts for this office. The node keeps a connection to each.",
        ),
    ] = ()
    recording: Annotated[RecordingSettings, Meta(title="Recording of calls")] = RecordingSettings()
    mail: Annotated[MailSettings, Meta(title="Mail")] = MailSettings()
    ai: Annotated[AiSettings, Meta(title="Understanding callers")] = AiSettings()
    supervision: Annotated[SupervisionSettings, Meta(title="Listening to calls")] = SupervisionSettings()
