"""Recordings by API: listed with filters and pages, heard in parts, deleted, and controlled in calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from pbx.core.errors import UserError
from pbx.model.recording import Recording, RecordingDo, RecordingStorage
from pbx.store.recordings import RecordingFilter, RecordingStore
from tests.api.conftest import START, Node, StartNode
from tests.fresh import fresh

PATH = "/api/v1/recordings"


class Desk:
    """Rows in a real table, files in a folder, and what was asked of calls."""

    def __init__(self, store: RecordingStore, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.asked: list[tuple[str, ...]] = []

    async def page(self, wanted: RecordingFilter, limit: int, offset: int) -> tuple[Sequence[Recording], int]:
        return await self.store.page(wanted, limit=limit, offset=offset)

    async def get(self, id_: str) -> Recording | None:
        return await self.store.get(id_)

    def path(self, recording: Recording) -> Path:
        return self.folder / recording.file

    async def delete(self, id_: str, by: str) -> None:
        self.asked.append(("delete", id_, by))

    def control(self, call_id: str, do: RecordingDo, by: str) -> None:
        if call_id != "c1":
            raise UserError(f"there is no call {call_id} going on", http_status=404)
        self.asked.append((do, by))

    async def storage(self) -> RecordingStorage:
        return RecordingStorage(
            files=3,
            used_bytes=300,
            quota_bytes=1000,
            disk_bytes=2000,
            disk_free_bytes=1500,
            bytes_per_day=50,
            full_in_days=14,
            recording_now=1,
        )


def row(number: int, **fields: object) -> Recording:
    values: dict[str, object] = {
        "id": f"c{number}-1",
        "chain": f"c{number}-1",
        "call": f"c{number}",
        "part": 1,
        "left": "+4930123456",
        "right": f"10{number}",
        "right_extension": f"10{number}",
        "file": f"2026/03/02/{number}.wav",
        "format": "wav",
        "state": "complete",
        "started_at": START + timedelta(hours=number),
        **fields,
    }
    return Recording(**values)  # type: ignore[arg-type]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    database = await fresh(tmp_path / "recordings.sqlite3", poll_s=0)
    store = RecordingStore(database)
    for each in (
        row(1, trunk="main"),
        row(2, queue="700", chain="c1-1"),
        row(3, left="103", left_extension="103", right_extension=None),
        row(4, state="deleted", deleted_at=START, deleted_by="retention"),
    ):
        await store.put(each)
    yield Desk(store, tmp_path)
    await database.close()


@pytest.fixture
async def office(start_node: StartNode, desk: Desk) -> Node:
    return await start_node(recordings=desk)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [3, 2, 1]),
        ("?limit=1&offset=1", [2]),
        ("?call=c2", [2]),
        ("?chain=c1-1", [2, 1]),
        ("?extension=103", [3]),
        ("?number=3012", [2, 1]),
        ("?trunk=main", [1]),
        ("?queue=700", [2]),
        ("?from=2026-03-02T11:00:00Z&to=2026-03-02T12:00:00Z", [2]),
        ("?deleted=true", [4]),
        ("?q=MAIN", [1]),
        ("?q=3012 102", [2]),
        ("?q=3_12", []),
        ("?sort=started_at", [1, 2, 3]),
        ("?sort=right", [1, 2, 3]),
        ("?sort=-right", [3, 2, 1]),
    ],
)
async def test_they_are_listed_newest_first_by_what_is_asked(
    office: Node, query: str, found: list[int]
) -> None:
    answer = await office.json("GET", PATH + query)
    assert [each["id"] for each in answer["items"]] == [f"c{each}-1" for each in found]
    assert answer["total"] == (3 if "limit" in query else len(found))


async def test_a_part_of_the_sound_can_be_asked_for(office: Node, desk: Desk) -> None:
    file = desk.folder / "2026/03/02/1.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(range(200)))
    url = f"{PATH}/c1-1/audio"
    async with office.ask("GET", url) as answer:
        assert (answer.status, await answer.read()) == (200, file.read_bytes())
        assert answer.content_type == "audio/wav"
        assert answer.headers["Accept-Ranges"] == "bytes"
    async with office.ask("GET", url, headers={"Range": "bytes=10-19"}) as answer:
        assert (answer.status, await answer.read()) == (206, bytes(range(10, 20)))
        assert answer.headers["Content-Range"] == "bytes 10-19/200"
    async with office.ask("GET", url, headers={"Range": "bytes=-5"}) as answer:
        assert await answer.read() == bytes(range(195, 200))
    async with office.ask("GET", url, headers={"Range": "bytes=900-"}) as answer:
        assert answer.status == 416
    await office.json("GET", f"{PATH}/c2-1/audio", 404)
    await office.json("GET", f"{PATH}/c4-1/audio", 404)
    await office.json("GET", f"{PATH}/..%2f..%2fetc%2fpasswd/audio", 404)


async def test_a_deleted_one_still_says_who_deleted_it(office: Node) -> None:
    found = await office.json("GET", f"{PATH}/c4-1")
    assert (found["state"], found["deleted_by"]) == ("deleted", "retention")
    await office.json("GET", f"{PATH}/c9-1", 404)


async def test_deleting_names_who_did_it(office: Node, desk: Desk) -> None:
    await office.json("DELETE", f"{PATH}/c1-1", 204)
    assert desk.asked[0][:2] == ("delete", "c1-1")
    assert desk.asked[0][2]


async def test_a_call_is_recorded_and_paused(office: Node, desk: Desk) -> None:
    for do in ("start", "pause", "resume", "stop"):
        await office.json("POST", "/api/v1/calls/c1/recording", 204, json={"do": do})
    assert desk.asked == [(do, "api") for do in ("start", "pause", "resume", "stop")]
    await office.json("POST", "/api/v1/calls/c2/recording", 404, json={"do": "start"})
    await office.json("POST", "/api/v1/calls/c1/recording", 422, json={"do": "louder"})


async def test_the_room_and_how_long_it_will_do(office: Node) -> None:
    storage = await office.json("GET", "/api/v1/recording-storage")
    assert (storage["used_bytes"], storage["full_in_days"]) == (300, 14)
