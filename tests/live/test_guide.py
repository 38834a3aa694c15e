"""The commands of the guide, run as they stand there, page by page, against one node."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from pathlib import Path

import pytest

from pbx.model.kinds import KINDS
from tests.guide.pages import Block, blocks, pages
from tests.live.node import ROOT, Node, running

pytestmark = pytest.mark.timeout(300)

NEEDS_MORE = {
    "campaigns.md: ": "it needs an edge with numbers of Twilio's",
    "twilio.md: ": "it needs Twilio",
    "door.md: -X DELETE": "nobody is banned",
    "trunks.md: /test ": "it tests a provider's line",
    "upgrade.md: pbx rollback": "it takes a node that is stopped, and an older database",
}
"""What needs more than is here: the page, and words of the block."""

PRELUDE = """
set -eu
pbx() { "$PYTHON" -m pbx "$@"; }
curl() { command curl --fail-with-body -sS "$@"; }
api() { path=$1; shift; curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" "$NODE/$path" "$@"; }
"""


def why_not(block: Block) -> str:
    """Why it is not run; "" when it is."""
    for key, why in NEEDS_MORE.items():
        page, _, words = key.partition(": ")
        if block.page == page and words in block.text:
            return why
    return block.why_not


def runnable() -> list[Block]:
    return [block for path in pages() for block in blocks(path) if not why_not(block)]


async def run(node: Node, folder: Path, block: Block) -> str:
    """ "" when it went well, else what it said."""
    text = block.text.replace("localhost:8080", f"127.0.0.1:{node.http_port}")
    text = text.replace(".venv/bin/pbx", "pbx").replace("--data-dir data", f"--data-dir {node.data}")
    text = text.replace("/var/lib/bellwire-new", str(folder / "new"))
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PBX_")}
    environment |= {
        "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "PBX_DATA_DIR": str(node.data),
        "TOKEN": node.token, "NODE": f"{node.url}/api/v1", "URL": node.url,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", PRELUDE + text, cwd=folder, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return "" if process.returncode == 0 else f"{block.name} ({process.returncode}): {said.decode()[-600:]}"


async def test_the_commands_of_the_guide_do_what_they_say(tmp_path: Path) -> None:
    numbers = ("101", "102", "103", "104", "190", "201")
    node = Node(tmp_path / "node", extensions=numbers)
    folder = tmp_path / "here"
    folder.mkdir()
    sounds = node.data / "sounds"
    sounds.mkdir(parents=True)
    for path in (folder / "closed.mp3", sounds / "music.ogg"):
        tone = ["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "sine=d=1", str(path)]
        assert await (await asyncio.create_subprocess_exec(*tone)).wait() == 0
    wrong = []
    async with running(node):
        office = json.loads((tmp_path / "node" / "office.json").read_text())
        baseline = tmp_path / "baseline.json"
        baseline.write_text(json.dumps({kind.plural: [] for kind in KINDS} | office))
        for _, page in itertools.groupby(runnable(), key=lambda block: block.page):
            wrong += [said for block in page if (said := await run(node, folder, block))]
            await asyncio.to_thread(node.cli, "import", "--prune", str(baseline))
    assert not wrong, "\n\n".join(wrong)


def test_most_commands_are_run_and_the_others_say_why() -> None:
    everything = [block for path in pages() for block in blocks(path)]
    for block in everything:
        if why := why_not(block):
            print(f"{block.name}: {why}")
    assert len(runnable()) >= 30
    for key in NEEDS_MORE:
        page, _, words = key.partition(": ")
        assert any(block.page == page and words in block.text for block in everything), (
            f"{key} is there no more"
        )
