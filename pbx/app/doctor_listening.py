"""The part of `pbx doctor` that looks at speech recognition and the chat model."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from pbx.app.doctor_network import Line
from pbx.app.listening import read_key
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.core.secret import key_mode_problem

CONNECT_S = 3.0


def listening(config: NodeConfig) -> Iterator[Line]:
    """Who hears names, who writes down voicemail, who understands callers."""
    yield _speech(config)
    yield _chat(config)


def _speech(config: NodeConfig) -> Line:
    name = "speech"
    if config.speech_url:
        return _server(name, config.speech_url, config.speech_model, config.speech_key_file)
    from pbx.media.recognition_sphinx import refusal

    if why := refusal():
        return "warn", name, f"callers cannot speak to flows: {why}", "Run: make build"
    return (
        "ok",
        name,
        "PocketSphinx hears names, in English; voicemail is not written down (--speech-url)",
        "",
    )


def _chat(config: NodeConfig) -> Line:
    name = "chat model"
    if not config.chat_url:
        return "ok", name, "none: a matcher of names and words understands callers (--chat-url)", ""
    return _server(name, config.chat_url, config.chat_model, config.chat_key_file)


def _server(name: str, url: str, model: str, key_file: Path | None) -> Line:
    """Whether somebody listens there; it is not asked anything, since some take money for answers."""
    try:
        read_key(key_file)
    except StartupError as error:
        return "FAIL", name, error.message, error.action
    if key_file is not None and (problem := key_mode_problem(key_file)):
        return "warn", name, problem, f"Run: chmod 600 {key_file}"
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        with socket.create_connection((parts.hostname or "", port), timeout=CONNECT_S):
            return "ok", name, f"{model} at {url}: somebody listens there", ""
    except (OSError, ValueError) as error:
        return "warn", name, f"{url} cannot be reached: {error}", "Start it, or correct the address"
