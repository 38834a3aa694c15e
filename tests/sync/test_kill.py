"""kill -9 in the middle of applying bundles: the office is what one of them says, and the node knows which."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from pbx.core.secret import SecretBox
from pbx.feature.documents import Documents
from pbx.model.kinds import EXTENSION, FLOW
from pbx.store.database import Database
from pbx.store.flows import FlowStore
from pbx.store.records import RecordStore
from pbx.store.sync import SyncStore
from tests.flow.conftest import decides

ROOT = Path(__file__).parents[2]
PEOPLE = 60
APPLIER = """
import asyncio, sys
from pathlib import Path
from tests.sync.test_kill import apply_for_ever
asyncio.run(apply_for_ever(Path(sys.argv[1]), int(sys.argv[2])))
"""


def document(sequence: int) -> bytes:
    """Every extension and the flow carry the sequence; the last digit says how many there are."""
    return msgspec.json.encode(
        {
            "extensions": [
                {"number": str(1000 + index), "name": f"Bundle {sequence}"}
                for index in range(PEOPLE + sequence % 10)
            ],
            "flows": [decides(f"caller.number == '{sequence}'")],
        }
    )


async def apply_for_ever(folder: Path, first: int) -> None:
    """What the killed process does."""
    from tests.sync.office import bundle, following

    async with following(folder) as node:
        for sequence in range(first, first + 1000):
            state = await node.offer(bundle(sequence, document(sequence), prune=True))
            assert state.trouble == "", state.error
            sys.stdout.write(f"{sequence}\n")
            sys.stdout.flush()


@pytest.mark.parametrize("seed", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 2, 3))])
async def test_after_kill_9_the_office_is_what_one_bundle_says(tmp_path: Path, seed: int) -> None:
    chance, confirmed = random.Random(seed), 0
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-c", APPLIER, str(tmp_path), str(confirmed + 2)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        assert process.stdout is not None
        assert process.stdout.readline()
        await asyncio.sleep(chance.uniform(0.0, 0.6))
        process.kill()
        rest, _ = process.communicate()
        confirmed = max([confirmed, *map(int, rest.split())])
        sequence = await _looked_at(tmp_path)
        assert sequence >= confirmed
        confirmed = sequence


async def _looked_at(folder: Path) -> int:
    """The sequence of the office in this folder, of which every part must be."""
    async with await Database.open(folder / "office.sqlite3", poll_s=0) as database:
        box = SecretBox(bytes(32))
        records, flows = RecordStore(database, box), FlowStore(database)
        sequence = await SyncStore(database, box).newest()
        people = await records.everything(EXTENSION)
        assert {each.name for each in people} == {f"Bundle {sequence}"}
        assert len(people) == PEOPLE + sequence % 10
        assert all(each.sip_password for each in people)
        (draft,) = await records.all(FLOW)
        assert draft == decides(f"caller.number == '{sequence}'")
        assert (await flows.live())["500"].document == draft
        assert (await Documents(records).plan(document(sequence))).is_empty
        assert await SyncStore(database, box).undo(sequence) is not None
        return sequence
