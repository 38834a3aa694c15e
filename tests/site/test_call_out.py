"""Calls out of the pages themselves: the wizard's echo test measures, and a draft is called from its editor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.baresip import Account, Phone, phones
from tests.live.node import Node, running
from tests.site.script import BUILT, play
from tests.site.test_first_day import _setup_url
from tests.site.test_flow_walk import FLOW

pytestmark = pytest.mark.timeout(300)

PAGE_HZ = 500.0
BOB_HZ = 880.0


async def test_the_wizard_says_how_one_sounds_and_a_draft_is_called_with_the_canvas_following(
    tmp_path: Path,
) -> None:
    options = ("--site-dir", str(BUILT))
    async with running(Node(tmp_path / "node", extensions=("101", "102"), options=options)) as node:
        await node.send("POST", "flows", FLOW)
        bob = Phone(
            Account("102", password=node.password("102"), registrar=node.address),
            tmp_path / "102",
            tone_hz=BOB_HZ,
        )

        async def bob_answers() -> None:
            await bob.wait_for("CALL_INCOMING")
            await bob.accept()

        async def bob_is_left() -> None:
            await bob.wait_for("CALL_CLOSED")

        async def own_phone() -> None:
            (admin,) = (await node.get("users"))["items"]
            assert (admin["username"], admin["extension"]) == ("admin", "101")

        async with phones(bob):
            await bob.registered()
            cues = {
                "101 is the administrator's": own_phone,
                "bob answers": bob_answers,
                "bob is left": bob_is_left,
            }
            await play("call_out.mjs", await _setup_url(node), str(PAGE_HZ), cues=cues, timeout_s=270)
            echoes = [each for each in await node.cdrs() if each["dialled"] == "*43"]
            (tried,) = [each for each in await node.cdrs() if each["flow"] == "500"]
        heard = bob.heard()
    assert len(echoes) >= 2
    assert (tried["test"], tried["dialled"], tried["answered_by"]) == (True, "500", "102")
    assert heard.between(0.5, 2.0).dominant_hz() == pytest.approx(PAGE_HZ, abs=3)
