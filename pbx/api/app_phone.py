"""The app on a phone: one's own extension. How it is reached, who is there, what was called and said."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from pbx.api import messages, recordings, voicemail
from pbx.api.codec import convert, decode_object, merge
from pbx.api.exchange import Answer, Exchange
from pbx.api.patch import patch_of
from pbx.api.problem import plain_error
from pbx.api.query import Limit, Offset, Paging
from pbx.api.route import JSON, MERGE_PATCH, Route
from pbx.api.scopes import Scope
from pbx.api.views import Total
from pbx.core.errors import UserError
from pbx.feature.office_check import check_record
from pbx.model.base import Record
from pbx.model.cdr import Cdr
from pbx.model.extension import Extension, ExtensionWrite
from pbx.model.extension_state import Activity
from pbx.model.follow_me import FollowMe
from pbx.model.forwarding import Forwarding
from pbx.model.kinds import EXTENSION, KINDS
from pbx.model.live_call import LiveCall
from pbx.model.scalars import Destination
from pbx.store.cdrs import CdrFilter

__all__ = ["ROUTES", "HistoryEntry", "history_entry"]

_TAG = "App"


class PhoneSettings(Record, frozen=True, kw_only=True):
    """What people set for themselves."""

    do_not_disturb: Annotated[bool, Meta(title="Do not disturb")] = False
    call_waiting: Annotated[bool, Meta(title="Call waiting")] = True
    forward: Annotated[Forwarding, Meta(title="Forwarding")] = Forwarding()
    follow_me: Annotated[FollowMe, Meta(title="Follow me")] = FollowMe()


class AppProfile(Record, frozen=True, kw_only=True):
    """One's own extension."""

    extension: str
    name: str
    username: str
    office_name: str
    settings: PhoneSettings
    mailbox: Annotated[str | None, Meta(description="Null: calls are not taken by a mailbox.")]
    unheard: Annotated[int, Meta(ge=0, description="New voice messages.")]


class DirectoryQuery(Record, frozen=True, kw_only=True):
    """Whom to list."""

    limit: Limit = 100
    offset: Offset = 0
    q: Annotated[
        str, Meta(max_length=80, description="Only those whose number or name contains this text.")
    ] = ""


class DirectoryEntry(Record, frozen=True, kw_only=True):
    """Somebody of the office, and whether they can be reached."""

    number: str
    name: str
    state: Activity
    registered: bool
    do_not_disturb: bool
    department: str = ""


class AppDirectory(Record, frozen=True, kw_only=True):
    """A page of the directory."""

    items: tuple[DirectoryEntry, ...]
    total: Total


class HistoryEntry(Record, frozen=True, kw_only=True):
    """A call, seen from one's own extension."""

    id: str
    direction: Literal["in", "out"]
    number: Annotated[str, Meta(description="The other side.")]
    name: str
    started_at: datetime
    answered: bool
    talk_s: Annotated[float, Meta(extra_json_schema={"x-unit": "s"})]
    disposition: str
    missed: bool = False
    queue: str | None = None
    note: Annotated[str, Meta(description="What one has written down oneself.")] = ""


class AppHistory(Record, frozen=True, kw_only=True):
    """A page of one's calls, the newest first."""

    items: tuple[HistoryEntry, ...]
    total: Total


class AppCall(Record, frozen=True, kw_only=True):
    """Whom to call."""

    to: Destination


async def get_profile(exchange: Exchange) -> AppProfile:
    return await _profile(exchange, await _own_extension(exchange))


async def patch_profile(exchange: Exchange, *, body: msgspec.Struct) -> AppProfile:
    """`body` has shown that the patch is well formed; what is merged is the JSON it came as."""
    records = exchange.service.deps.records
    async with exchange.service.changing:
        old = await _own_extension(exchange)
        merged = merge(msgspec.to_builtins(_settings(old)), decode_object(exchange.body))
        wanted = msgspec.structs.asdict(convert(merged, PhoneSettings))
        write = ExtensionWrite(**(msgspec.structs.asdict(old) | wanted))
        office = {kind.name: await records.all(kind) for kind in KINDS}
        emergency = exchange.service.deps.config.emergency_numbers
        if problems := tuple(check_record(office, EXTENSION, write, emergency=emergency)):
            raise UserError(problems[0].message, http_status=problems[0].http_status, problems=problems)
        await records.replace(EXTENSION, old.number, write)
    return await _profile(exchange, write.extension())


async def list_directory(exchange: Exchange, *, query: DirectoryQuery) -> AppDirectory:
    states = {each.number: each for each in exchange.service.deps.extension_states()}
    wanted = query.q.casefold()
    found = []
    for each in await exchange.service.deps.records.all(EXTENSION):
        if each.enabled and wanted in f"{each.number}\n{each.name}\n{each.department}".casefold():
            state = states.get(each.number)
            found.append(
                DirectoryEntry(
                    number=each.number,
                    name=each.name,
                    state=state.state if state is not None else "free",
                    registered=state is not None and state.registered,
                    do_not_disturb=each.do_not_disturb,
                    department=each.department,
                )
            )
    return AppDirectory(items=tuple(found[query.offset : query.offset + query.limit]), total=len(found))


