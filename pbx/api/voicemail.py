"""Voice messages and the greetings of boxes. The boxes themselves are records."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from pbx.api.exchange import Exchange
from pbx.api.own import own_greeting, own_voicemail, own_voicemails
from pbx.api.problem import ApiError, plain_error
from pbx.api.query import Paging, VoicemailDeleteQuery, VoicemailQuery
from pbx.api.route import JSON, MERGE_PATCH, Route
from pbx.api.scopes import Scope
from pbx.api.uploads import pieces_of
from pbx.api.views import GreetingView, MailboxStateList, VoicemailList
from pbx.feature.voicemail.shelf import BoxFullError, NoRoomError, Shelf
from pbx.model.mailbox import MailboxNumber
from pbx.model.voicemail import GreetingName, Voicemail, VoicemailForward, VoicemailPatch

__all__ = ["ROUTES"]

LARGEST_GREETING = 32 << 20
MEDIA_TYPES = {"wav": "audio/wav", "opus": "audio/ogg"}
UPLOADS = ("audio/wav", "audio/x-wav", "audio/mpeg", "audio/ogg", "audio/flac", "application/octet-stream")

MessageId = Annotated[str, Meta(pattern=r"^[0-9A-Z]{26}$(?!\n)", examples=["01J9ZQ4V7N3T8K2M5R6W1X0YAB"])]


async def list_states(exchange: Exchange, *, query: Paging) -> MailboxStateList:
    everything = _shelf(exchange).states()
    page = everything[query.offset : query.offset + query.limit]
    return MailboxStateList(
        items=tuple(page), total=len(everything), transcripts=exchange.service.deps.transcribes()
    )


async def list_voicemails(exchange: Exchange, *, query: VoicemailQuery) -> VoicemailList:
    items, total = await _shelf(exchange).page(
        query.mailbox or None,
        query.folder,
        q=query.q,
        sort=query.sort,
        limit=query.limit,
        offset=query.offset,
    )
    return VoicemailList(items=tuple(items), total=total, transcripts=exchange.service.deps.transcribes())


async def get_voicemail(exchange: Exchange, *, id: str) -> Voicemail:
    return await _found(exchange, id)


async def get_audio(exchange: Exchange, *, id: str) -> web.StreamResponse:
    message = await _found(exchange, id)
    name = f"message-{message.received_at:%Y%m%d-%H%M%S}.{'ogg' if message.sound_format == 'opus' else 'wav'}"
    return await _file(_shelf(exchange).path(message), MEDIA_TYPES[message.sound_format], name)


async def patch_voicemail(exchange: Exchange, *, id: str, body: VoicemailPatch) -> Voicemail:
    await _found(exchange, id)
    made = await _shelf(exchange).patch(id, body)
    if made is None:
        raise _gone(id)
    return made


async def delete_voicemail(exchange: Exchange, *, id: str, query: VoicemailDeleteQuery) -> None:
    message = await _found(exchange, id)
    if query.forever:
        await _shelf(exchange).remove([message])
    else:
        await _shelf(exchange).patch(id, VoicemailPatch(deleted=True))


async def forward_voicemail(exchange: Exchange, *, id: str, body: VoicemailForward) -> Voicemail:
    message = await _found(exchange, id)
    box = _shelf(exchange).box(body.mailbox)
    if box is None:
        raise plain_error(404, f"There is no mailbox {body.mailbox}.")
    try:
        return await _shelf(exchange).forward(message, box, None)
    except BoxFullError:
        raise plain_error(409, f"Mailbox {box.number} is full.") from None
    except NoRoomError as error:
        raise plain_error(507, "The message could not be copied: there is no room.") from error


async def get_greeting(exchange: Exchange, *, number: str, name: GreetingName) -> web.StreamResponse:
    path = _shelf(exchange).greeting(_box(exchange, number), name)
    if path is None:
        raise plain_error(404, f"Mailbox {number} has no recording “{name}”.")
    return await _file(path, "audio/wav", f"{number}-{name}.wav")


async def put_greeting(exchange: Exchange, *, number: str, name: GreetingName) -> GreetingView:
    box = _box(exchange, number)
    kind = exchange.request.content_type
    if kind not in UPLOADS:
        raise plain_error(415, f"The body must be a sound file: {', '.join(UPLOADS)}.")
    pieces = pieces_of(exchange.request, LARGEST_GREETING)
    seconds = await _shelf(exchange).upload_greeting(box, name, pieces, most_bytes=LARGEST_GREETING)
    return GreetingView(name=name, duration_s=round(seconds, 2))


async def delete_greeting(exchange: Exchange, *, number: str, name: GreetingName) -> None:
    if not await _shelf(exchange).remove_greeting(_box(exchange, number), name):
        raise plain_error(404, f"Mailbox {number} has no recording “{name}”.")


def _shelf(exchange: Exchange) -> Shelf:
    shelf = exchange.service.deps.voicemail
    if shelf is None:
        raise plain_error(503, "There is no voicemail here.")
    return shelf


def _box(exchange: Exchange, number: str) -> str:
    """Raises `ApiError` 404 for a number that is no box."""
    if all(each.number != number for each in _shelf(exchange).states()):
        raise plain_error(404, f"There is no mailbox {number}.")
    return number


async def _found(exchange: Exchange, id_: str) -> Voicemail:
    """One that is still being spoken is not there yet."""
    message = await _shelf(exchange).get(id_)
    if message is None or not message.complete:
        raise _gone(id_)
    return message


def _gone(id_: str) -> ApiError:
    return plain_error(404, f"There is no voice message {id_}.")


async def _file(path: Path, kind: str, name: str) -> web.StreamResponse:
    """Answers Range requests too (RFC 9110 14.2)."""
    if not await asyncio.get_running_loop().run_in_executor(None, path.is_file):
        raise plain_error(404, "The sound file is gone.")
    return web.FileResponse(
        path, headers={"Content-Type": kind, "Content-Disposition": f'inline; filename="{name}"'}
    )


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/mailbox-states",
        scope=Scope.VOICEMAIL_READ,
        name="listMailboxStates",
        tag="Voicemail",
        summary="How many messages are in each mailbox",
        description="`transcripts` says whether the node has an engine that writes messages down.",
        query=Paging,
        response=MailboxStateList,
        errors=(503,),
        handler=list_states,
    ),
    Route(
        method="GET",
        path="/api/v1/voicemails",
        scope=Scope.VOICEMAIL_READ,
        name="listVoicemails",
        tag="Voicemail",
        summary="List voice messages",
        description="The newest first; without a folder, all but those in the bin.",
        query=VoicemailQuery,
        response=VoicemailList,
        errors=(503,),
        own=own_voicemails,
        handler=list_voicemails,
    ),
    Route(
        method="GET",
        path="/api/v1/voicemails/{id}",
        scope=Scope.VOICEMAIL_READ,
        name="getVoicemail",
        tag="Voicemail",
        summary="Read a voice message's envelope",
        path_types=(("id", MessageId),),
        response=Voicemail,
        errors=(503,),
        own=own_voicemail,
        handler=get_voicemail,
    ),
    Route(
        method="GET",
        path="/api/v1/voicemails/{id}/audio",
        scope=Scope.VOICEMAIL_READ,
        name="getVoicemailAudio",
        tag="Voicemail",
        summary="Hear a voice message",
        description="WAV or Ogg Opus, as the message's `sound_format` says. Range requests are answered with 206. "
        "Hearing it here does not mark it as read.",
        path_types=(("id", MessageId),),
        response_type="audio/wav",
        errors=(416, 503),
        own=own_voicemail,
        handler=get_audio,
    ),
    Route(
        method="PATCH",
        path="/api/v1/voicemails/{id}",
        scope=Scope.VOICEMAIL_WRITE,
        name="patchVoicemail",
        tag="Voicemail",
        summary="Mark a voice message, put it into the bin, or take it out",
        path_types=(("id", MessageId),),
        request=VoicemailPatch,
        request_types=(MERGE_PATCH, JSON),
        response=Voicemail,
        own=own_voicemail,
        handler=patch_voicemail,
    ),
    Route(
        method="DELETE",
        path="/api/v1/voicemails/{id}",
        scope=Scope.VOICEMAIL_WRITE,
        name="deleteVoicemail",
        tag="Voicemail",
        summary="Delete a voice message",
        description="It stays in the bin for as long as its mailbox says, unless it is to go for ever.",
        path_types=(("id", MessageId),),
        query=VoicemailDeleteQuery,
        status=204,
        own=own_voicemail,
        handler=delete_voicemail,
    ),
    Route(
        method="POST",
        path="/api/v1/voicemails/{id}/forward",
        scope=Scope.VOICEMAIL_WRITE,
        name="forwardVoicemail",
        tag="Voicemail",
        summary="Send a copy of a voice message to another mailbox",
        description="The message stays where it is. The copy is new there, and says which box it came from.",
        path_types=(("id", MessageId),),
        request=VoicemailForward,
        response=Voicemail,
        status=201,
        errors=(404, 409, 503, 507),
        handler=forward_voicemail,
    ),
    Route(
        method="GET",
        path="/api/v1/mailboxes/{number}/greetings/{name}",
        scope=Scope.VOICEMAIL_READ,
        name="getGreeting",
        tag="Voicemail",
        summary="Hear a mailbox's greeting or recorded name",
        path_types=(("number", MailboxNumber), ("name", GreetingName)),
        response_type="audio/wav",
        errors=(416, 503),
        own=own_greeting,
        handler=get_greeting,
    ),
    Route(
        method="PUT",
        path="/api/v1/mailboxes/{number}/greetings/{name}",
        scope=Scope.VOICEMAIL_WRITE,
        name="putGreeting",
        tag="Voicemail",
        summary="Upload a mailbox's greeting or recorded name",
        description="A WAV, MP3, Ogg or FLAC file of up to five minutes. The mailbox's field `greeting` says "
        "which greeting callers hear.",
        path_types=(("number", MailboxNumber), ("name", GreetingName)),
        upload_types=UPLOADS,
        response=GreetingView,
        errors=(507,),
        own=own_greeting,
        handler=put_greeting,
    ),
    Route(
        method="DELETE",
        path="/api/v1/mailboxes/{number}/greetings/{name}",
        scope=Scope.VOICEMAIL_WRITE,
        name="deleteGreeting",
        tag="Voicemail",
        summary="Delete a mailbox's greeting or recorded name",
        path_types=(("number", MailboxNumber), ("name", GreetingName)),
        status=204,
        own=own_greeting,
        handler=delete_greeting,
    ),
)
