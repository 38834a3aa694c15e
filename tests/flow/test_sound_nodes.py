"""Playing and saying, as the caller of a flow hears it."""

from __future__ import annotations

from unittest.mock import AsyncMock, Mock

import msgspec
import pytest

from pbx.flow.context import Context
from pbx.flow.nodes.play import Play
from pbx.flow.nodes.say import SayText
from pbx.flow.ports import Prompt, Text


def caller(pressed: str = "") -> Context:
    ports = Mock()
    ports.line.say = AsyncMock(return_value=pressed)
    return Context(ports, {"caller.name": "Alice {{x}}"})


@pytest.mark.parametrize(("key", "barge_in"), [("", True), ("5", True), ("", False)])
async def test_a_prompt_is_played(key: str, barge_in: bool) -> None:
    context = caller(key)
    assert await Play(prompt="closed", barge_in=barge_in).run(context) == "done"
    context.ports.line.say.assert_awaited_once_with(Prompt("closed"), barge_in=barge_in)  # type: ignore[attr-defined]
    assert context.value("pressed") == key


async def test_a_text_is_said_with_its_values() -> None:
    context = caller("1")
    node = SayText(text="Hello {{caller.name}}, {{nothing}}.", language="en-gb", barge_in=False)
    assert await node.run(context) == "done"
    said = Text("Hello Alice {{x}}, .", "en-gb")
    context.ports.line.say.assert_awaited_once_with(said, barge_in=False)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wrong",
    [
        (Play, {"type": "play", "prompt": "No Such"}),
        (Play, {"type": "play"}),
        (SayText, {"type": "say", "text": ""}),
        (SayText, {"type": "say", "text": "x" * 1001}),
        (SayText, {"type": "say", "text": "x", "language": "English"}),
    ],
)
def test_wrong_parameters_are_refused(wrong: tuple[type, dict[str, str]]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong[1], wrong[0])
