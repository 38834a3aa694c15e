"""The phone's own calls: what it should know of one that rings, notes, what is parked, speed dials."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.api.app_phone import HistoryEntry, history_entry
from pbx.api.call_control import ParkedList
from pbx.api.exchange import Exchange
from pbx.api.listing import CallId
from pbx.api.own import own_call, took_part
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.views import Total
from pbx.model.base import Record
from pbx.model.call_note import CallNote
from pbx.model.cdr import Cdr
from pbx.model.extension import Extension
from pbx.model.kinds import EXTENSION, FEATURE_CODE, SPEED_DIAL
from pbx.model.live_call import LiveCall
from pbx.model.speed_dial import SpeedDial
from pbx.store.cdrs import CdrFilter

__all__ = ["ROUTES"]

_TAG = "App"
_LOOKED_AT = 50
"""The last calls with a number, of which the newest that is over is the last contact."""

Dialog = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]{1,256}$(?!\n)",
        description="A call's id, or the SIP Call-ID of one's own phone in it.",
    ),
]
NoteText = Annotated[
    str,
    Meta(
        max_length=4000, description="Empty: the note is removed.", extra_json_schema={"x-widget": "textarea"}
    ),
]


class AppCallView(Record, frozen=True, kw_only=True):
    """What a phone shows of a call beside the number: who that is, what they called, when it was the last time."""

    id: str
    number: Annotated[str, Meta(description="The other side.")]
    name: str
    department: Annotated[str, Meta(description="Of the other side, where it is of this office.")]
    called: Annotated[str, Meta(description="What was dialled, where it was not this extension.")]
    called_name: Annotated[str, Meta(description="The queue, the group, the flow that it came through.")]
    recording: Annotated[str, Meta(description='"off", "on" or "paused".')]
    last: HistoryEntry | None
    last_note: str
    note: str


class NoteWrite(Record, frozen=True, kw_only=True):
    """What to keep about a call."""

    text: NoteText


class CallNoteList(Record, frozen=True, kw_only=True):
    """The notes on a call, the oldest first."""

    items: tuple[CallNote, ...]
    total: Total


class AppSpeedDial(Record, frozen=True, kw_only=True):
    """Somebody who is called often."""

    name: str
    destination: str
    dialled: Annotated[str, Meta(description="What a phone dials for it; empty: the office has no code.")]
    own: bool


class AppSpeedDials(Record, frozen=True, kw_only=True):
    """One's own speed dials, and everybody's."""

    items: tuple[AppSpeedDial, ...]
    total: Total


async def get_call(exchange: Exchange, *, dialog: str) -> AppCallView:
    deps, own = exchange.service.deps, exchange.own or ""
    id_ = deps.call_of(dialog) or dialog
    live = next((each for each in deps.live_calls() if each.id == id_), None)
    cdr = await deps.cdrs.get(id_)
    if not ((live is not None and _talks(live, own)) or (cdr is not None and took_part(cdr, own))):
        raise plain_error(404, f"There is no call {dialog} of yours.")
    number, name, called, called_name = _sides(live, cdr, own)
    other = await deps.records.get(EXTENSION, number)
    mine = await deps.records.get(EXTENSION, own)
    extension: Extension | None = None if other is None else other.record
    last = await _last(exchange, own, number, id_)
    notes = await deps.cdrs.notes.by(own, [id_] if last is None else [id_, last.id])
    return AppCallView(
        id=id_,
        number=number,
        name=name or ("" if extension is None else extension.name),
        department="" if extension is None else extension.department,
        called="" if called == own else called,
        called_name="" if mine is not None and called_name == mine.record.name else called_name,
        recording="off" if live is None else live.recording,
        last=None if last is None else history_entry(last, own),
        last_note="" if last is None else notes.get(last.id, ""),
        note=notes.get(id_, ""),
    )


def _talks(call: LiveCall, own: str) -> bool:
    return bool(own) and any(leg.extension == own for leg in call.legs)


def _sides(live: LiveCall | None, cdr: Cdr | None, own: str) -> tuple[str, str, str, str]:
    """The other side's number and name; what was called, and its name, for a call that came in."""
    seen = live or cdr
    if seen is None:  # the caller has looked
        return "", "", "", ""
    if live is not None and live.state in ("talking", "held") and (other := _other(live, own)) is not None:
        # Not always whom the call began with: somebody may have sent it on.
        return other, "", "", ""
    caller = cdr.from_extension if cdr is not None else _caller(live)
    if caller == own:
        return seen.dialled, seen.to_name, "", ""
    return seen.from_number, seen.from_name, seen.dialled, seen.to_name


