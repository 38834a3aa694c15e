"""Recordings of calls: listed, heard, deleted; and started, stopped and paused while people talk."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.listing import CallId
from pbx.api.own import own_recording, own_recordings
from pbx.api.problem import plain_error
from pbx.api.query import Limit, Offset, Words, sorts
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import Total
from pbx.model.base import Record
from pbx.model.recording import Recording, RecordingDo, RecordingStorage
from pbx.store.recordings import RecordingFilter

__all__ = ["ROUTES", "RecordingList", "RecordingQuery", "RecordingRequest"]

RecordingId = Annotated[
    str, Meta(pattern=r"^[0-9A-Za-z_-]{1,80}$(?!\n)", examples=["01J9ZQ4V7N3T8K2M5R6W1X0YAB-1"])
]
TYPES = {"wav": "audio/wav", "opus": "audio/ogg"}
ENDINGS = {"wav": "wav", "opus": "opus"}


class RecordingQuery(Record, frozen=True, kw_only=True, rename={"since": "from", "until": "to"}):
    """Which recordings."""

    limit: Limit = 100
    offset: Offset = 0
    call: Annotated[
        str, Meta(pattern=r"^[0-9A-Za-z_-]{0,64}$(?!\n)", description="Only those of this call.")
    ] = ""
    chain: Annotated[
        str,
        Meta(
            pattern=r"^[0-9A-Za-z_-]{0,80}$(?!\n)",
            description="Only those of this caller's way through the office: the id of the first.",
        ),
    ] = ""
    extension: Annotated[
        str, Meta(pattern=r"^[0-9]{0,10}$(?!\n)", description="Only those in which this extension talks.")
    ] = ""
    number: Annotated[
        str, Meta(max_length=64, description="Only those where a number of either side contains this text.")
    ] = ""
    trunk: Annotated[str, Meta(max_length=40, description="Only those of calls over this trunk.")] = ""
    queue: Annotated[
        str, Meta(pattern=r"^[0-9]{0,10}$(?!\n)", description="Only those of calls through this queue.")
    ] = ""
    since: (
        Annotated[datetime, Meta(tz=True, description="Only those begun then or later (RFC 3339).")] | None
    ) = None
    until: Annotated[datetime, Meta(tz=True, description="Only those begun before (RFC 3339).")] | None = None
    deleted: Annotated[
        bool,
        Meta(description="Those that were deleted, with who did and when, instead of those that are there."),
    ] = False
    q: Words = ""
    sort: Annotated[str, sorts("started_at", "duration_s", "bytes", "left", "right", "dialled")] = ""


class RecordingList(Record, frozen=True, kw_only=True):
    """A page of recordings."""

    items: tuple[Recording, ...]
    total: Total


class RecordingRequest(Record, frozen=True, kw_only=True):
    """What is to be done with the recording of a call that is going on."""

    do: Annotated[RecordingDo, Meta(title="Do")]


async def list_recordings(exchange: Exchange, *, query: RecordingQuery) -> RecordingList:
    wanted = RecordingFilter(
        call=query.call or None,
        chain=query.chain or None,
        extension=query.extension or None,
        number=query.number or None,
        trunk=query.trunk or None,
        queue=query.queue or None,
        since=query.since,
        until=query.until,
        deleted=query.deleted,
        q=query.q,
        sort=query.sort,
    )
    items, total = await exchange.service.deps.recordings.page(wanted, query.limit, query.offset)
    return RecordingList(items=tuple(items), total=total)


async def get_recording(exchange: Exchange, *, id: str) -> Recording:
    found = await exchange.service.deps.recordings.get(id)
    if found is None:
        raise plain_error(404, f"There is no recording {id}.")
    return found


async def get_audio(exchange: Exchange, *, id: str) -> web.StreamResponse:
    """aiohttp answers Range and conditional requests for a file by itself, and reads it in a thread."""
    recording = await get_recording(exchange, id=id)
    if recording.deleted_at is not None:
        raise plain_error(404, f"The recording {id} was deleted.")
    path = exchange.service.deps.recordings.path(recording)
    if not await asyncio.to_thread(path.is_file):
        raise plain_error(404, f"The file of the recording {id} is missing.")
    name = f"{recording.started_at.astimezone():%Y-%m-%d-%H%M%S}-{id}.{ENDINGS[recording.format]}"
    return web.FileResponse(
        path,
        headers={
            "Content-Type": TYPES[recording.format],
            "Content-Disposition": f'inline; filename="{name}"',
            "Cache-Control": "private, no-cache",
        },
    )


async def delete_recording(exchange: Exchange, *, id: str) -> None:
    who = exchange.principal.name if exchange.principal is not None else ""
    await exchange.service.deps.recordings.delete(id, who)


async def control_recording(exchange: Exchange, *, id: str, body: RecordingRequest) -> None:
    exchange.service.deps.recordings.control(id, body.do, "api")


async def get_storage(exchange: Exchange) -> RecordingStorage:
    return await exchange.service.deps.recordings.storage()


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/recordings",
        scope=Scope.RECORDINGS_READ,
        name="listRecordings",
        tag="Recordings",
        summary="List the recordings of calls",
        description="The newest first. Those of one caller's way through the office have the same `chain`.",
        query=RecordingQuery,
        response=RecordingList,
        own=own_recordings,
        handler=list_recordings,
    ),
    Route(
        method="GET",
        path="/api/v1/recordings/{id}",
        scope=Scope.RECORDINGS_READ,
        name="getRecording",
        tag="Recordings",
        summary="Read what is known of a recording",
        description="Also of one that was deleted: who did, and when.",
        path_types=(("id", RecordingId),),
        response=Recording,
        own=own_recording,
        handler=get_recording,
    ),
    Route(
        method="GET",
        path="/api/v1/recordings/{id}/audio",
        scope=Scope.RECORDINGS_READ,
        name="getRecordingAudio",
        tag="Recordings",
        summary="Hear a recording",
        description=(
            "A WAV or Ogg Opus file, left and right as the recording says. Parts of it can be asked for with Range "
            "(RFC 9110 14). One that is still going on can be heard as far as it is."
        ),
        path_types=(("id", RecordingId),),
        response_type="audio/*",
        own=own_recording,
        handler=get_audio,
    ),
    Route(
        method="DELETE",
        path="/api/v1/recordings/{id}",
        scope=Scope.RECORDINGS_DELETE,
        name="deleteRecording",
        tag="Recordings",
        summary="Delete a recording",
        description="The file is gone at once. What it was, who deleted it and when stays in the list of deleted ones.",
        path_types=(("id", RecordingId),),
        status=204,
        errors=(404, 409),
        handler=delete_recording,
    ),
    Route(
        method="POST",
        path="/api/v1/calls/{id}/recording",
        scope=Scope.RECORDINGS_CONTROL,
        name="controlRecording",
        tag="Recordings",
        summary="Start, stop, pause or resume the recording of a call",
        description=(
            "Only where nobody who takes part says never, and somebody allows it. What is always recorded can be "
            "paused, but not stopped."
        ),
        path_types=(("id", CallId),),
        request=RecordingRequest,
        status=204,
        errors=(404, 409),
        handler=control_recording,
    ),
    Route(
        method="GET",
        path="/api/v1/recording-storage",
        scope=Scope.RECORDINGS_READ,
        name="getRecordingStorage",
        tag="Recordings",
        summary="How much room recordings take, and how long it will do",
        response=RecordingStorage,
        handler=get_storage,
    ),
)
