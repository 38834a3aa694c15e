"""Voice messages and greetings by API: lists, sound with ranges, bin, uploads."""

from __future__ import annotations

import wave
from io import BytesIO
from pathlib import Path
from typing import Any

from pbx.core.events import EventBus
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.files import Files
from pbx.feature.voicemail.shelf import Shelf
from pbx.model.mailbox import Mailbox
from pbx.model.voicemail import Voicemail
from pbx.store.database import Database
from pbx.store.voicemail import VoicemailStore
from tests.api.conftest import START, Node, StartNode, Time
from tests.fresh import fresh

ID = "01J9ZQ4V7N3T8K2M5R6W1X0YA"
URL = "/api/v1/voicemails"
GREETING = "/api/v1/mailboxes/102/greetings/custom"


def sound(seconds: float, rate_hz: int = 8000) -> bytes:
    made = BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(bytes(range(250)) * int(2 * rate_hz * seconds / 250))
    return made.getvalue()


async def office(start_node: StartNode, tmp_path: Path, database: Database) -> Node:
    """A node whose box 102 has two messages, one of them being spoken."""
    boxes = Boxes(lambda: [Mailbox(number="102", name="Bob", max_messages=1)], tuple)
    store, files, bus = VoicemailStore(database), Files(tmp_path / "v"), EventBus()
    shelf = Shelf(store, files, boxes, bus=bus, clock=Time(), new_id=lambda: "x")
    files.prepare("102")
    for mark, complete in (("B", True), ("C", False)):
        message = Voicemail(
            id=ID + mark,
            mailbox="102",
            from_number="101",
            from_name="Alice",
            received_at=START,
            duration_s=2,
            complete=complete,
        )
        files.path(message).write_bytes(sound(2))
        if complete:
            await store.put(message)
    await shelf.load()
    await store.put(message)
    return await start_node(voicemail=shelf, bus=bus)


async def test_messages_are_listed_marked_and_deleted(start_node: StartNode, tmp_path: Path) -> None:
    async with await fresh(tmp_path / "v.sqlite3", poll_s=0) as database:
        node = await office(start_node, tmp_path, database)
        listed = await node.json("GET", f"{URL}?mailbox=102&folder=new")
        assert (listed["total"], listed["transcripts"]) == (1, False)
        assert listed["items"][0]["transcript_state"] == "none"
        assert (await node.json("GET", f"{URL}?mailbox=103"))["items"] == []
        for words, total in (("ALICE", 1), ("ali 102", 1), ("bob", 0), ("%25", 0)):
            assert (await node.json("GET", f"{URL}?q={words}&sort=-from_name"))["total"] == total, words
        await node.json("GET", f"{URL}?sort=secret", 422)
        await node.json("GET", f"{URL}/{ID}C", 404)
        await node.json("GET", f"{URL}?folder=lost", 422)
        (state,) = (await node.json("GET", "/api/v1/mailbox-states"))["items"]
        assert (state["new"], state["full"]) == (1, True)

        patched = await node.json("PATCH", f"{URL}/{ID}B", json={"read": True})
        assert patched["read"]
        await node.json("DELETE", f"{URL}/{ID}B", 204)
        assert (await node.json("GET", URL))["items"] == []
        assert (await node.json("GET", f"{URL}?folder=bin"))["total"] == 1
        back = await node.json("PATCH", f"{URL}/{ID}B", json={"deleted": False, "saved": True})
        assert (back["deleted_at"], back["saved"], back["read"]) == (None, True, True)
        await node.json("DELETE", f"{URL}/{ID}B?forever=true", 204)
        await node.json("DELETE", f"{URL}/{ID}B", 404)
        assert [each.stem for each in (tmp_path / "v" / "102").iterdir()] == [f"{ID}C"]


