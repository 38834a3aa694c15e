from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from pbx.app.doctor_listening import listening
from pbx.app.listening import Hearing, read_key
from pbx.core.config import NodeConfig
from pbx.core.config_sources import load
from pbx.core.errors import StartupError
from tests.edge.hostile import Hostile


async def test_without_settings_a_node_hears_by_itself_and_writes_nothing_down() -> None:
    hearing = Hearing(NodeConfig())
    assert type(hearing.recogniser).__name__ == "Sphinx"
    assert hearing.transcriber is None
    await hearing.close()


async def test_servers_that_are_named_are_used(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sesame\n")
    hearing = Hearing(
        NodeConfig(
            speech_url="http://h:1",
            speech_key_file=key,
            chat_url="http://h:2",
            chat_model="m",
            chat_key_file=key,
        )
    )
    assert hearing.recogniser is hearing.transcriber
    assert hearing.understanding.asked == 0
    await hearing.close()


def test_nothing_is_imported_before_somebody_speaks() -> None:
    code = (
        "import sys, pbx.app.listening, pbx.core.config as c; pbx.app.listening.Hearing(c.NodeConfig());"
        "print([m for m in ('aiohttp', 'rapidfuzz', 'pocketsphinx', 'edge') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


@pytest.mark.parametrize("content", [None, "", "two words", b"\xff"])
def test_a_key_file_that_holds_none_stops_the_start(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(StartupError, match="key file"):
        read_key(path)


@pytest.mark.parametrize(
    "options",
    [{"chat_url": "http://h"}, {"chat_url": "localhost:1", "chat_model": "m"}, {"speech_url": "file:///x"}],
)
def test_half_a_server_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StartupError):
        load(options, {})


async def test_doctor_says_who_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Hostile(lambda _: b"") as server:
        lines = {
            name: (grade, text)
            for grade, name, text, _ in listening(NodeConfig(chat_url=server.url, chat_model="m"))
        }
    assert lines["chat model"][0] == "ok"
    gone = {name: grade for grade, name, *_ in listening(NodeConfig(speech_url=server.url))}
    assert gone == {"speech": "warn", "chat model": "ok"}
    open_key = tmp_path / "key"
    open_key.write_text("sesame")
    open_key.chmod(0o644)
    shown = list(listening(NodeConfig(speech_url=server.url, speech_key_file=open_key)))
    assert "0644" in shown[0][2]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert next(iter(listening(NodeConfig())))[0] == "warn"