async def list_history(exchange: Exchange, *, query: Paging) -> AppHistory:
    own = exchange.own or ""
    items, total = await exchange.service.deps.cdrs.list(query.limit, query.offset, CdrFilter(extension=own))
    notes = await exchange.service.deps.cdrs.notes.by(own, [each.id for each in items])
    entries = (history_entry(each, own, notes.get(each.id, "")) for each in items)
    return AppHistory(items=tuple(entries), total=total)


async def call(exchange: Exchange, *, body: AppCall) -> Answer:
    made = exchange.service.deps.control.call(exchange.own or "", body.to)
    return Answer(body=made)


def history_entry(cdr: Cdr, own: str, note: str = "") -> HistoryEntry:
    """A call as its own side has seen it."""
    out = cdr.from_extension == own
    return HistoryEntry(
        id=cdr.id,
        direction="out" if out else "in",
        number=cdr.dialled if out else cdr.from_number,
        name=cdr.to_name if out else cdr.from_name,
        started_at=cdr.started_at,
        answered=cdr.answered_at is not None and (out or cdr.answered_by in (None, "", own)),
        talk_s=cdr.talk_s,
        disposition=cdr.disposition,
        missed=cdr.missed and not out,
        queue=cdr.queue,
        note=note,
    )


async def _own_extension(exchange: Exchange) -> Extension:
    found = await exchange.service.deps.records.get(EXTENSION, exchange.own or "")
    if found is None:
        raise plain_error(404, f"There is no extension {exchange.own}.")
    extension: Extension = found.record
    return extension


async def _profile(exchange: Exchange, extension: Extension) -> AppProfile:
    deps = exchange.service.deps
    boxes: dict[str, Any] = {each.number: each for each in deps.voicemail.states()} if deps.voicemail else {}
    box = boxes.get(extension.mailbox or "")
    return AppProfile(
        extension=extension.number,
        name=extension.name,
        username=exchange.who.name if exchange.who.user is None else exchange.who.user.username,
        office_name=(await deps.settings.get()).office_name,
        settings=_settings(extension),
        mailbox=extension.mailbox,
        unheard=0 if box is None else box.new,
    )


def _settings(extension: Extension) -> PhoneSettings:
    return PhoneSettings(**{name: getattr(extension, name) for name in PhoneSettings.__struct_fields__})


_SHARED = {
    "listVoicemails": "listAppVoicemails",
    "getVoicemailAudio": "getAppVoicemailAudio",
    "patchVoicemail": "patchAppVoicemail",
    "deleteVoicemail": "deleteAppVoicemail",
    "listMessages": "listAppMessages",
    "sendMessage": "sendAppMessage",
    "listRecordings": "listAppRecordings",
    "getRecordingAudio": "getAppRecordingAudio",
}
"""The same handlers, and the same rules of what is one's own."""

ROUTES = (
    Route(
        method="GET",
        path="/api/v1/app/profile",
        scope=Scope.APP,
        name="getAppProfile",
        tag=_TAG,
        summary="Read one's own extension",
        response=AppProfile,
        errors=(404,),
        handler=get_profile,
    ),
    Route(
        method="PATCH",
        path="/api/v1/app/profile",
        scope=Scope.APP,
        name="patchAppProfile",
        tag=_TAG,
        summary="Change how one is reached",
        description="A JSON merge patch (RFC 7396) of the settings: do not disturb, forwarding, follow me.",
        request=patch_of(PhoneSettings, "PhoneSettingsPatch"),
        request_types=(MERGE_PATCH, JSON),
        response=AppProfile,
        errors=(404,),
        handler=patch_profile,
    ),
    Route(
        method="GET",
        path="/api/v1/app/directory",
        scope=Scope.APP,
        name="listAppDirectory",
        tag=_TAG,
        summary="Who is there, and who is free",
        description="Every enabled extension, shorter numbers first. With whom somebody talks is not told.",
        query=DirectoryQuery,
        response=AppDirectory,
        handler=list_directory,
    ),
    Route(
        method="GET",
        path="/api/v1/app/history",
        scope=Scope.APP,
        name="listAppHistory",
        tag=_TAG,
        summary="Read one's own calls",
        query=Paging,
        response=AppHistory,
        handler=list_history,
    ),
    Route(
        method="POST",
        path="/api/v1/app/calls",
        scope=Scope.APP,
        name="makeAppCall",
        tag=_TAG,
        summary="Call somebody from one's own phone",
        description="One's own phones ring first; the call is made when one is picked up.",
        request=AppCall,
        response=LiveCall,
        status=201,
        errors=(404, 409),
        handler=call,
    ),
    *(
        replace(
            each,
            path=each.path.replace("/api/v1/", "/api/v1/app/"),
            scope=Scope.APP,
            name=_SHARED[each.name],
            tag=_TAG,
        )
        for each in (*voicemail.ROUTES, *messages.ROUTES, *recordings.ROUTES)
        if each.name in _SHARED
    ),
)
