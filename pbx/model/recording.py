"""Recordings of calls: what an office wants recorded, one file as it is listed, and how full the disk is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record

__all__ = [
    "KeepDays",
    "RecordWhen",
    "Recording",
    "RecordingChanged",
    "RecordingDo",
    "RecordingSettings",
    "RecordingState",
    "RecordingStorage",
]

When = Literal["default", "on_demand", "always", "never"]
RecordWhen = Annotated[
    When,
    Meta(
        title="Record calls",
        description="Of all that take part in a call, one never forbids it, else one always demands it, else one "
        "on_demand lets people start it. default says nothing.",
    ),
]
KeepDays = Annotated[
    Annotated[int, Meta(ge=1, le=36500)] | None,
    Meta(
        title="Keep recordings",
        description="Of calls recorded because of this; null: as long as the office says.",
        extra_json_schema={"x-unit": "days"},
    ),
]
_Keys = Annotated[str, Meta(pattern=r"^([*#][0-9*#]{1,3})?$(?!\n)", examples=["*1"])]

RecordingDo = Literal["start", "stop", "pause", "resume"]
RecordingState = Literal["recording", "complete", "interrupted", "failed", "deleted"]
"""It goes on; it is whole; the node died while it went on; the disk ended it; its file is gone."""


class RecordingSettings(Record, frozen=True, kw_only=True):
    """How an office records calls."""

    calls: RecordWhen = "default"
    keep_days: Annotated[
        Annotated[int, Meta(ge=1, le=36500)] | None,
        Meta(
            title="Keep recordings",
            description="Where nothing else says how long; null: for ever.",
            extra_json_schema={"x-unit": "days"},
        ),
    ] = None
    format: Annotated[
        Literal["wav", "opus"],
        Meta(title="Format", description="WAV takes 115 MB an hour, Ogg Opus about 14."),
    ] = "wav"
    wideband: Annotated[
        bool, Meta(title="Wideband", description="16 kHz instead of 8: twice the size as WAV.")
    ] = False
    announce: Annotated[
        Literal["nobody", "outside", "everybody"],
        Meta(
            title="Announce",
            description="Both sides hear that the call is recorded before they hear each other: never, in calls with "
            "somebody outside, or in all.",
        ),
    ] = "nobody"
    beep_every_s: Annotated[
        Annotated[int, Meta(ge=0, le=600)],
        Meta(
            title="Beep every",
            description="Both sides hear a short tone so often while a call is recorded; 0: never.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 0
    record_keys: Annotated[
        _Keys,
        Meta(title="Keys to record", description="Pressed in a call: record it, or no longer. Empty: none."),
    ] = "*1"
    pause_keys: Annotated[
        _Keys,
        Meta(
            title="Keys to pause",
            description="Pressed in a call: pause the recording, or go on. Empty: none.",
        ),
    ] = "*2"
    pause_on_keys_s: Annotated[
        Annotated[int, Meta(ge=0, le=300)],
        Meta(
            title="Pause while keys are pressed",
            description="A key from the other side pauses the recording until none was pressed for so long (card "
            "numbers); 0: off.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 0
    pause_at_most_s: Annotated[
        Annotated[int, Meta(ge=0, le=3600)],
        Meta(
            title="Longest pause",
            description="Then the recording goes on by itself; 0: it stays paused.",
            extra_json_schema={"x-unit": "s"},
        ),
    ] = 0
    own_by_code: Annotated[
        bool,
        Meta(
            title="People choose for themselves",
            description="An extension may switch the recording of all its calls on and off by code.",
        ),
    ] = False
    quota_gib: Annotated[
        Annotated[float, Meta(ge=0, le=1_000_000)],
        Meta(
            title="Most room",
            description="For all recordings; 0: only the part of the disk below counts.",
            extra_json_schema={"x-unit": "GiB"},
        ),
    ] = 0
    quota_percent: Annotated[
        Annotated[int, Meta(ge=1, le=95)],
        Meta(
            title="Most of the disk",
            description="The part of the disk that recordings may take.",
            extra_json_schema={"x-unit": "%"},
        ),
    ] = 80
    when_full: Annotated[
        Literal["stop", "delete_oldest"],
        Meta(title="When it is full", description="Record no more, or delete the oldest recordings."),
    ] = "stop"
    warn_days: Annotated[
        Annotated[int, Meta(ge=0, le=365)],
        Meta(
            title="Warn before it is full",
            description="A notice, once a day, when so few days are left at the pace of the last week; 0: never.",
            extra_json_schema={"x-unit": "days"},
        ),
    ] = 14


class Recording(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file: two people talking, from the moment they hear each other until they no longer do.

    `left` and `right` are who is on which channel; a conference has one, and is the `left`. `chain` is the same for all
    files of one caller's way through the office, `id` of its first file; in it `started_at` gives their order.
    `reasons` are what had it recorded ("extension:101", "trunk:main", "key:101" …). `paused_s` was cut out. `file` is
    its path below `recordings`.
    """

    id: str
    chain: str
    call: str
    part: int
    left: str
    right: str
    left_extension: str | None = None
    right_extension: str | None = None
    trunk: str | None = None
    queue: str | None = None
    dialled: str = ""
    reasons: tuple[str, ...] = ()
    file: str
    format: str
    state: RecordingState = "recording"
    started_at: datetime
    ended_at: datetime | None = None
    duration_s: float = 0.0
    paused_s: float = 0.0
    bytes: int = 0
    end_reason: str = ""
    keep_days: int | None = None
    keep_until: datetime | None = None
    deleted_at: datetime | None = None
    deleted_by: Annotated[
        str, Meta(description="Who deleted it; retention and quota are the node itself.")
    ] = ""


class RecordingStorage(Record, frozen=True, kw_only=True):
    """How much room recordings take, and how long it will do."""

    files: int
    used_bytes: int
    quota_bytes: Annotated[int, Meta(description="The lower of the two settings.")]
    disk_bytes: int
    disk_free_bytes: int
    bytes_per_day: Annotated[int, Meta(description="On average of the last seven days.")]
    full_in_days: Annotated[
        int | None, Meta(description="At this pace, with what will expire; null: not within a year.")
    ]
    recording_now: int
    problem: Annotated[str, Meta(description="Why nothing is recorded now; empty when all is well.")] = ""


class RecordingChanged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file is new, complete, or deleted; on the topic "recording"."""

    recording: str
    state: RecordingState
