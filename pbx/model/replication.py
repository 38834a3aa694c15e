"""The replica of the office: how far it is, what the last restore drill found, who owns it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from pbx.model.base import Record

__all__ = [
    "BlobState",
    "DatabaseLag",
    "DrillReport",
    "DrillTable",
    "Owner",
    "ReplicationCondition",
    "ReplicationState",
]

ReplicationCondition = Literal["off", "starting", "running", "behind", "stopped", "fenced"]


class Owner(Record, frozen=True, kw_only=True):
    """Which node writes to the replica. Each takeover makes the next generation, which has a folder of its own."""

    generation: Annotated[int, Meta(ge=1)]
    node: str
    host: str
    at: datetime
    key_check: Annotated[str, Meta(description="Tells whether a key file is that of this office.")] = ""


class DatabaseLag(Record, frozen=True, kw_only=True):
    """How far the replica of one database is behind."""

    name: Annotated[str, Meta(examples=["pbx"])]
    lag_s: Annotated[
        float | None, Meta(description="Seconds since everything was there; null before the first time.")
    ] = None
    waiting_bytes: Annotated[int, Meta(ge=0, description="Write-ahead log and what waits to be sent.")] = 0


class BlobState(Record, frozen=True, kw_only=True):
    """Voice messages, recordings and sounds, which lie in files."""

    kept: Annotated[int, Meta(ge=0, description="Files that are there.")] = 0
    waiting: Annotated[int, Meta(ge=0, description="Files that are still to be copied.")] = 0
    waiting_bytes: Annotated[int, Meta(ge=0)] = 0
    done_at: Annotated[datetime | None, Meta(description="When the last round ended without an error.")] = (
        None
    )
    error: str = ""


class DrillTable(Record, frozen=True, kw_only=True):
    """A table in which the restored copy is not as the office has it."""

    database: str
    table: str
    live_rows: Annotated[int, Meta(ge=0)]
    restored_rows: Annotated[int, Meta(ge=0)]
    live_highest: Annotated[int | None, Meta(description="Highest row number.")] = None
    restored_highest: int | None = None
    missing: Annotated[int, Meta(ge=0, description="Rows that the copy lacks.")] = 0
    changed: Annotated[int, Meta(ge=0, description="Rows that are older or damaged in the copy.")] = 0
    strange: Annotated[int, Meta(ge=0, description="Rows of the copy that the office does not have.")] = 0


class DrillReport(Record, frozen=True, kw_only=True):
    """What came of restoring the replica into an empty folder."""

    at: datetime
    ok: bool
    took_s: Annotated[float, Meta(ge=0)] = 0
    lag_s: Annotated[
        float | None, Meta(description="Seconds from a write until it could be restored, at most.")
    ] = None
    databases: tuple[str, ...] = ()
    tables: Annotated[int, Meta(ge=0, description="Tables that were compared.")] = 0
    rows: Annotated[int, Meta(ge=0, description="Rows that were compared.")] = 0
    files: Annotated[int, Meta(ge=0, description="Sound files that were fetched and compared.")] = 0
    faults: Annotated[tuple[str, ...], Meta(description="What is wrong, in plain words.")] = ()
    differences: tuple[DrillTable, ...] = ()


class ReplicationState(Record, frozen=True, kw_only=True):
    """How the replica stands. `condition` off: none is set up."""

    condition: ReplicationCondition = "off"
    target: Annotated[str, Meta(description="Where it is kept, without passwords.")] = ""
    litestream: Annotated[str, Meta(description="Version of Litestream; empty: not found yet.")] = ""
    generation: int = 0
    problem: Annotated[str, Meta(description="What is not well, in plain words.")] = ""
    action: Annotated[str, Meta(description="What to do about it.")] = ""
    databases: tuple[DatabaseLag, ...] = ()
    files: BlobState | None = None
    keeps_key: Annotated[
        bool, Meta(description="A copy of the key file lies there, locked with the recovery passphrase.")
    ] = False
    drill_hours: Annotated[float, Meta(ge=0, description="Hours between two restore drills; 0: none.")] = 0
    drilling: bool = False
    last_drill: DrillReport | None = None
