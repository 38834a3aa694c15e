"""The sounds of prompts: send one, hear it, take it away; and hear how a text would be spoken."""

from __future__ import annotations

import msgspec
from aiohttp import web

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error
from pbx.api.route import Route
from pbx.api.scopes import Scope
from pbx.api.searching import Search
from pbx.api.uploads import pieces_of
from pbx.api.views import PromptAudioList
from pbx.feature.prompts import LARGEST_BYTES, Prompts
from pbx.media.prompt_conversion import LONGEST_S
from pbx.model.prompt import PromptAudio, SpokenTextOrder
from pbx.model.scalars import Slug

__all__ = ["ROUTES"]

WAV = "audio/wav"
SOUND_TYPES = (
    WAV,
    "audio/x-wav",
    "audio/wave",
    "audio/vnd.wave",
    "audio/mpeg",
    "audio/mp3",
    "audio/ogg",
    "audio/opus",
    "audio/flac",
    "audio/x-flac",
    "application/ogg",
    "application/octet-stream",
)
"""What a file is, its first bytes say; these are the names under which browsers send what we take."""


_AUDIOS = Search(PromptAudio, "PromptAudioQuery")


async def list_audios(exchange: Exchange, *, query: msgspec.Struct) -> PromptAudioList:
    items, total = _AUDIOS.page(await _prompts(exchange).everything(), query)
    return PromptAudioList(items=items, total=total)


async def put_audio(exchange: Exchange, *, id: str) -> PromptAudio:
    by = exchange.principal.name if exchange.principal is not None else ""
    return await _prompts(exchange).receive(id, pieces_of(exchange.request, LARGEST_BYTES), by=by)


async def get_audio(exchange: Exchange, *, id: str) -> web.FileResponse:
    path = await _prompts(exchange).wav(id)
    return web.FileResponse(
        path, headers={"Content-Type": WAV, "Content-Disposition": f'inline; filename="{id}.wav"'}
    )


async def delete_audio(exchange: Exchange, *, id: str) -> None:
    await _prompts(exchange).remove(id)


async def speak(exchange: Exchange, *, body: SpokenTextOrder) -> web.Response:
    return web.Response(body=await _prompts(exchange).preview(body.text, body.language), content_type=WAV)


def _prompts(exchange: Exchange) -> Prompts:
    found = exchange.service.deps.prompts
    if found is None:
        raise plain_error(503, "No sounds are kept here.")
    return found


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/prompt-audios",
        scope=Scope.OFFICE_READ,
        name="listPromptAudios",
        tag="Prompts",
        summary="List the sounds that are kept of prompts",
        description="A prompt that is not here is spoken from its text.",
        query=_AUDIOS.query,
        response=PromptAudioList,
        errors=(503,),
        handler=list_audios,
    ),
    Route(
        method="PUT",
        path="/api/v1/prompts/{id}/audio",
        scope=Scope.OFFICE_WRITE,
        name="putPromptAudio",
        tag="Prompts",
        summary="Upload the sound of a prompt",
        description=f"WAV, MP3, Ogg (Vorbis or Opus) or FLAC, at most {LARGEST_BYTES >> 20} MB and {LONGEST_S} s. "
        "It is converted and levelled once, and replaces the sound that was there.",
        path_types=(("id", Slug),),
        upload_types=SOUND_TYPES,
        response=PromptAudio,
        errors=(507,),
        handler=put_audio,
    ),
    Route(
        method="GET",
        path="/api/v1/prompts/{id}/audio",
        scope=Scope.OFFICE_READ,
        name="getPromptAudio",
        tag="Prompts",
        summary="Download the sound of a prompt",
        description="WAV, 16 kHz, mono. 404 for a prompt that is spoken from its text.",
        path_types=(("id", Slug),),
        response_type=WAV,
        errors=(503,),
        handler=get_audio,
    ),
    Route(
        method="DELETE",
        path="/api/v1/prompts/{id}/audio",
        scope=Scope.OFFICE_WRITE,
        name="deletePromptAudio",
        tag="Prompts",
        summary="Delete the sound of a prompt",
        description="From then on its text is spoken.",
        path_types=(("id", Slug),),
        status=204,
        handler=delete_audio,
    ),
    Route(
        method="POST",
        path="/api/v1/speech",
        scope=Scope.OFFICE_READ,
        name="speakText",
        tag="Prompts",
        summary="Hear how a text is spoken",
        description="By the voice that callers hear. 422 for a text or a language that it cannot speak.",
        request=SpokenTextOrder,
        response_type=WAV,
        audited=False,
        handler=speak,
    ),
)
