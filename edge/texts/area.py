"""Puts the texts of an edge together, for `edge.app`: what the AI may tell comes from directory and receptionist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge.ai.chat import ChatServer, ChatSettings
from edge.area import Area
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.directory import Directories, Receptionists
from edge.errors import StartError
from edge.events import Events
from edge.offices import Offices
from edge.offline.view import View
from edge.offline.wishes import facts_of
from edge.store import Store
from edge.texts.erasing import Eraser
from edge.texts.knowledge import Knowledge, KnowledgeOf
from edge.texts.texts import Texts
from edge.twilio.client import TwilioClient

__all__ = ["build_texts", "knowledge_of"]

MODEL_S = 20.0
"""A texter waits more patiently than a caller."""


def build_texts(
    config: EdgeConfig,
    store: Store,
    clock: Clock,
    offices: Offices,
    events: Events,
    *,
    directories: Directories,
    receptionists: Receptionists,
    provider: TwilioClient | None,
    erasers: Sequence[Eraser] = (),
) -> tuple[Texts, Area]:
    """The texts, which campaigns build on, and their area. `provider` is Twilio, None without an account."""
    model = _model(config)
    texts = Texts(
        config,
        store,
        clock,
        offices,
        events,
        twilio=provider,
        knowledge=knowledge_of(offices, directories, receptionists, clock),
        model=model,
        erasers=erasers,
    )

    async def close() -> None:
        if model is not None:
            await model.close()

    return texts, replace(texts.area(), close=close)


def knowledge_of(
    offices: Offices, directories: Directories, receptionists: Receptionists, clock: Clock
) -> KnowledgeOf:
    """What strangers may know of an office: its facts, its hours, its name."""

    async def of(office: str) -> Knowledge:
        kept, settings = await directories.of(office), await receptionists.of(office)
        directory = kept.directory if kept is not None else None
        view = View.of(directory, settings, clock.now_ms())
        known = await offices.get(office)
        return Knowledge(
            name=view.directory.office_name or (known.name if known is not None else ""),
            language=settings.language or view.directory.language,
            time_zone=view.directory.time_zone,
            facts=facts_of(view),
            is_open=view.open,
            answers=settings.answers_texts,
            memory_days=settings.memory_days,
            tone=settings.tone,
        )

    return of


def _model(config: EdgeConfig) -> ChatServer | None:
    """Raises `StartError` when its key cannot be read."""
    if not config.chat_url:
        return None
    key = ""
    if config.chat_key_file is not None:
        try:
            key = config.chat_key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StartError(f"the key file {config.chat_key_file} cannot be read: {error}") from None
    return ChatServer(ChatSettings(config.chat_url, config.chat_model, key, time_limit_s=MODEL_S))
