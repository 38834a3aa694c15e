"""Texts, campaigns, outside numbers and the receptionist in a real browser, behind the node's own door."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.model.kinds import INBOUND_NUMBER
from tests.site.edge_scene import JANE, furnished
from tests.site.edge_stage import OURS, PlayedEdge
from tests.site.script import play
from tests.site.stage import staged

pytestmark = pytest.mark.timeout(300)


async def test_texts_are_read_and_answered_by_keyboard_while_more_come(tmp_path: Path) -> None:
    edge = PlayedEdge()
    async with staged(tmp_path, furnish=edge.furnish) as stage:
        furnished(edge)

        async def comes() -> None:
            edge.text(JANE, "Never mind, it works.")

        async def unseen() -> None:
            """The page has not heard of it when the answer is sent."""
            edge.meanwhile.append("Thank you!")

        await play(
            "edge.mjs",
            stage.setup_url,
            "texts",
            cues={"a text comes meanwhile": comes, "another comes unseen": unseen},
        )
        thread = edge.threads[f"{JANE} {OURS}"]
        assert [each["text"] for each in thread["messages"]].count("We send a new one today.") == 1
        assert thread["conversation"]["assigned_to"] == "admin"


async def test_a_campaign_is_made_watched_and_cancelled(tmp_path: Path) -> None:
    edge = PlayedEdge()
    async with staged(tmp_path, furnish=edge.furnish) as stage:
        furnished(edge)

        async def arrive() -> None:
            (id_,) = [each["id"] for each in edge.campaigns.values() if each["name"] == "Closed on Friday"]
            edge.advance(id_, "delivered", 1)

        await play("edge.mjs", stage.setup_url, "campaigns", cues={"some arrive": arrive})
        states = {each["name"]: each["state"] for each in edge.campaigns.values()}
        assert states == {"Winter tyres": "cancelled", "Closed on Friday": "running"}


async def test_a_number_is_mended_bought_given_back_and_given_to_a_phone(tmp_path: Path) -> None:
    edge = PlayedEdge()
    async with staged(tmp_path, furnish=edge.furnish) as stage:
        furnished(edge)
        await stage.extension("101", "Alice Keller")

        async def leads() -> None:
            (record,) = await stage.deps.records.all(INBOUND_NUMBER)
            assert (record.number, record.destination) == ("+12025550120", "101")

        await play("edge.mjs", stage.setup_url, "numbers", cues={"the number leads to the phone": leads})
        assert "+14155550120" not in edge.numbers


async def test_the_receptionist_is_taught_and_tried(tmp_path: Path) -> None:
    edge = PlayedEdge()
    async with staged(tmp_path, furnish=edge.furnish) as stage:
        furnished(edge)

        async def kept() -> None:
            assert "Parking: Behind the house." in edge.receptionist["facts"].splitlines()
            assert edge.receptionist["greeting"] == "Keller and Sons, hello."

        await play("edge.mjs", stage.setup_url, "receptionist", cues={"the facts are kept": kept})


async def test_an_office_without_an_edge_is_told_how_to_begin(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await play("edge.mjs", stage.setup_url, "nothing", cues={})
