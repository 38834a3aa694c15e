"""A phone that speaks: what it says reaches whom it named, after a key, over G.711."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from pbx.media.recognition_sphinx import refusal
from tests.live.baresip import Account, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.receptionist_node import NUMBER
from tests.media.spoken import spoken

pytestmark = pytest.mark.skipif(bool(refusal()), reason=refusal())

BEFORE_S = 2.5
AFTER_S = 60


class Receptionist(Node):
    """A node in which 700 is a receptionist."""

    def command(self) -> list[str]:
        command = super().command()
        command[command.index("pbx")] = "tests.live.receptionist_node"
        return command


class Speaker(Phone):
    """Says a sentence some seconds after it was answered, and nothing more."""

    sentence = ""

    def _config(self, control_port: int) -> str:
        config = super()._config(control_port)
        with wave.open(str(self.folder / "tone.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            said = spoken(self.sentence, rate_hz=8000) if self.sentence else b""
            file.writeframes(b"\0" * int(16000 * BEFORE_S) + said + b"\0" * 16000 * AFTER_S)
        return config


async def said(node: Node, words: str) -> None:
    async with asyncio.timeout(20):
        while f"says {words}" not in node.log and f"leaves by {words}" not in node.log:
            await asyncio.sleep(0.05)


async def test_a_name_that_is_spoken_and_confirmed_is_rung_and_0_is_the_front_desk(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    async with running(Receptionist(tmp_path / "node")) as node:
        speaker = Speaker(
            Account("101", password=node.password("101"), registrar=node.address), tmp_path / "speaker"
        )
        speaker.sentence = "i would like to speak to robert smith"
        robert, caroline = phone(node, "102"), phone(node, "103")
        async with phones(speaker, robert, caroline):
            await speaker.dial(NUMBER)
            await said(node, "receptionist_confirm Robert Smith")
            assert not robert.has("CALL_INCOMING")
            await speaker.send_digits("1")
            await robert.wait_for("CALL_INCOMING")
            await robert.accept()
            await robert.wait_for("CALL_ESTABLISHED")
            await speaker.hangup()
            await robert.wait_for("CALL_CLOSED")

            await speaker.dial(NUMBER)
            await speaker.wait_for("CALL_ESTABLISHED")
            await speaker.send_digits("0")
            await caroline.wait_for("CALL_INCOMING")
            await speaker.hangup()
            await caroline.wait_for("CALL_CLOSED")
        assert not any(event.type == "CALL_INCOMING" for event in robert.events[robert._seen :])
