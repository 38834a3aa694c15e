"""Puts the offline calls of an edge together, for `edge.app`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edge.ai.chat import ChatServer, ChatSettings
from edge.ai.transcriber import Transcriber, TranscriberSettings
from edge.ai.understanding import Understanding
from edge.area import Area
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.directory import Directories, Receptionists
from edge.errors import StartError
from edge.offline.api import ReceptionistApi, operations
from edge.offline.calls import OfflineCalls
from edge.offline.collecting import Collecting, Deliver, Provider
from edge.offline.journal import Journal, name_of
from edge.offline.recordings import Recordings
from edge.store import Store

__all__ = ["Offline", "build_offline", "chat_of"]


@dataclass(frozen=True, slots=True)
class Offline:
    """`calls.begin` answers where an office cannot be reached, `calls.ended` is told of calls that are over."""

    calls: OfflineCalls
    collecting: Collecting
    area: Area


def build_offline(
    config: EdgeConfig,
    store: Store,
    clock: Clock,
    *,
    directories: Directories,
    receptionists: Receptionists,
    understanding: Understanding,
    provider: Provider | None,
    deliver: Deliver,
) -> Offline:
    """`provider` is Twilio, None without an account; `deliver` is that of the hub."""
    recordings, journal = Recordings(store, clock), Journal(store, clock)
    transcriber = _transcriber(config)
    collecting = Collecting(
        recordings,
        journal,
        clock,
        provider=provider,
        deliver=deliver,
        transcriber=transcriber,
        name_of_call=lambda call_sid: name_of("call", call_sid),
    )
    calls = OfflineCalls(
        clock,
        base=config.base,
        directories=directories,
        receptionists=receptionists,
        understanding=understanding,
        journal=journal,
        recordings=recordings,
        collecting=collecting,
    )
    api = ReceptionistApi(directories, receptionists, understanding, recordings)

    async def close() -> None:
        await understanding.close()
        if transcriber is not None:
            await transcriber.close()

    area = Area(
        operations=operations(api),
        webhooks=calls.webhooks,
        work={"offline calls": collecting.run},
        close=close,
    )
    return Offline(calls, collecting, area)


def chat_of(config: EdgeConfig) -> Understanding:
    """What understands callers and texters: the built-in matcher, with a chat model where one is set."""
    if not config.chat_url:
        return Understanding()
    key = config.chat_key_file
    return Understanding(
        ChatServer(ChatSettings(config.chat_url, config.chat_model, _key(key) if key else ""))
    )


def _transcriber(config: EdgeConfig) -> Transcriber | None:
    if not config.speech_url:
        return None
    key = config.speech_key_file
    return Transcriber(TranscriberSettings(config.speech_url, config.speech_model, _key(key) if key else ""))


def _key(path: Path) -> str:
    """Raises `StartError` when it cannot be read."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(f"the key file {path} cannot be read: {error}") from None