async def test_a_copy_goes_to_another_box_until_that_is_full(start_node: StartNode, tmp_path: Path) -> None:
    async with await fresh(tmp_path / "v.sqlite3", poll_s=0) as database:
        bobs, sales = Mailbox(number="102", name="Bob"), Mailbox(number="900", name="Sales", max_messages=1)
        store, files, ids = VoicemailStore(database), Files(tmp_path / "v"), iter(("C", "D"))
        shelf = Shelf(
            store,
            files,
            Boxes(lambda: [bobs, sales], tuple),
            bus=EventBus(),
            clock=Time(),
            new_id=lambda: ID + next(ids),
        )
        files.prepare("102")
        message = Voicemail(
            id=ID + "B", mailbox="102", from_number="101", from_name="Alice", received_at=START, duration_s=2
        )
        files.path(message).write_bytes(sound(2))
        await store.put(message)
        await shelf.load()
        node = await start_node(voicemail=shelf)

        copy = await node.json("POST", f"{URL}/{ID}B/forward", 201, json={"mailbox": "900"})
        assert (copy["mailbox"], copy["forwarded_from"], copy["read"], copy["duration_s"]) == (
            "900",
            "102",
            False,
            2,
        )
        assert (await node.json("GET", f"{URL}?mailbox=102"))["total"] == 1, "it stays where it is"
        async with node.ask("GET", f"{URL}/{ID}C/audio") as answer:
            assert answer.status == 200
        await node.json("POST", f"{URL}/{ID}B/forward", 409, json={"mailbox": "900"})
        await node.json("POST", f"{URL}/{ID}B/forward", 404, json={"mailbox": "901"})
        await node.json("POST", f"{URL}/{ID}X/forward", 404, json={"mailbox": "900"})


async def test_a_part_of_the_sound_can_be_asked_for(start_node: StartNode, tmp_path: Path) -> None:
    async with await fresh(tmp_path / "v.sqlite3", poll_s=0) as database:
        node = await office(start_node, tmp_path, database)
        whole = sound(2)
        for wanted, status, body in (
            ("", 200, whole),
            ("bytes=0-99", 206, whole[:100]),
            ("bytes=30000-", 206, whole[30000:]),
            ("bytes=-44", 206, whole[-44:]),
            ("bytes=99999-", 416, b""),
        ):
            async with node.ask(
                "GET", f"{URL}/{ID}B/audio", headers={"Range": wanted} if wanted else {}
            ) as answer:
                assert answer.status == status
                assert await answer.read() == body
                if status < 300:
                    assert answer.headers["Content-Type"] == "audio/wav"
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_greetings_are_uploaded_and_heard(start_node: StartNode, tmp_path: Path) -> None:
    async with await fresh(tmp_path / "v.sqlite3", poll_s=0) as database:
        node = await office(start_node, tmp_path, database)

        async def put(data: bytes, status: int, kind: str = "audio/wav", url: str = GREETING) -> Any:
            return await node.json("PUT", url, status, data=data, headers={"Content-Type": kind})

        await node.json("GET", GREETING, 404)
        made = await put(sound(3, 44100), 200)
        assert made == {"name": "custom", "duration_s": 3.0}
        async with node.ask("GET", GREETING) as answer:
            with wave.open(BytesIO(await answer.read())) as file:
                assert (file.getframerate(), round(file.getnframes() / 16000, 1)) == (16000, 3.0)
        assert (await node.json("GET", "/api/v1/mailbox-states"))["items"][0]["has_greeting"]
        await put(b"ID3 this is no sound", 422)
        await put(sound(301), 422)
        await put(b"", 422)
        await put(sound(1), 415, "text/plain")
        await put(sound(1), 404, url="/api/v1/mailboxes/103/greetings/custom")
        await put(sound(1), 404, url="/api/v1/mailboxes/102/greetings/rude")
        async with node.ask("GET", GREETING) as answer:
            assert answer.status == 200, "what was refused has changed nothing"
        await node.json("DELETE", GREETING, 204)
        await node.json("DELETE", GREETING, 404)


async def test_a_box_is_a_record_with_a_pin_that_is_never_shown(node: Node) -> None:
    body = {"number": "102", "name": "Bob", "pin": "4711"}
    made = await node.json("POST", "/api/v1/mailboxes", 201, json=body)
    assert "pin" not in made
    await node.json("POST", "/api/v1/mailboxes", 422, json={**body, "number": "103", "pin": "12"})
    await node.json("PUT", "/api/v1/mailboxes/102", json={"number": "102", "name": "Bob"})
    from pbx.model.kinds import MAILBOX

    assert await node.deps.records.secret(MAILBOX, "102") == "4711"
    problem = await node.json(
        "POST", "/api/v1/extensions", 422, json={"number": "102", "name": "Bob", "mailbox": "900"}
    )
    assert problem["errors"][0]["path"] == "$.mailbox"
    await node.json(
        "POST", "/api/v1/extensions", 201, json={"number": "102", "name": "Bob", "mailbox": "102"}
    )
    await node.json("DELETE", "/api/v1/mailboxes/102", 409)


async def test_without_voicemail_it_says_so(start_node: StartNode) -> None:
    node = await start_node(voicemail=None)
    await node.json("GET", URL, 503)