def _other(live: LiveCall, own: str) -> str | None:
    """The extension that one talks with, where it is one of this office and the only other."""
    others = [leg.extension for leg in live.legs if leg.extension != own]
    return others[0] if len(others) == 1 else None


def _caller(live: LiveCall | None) -> str | None:
    legs = () if live is None else live.legs
    return next((leg.extension for leg in legs if leg.leg == "a"), None)


async def _last(exchange: Exchange, own: str, number: str, now: str) -> Cdr | None:
    """The newest call with that number before this one, either way."""
    if not number:
        return None
    found, _ = await exchange.service.deps.cdrs.list(
        _LOOKED_AT, 0, CdrFilter(extension=own, number=number.removeprefix("+"))
    )
    return next(
        (each for each in found if each.id != now and number in (each.from_number, each.dialled)), None
    )


async def put_note(exchange: Exchange, *, id: str, body: NoteWrite) -> CallNoteList:
    notes = exchange.service.deps.cdrs.notes
    if not await notes.put(id, exchange.own or "", body.text.strip()):
        raise plain_error(404, f"There is no call {id} in the history.")
    return await list_notes(exchange, id=id)


async def list_notes(exchange: Exchange, *, id: str) -> CallNoteList:
    found = await exchange.service.deps.cdrs.notes.of(id)
    return CallNoteList(items=tuple(found), total=len(found))


async def list_parked(exchange: Exchange) -> ParkedList:
    parked = tuple(exchange.service.deps.control.parked())
    return ParkedList(items=parked, total=len(parked))


async def list_speed_dials(exchange: Exchange) -> AppSpeedDials:
    records = exchange.service.deps.records
    codes = await records.all(FEATURE_CODE)
    code = next((each.code for each in codes if each.feature == "speed_dial" and each.enabled), "")
    found: list[SpeedDial] = [
        each for each in await records.all(SPEED_DIAL) if each.extension in (None, exchange.own)
    ]
    found.sort(key=lambda each: (each.extension is None, each.name.casefold()))
    items = tuple(
        AppSpeedDial(
            name=each.name,
            destination=each.destination,
            dialled=code.replace("NUMBER", each.code) if code else "",
            own=each.extension is not None,
        )
        for each in found
    )
    return AppSpeedDials(items=items, total=len(items))


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/app/calls/{dialog}",
        scope=Scope.APP,
        name="getAppCall",
        tag=_TAG,
        summary="What to show of a call",
        description="Of one that rings, goes on or is over, in which one's own extension has a part.",
        path_types=(("dialog", Dialog),),
        response=AppCallView,
        errors=(404,),
        handler=get_call,
    ),
    Route(
        method="PUT",
        path="/api/v1/app/calls/{id}/note",
        scope=Scope.APP,
        name="putAppCallNote",
        tag=_TAG,
        summary="Write down something about a call",
        description="One note of each extension; whoever may see the call sees it.",
        path_types=(("id", CallId),),
        request=NoteWrite,
        response=CallNoteList,
        errors=(404,),
        own=own_call,
        handler=put_note,
    ),
    Route(
        method="GET",
        path="/api/v1/cdrs/{id}/notes",
        scope=Scope.CDRS_READ,
        name="listCallNotes",
        tag="Calls",
        summary="Read what was written down about a call",
        path_types=(("id", CallId),),
        response=CallNoteList,
        own=own_call,
        handler=list_notes,
    ),
    Route(
        method="GET",
        path="/api/v1/app/parked-calls",
        scope=Scope.APP,
        name="listAppParkedCalls",
        tag=_TAG,
        summary="List what waits in parking slots",
        description="Any phone of the office may fetch them.",
        response=ParkedList,
        handler=list_parked,
    ),
    Route(
        method="GET",
        path="/api/v1/app/speed-dials",
        scope=Scope.APP,
        name="listAppSpeedDials",
        tag=_TAG,
        summary="List one's speed dials",
        response=AppSpeedDials,
        handler=list_speed_dials,
    ),
)
