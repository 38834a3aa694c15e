"""An office is exported, built and signed; another node follows the bundle from a web host, and calls work there."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import ROOT, Node, running

pytestmark = pytest.mark.timeout(180)

GROUP = {"number": "600", "name": "Sales", "members": ["102"]}


def pbx(*words: str) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "pbx", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@asynccontextmanager
async def hosted(folder: Path) -> AsyncIterator[str]:
    """A web host of these files."""
    folder.mkdir(exist_ok=True)
    app = web.Application()
    app.router.add_static("/", folder)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("/bundle/"))


async def until(node: Node, right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The state of its bundle, once it is right."""
    async with asyncio.timeout(20):
        while True:
            state: dict[str, Any] = await node.get("sync")
            if right(state):
                return state
            await asyncio.sleep(0.1)


async def test_an_office_that_was_exported_works_at_another_node(tmp_path: Path, phone: PhoneMaker) -> None:
    office, web_files, key = tmp_path / "office", tmp_path / "web", tmp_path / "bundle.key"
    public = pbx("sync", "key", str(key)).strip()
    build = ("sync", "build", str(office), "--key", str(key), "--out", str(web_files), "--no-site")
    first = Node(tmp_path / "a", extensions=("101", "102"))
    await first.prepare()
    first.cli("import", str(_written(tmp_path / "more.json", {"ring_groups": [GROUP]})))
    await asyncio.to_thread(first.cli, "export", "--folder", str(office))

    async with hosted(web_files) as url:
        options = ("--sync-url", url, "--sync-key", public, "--sync-interval-s", "1")
        second = Node(tmp_path / "b", extensions=("103",), options=options)
        await asyncio.to_thread(pbx, *build, "--sequence", "1")
        async with running(second):
            state = await until(second, lambda state: state["sequence"] == 1 and not state["trouble"])
            assert state["can_roll_back"]
            secret = {
                each: (await second.get(f"extensions/{each}/sip-login"))["password"]
                for each in ("101", "102")
            }
            alice = phone(second, "101", tone_hz=440, password=secret["101"])
            bob = phone(second, "102", tone_hz=880, password=secret["102"])
            async with phones(alice, bob):
                await asyncio.gather(alice.registered(), bob.registered())
                await Pair(alice, bob).talk("600")
                await alice.hangup()
                await bob.wait_for("CALL_CLOSED")

            _tamper(web_files)
            state = await until(second, lambda state: bool(state["trouble"]))
            assert state["trouble"] == "refused"
            assert "signature" in state["error"]
            health = await second.get("status")
            assert "configuration bundle" in json.dumps(health)
            assert (await second.get("ring-groups/600"))["name"] == "Sales"

            (office / "ring_groups" / "600.json").write_text(json.dumps(GROUP | {"name": "Trade"}))
            (web_files / "bundle" / "bundle.json").unlink()
            await asyncio.to_thread(pbx, *build, "--sequence", "3")
            await until(second, lambda state: state["sequence"] == 3)
            assert (await second.get("ring-groups/600"))["name"] == "Trade"
            assert "bundle 1 is back" in (await asyncio.to_thread(second.cli, "sync", "rollback")).stdout
            assert (await second.get("ring-groups/600"))["name"] == "Sales"
            assert (await second.get("sync"))["sequence"] == 1
            kinds = [each["title"] for each in (await second.get("notices"))["items"]]
            assert kinds[0] == "Configuration bundle 3 was applied"
            assert kinds[-1] == "Configuration bundle 1 was applied"
            # More than once where it was looked for while it was not there.
            assert set(kinds[1:-1]) == {"The configuration bundle was not applied"}


async def test_a_node_killed_while_it_applies_has_the_old_office_or_the_new_one(tmp_path: Path) -> None:
    office, web_files, key = tmp_path / "office", tmp_path / "web", tmp_path / "bundle.key"
    public = pbx("sync", "key", str(key)).strip()
    build = ("sync", "build", str(office), "--key", str(key), "--out", str(web_files), "--no-site", "--prune")
    chance = random.Random(1)
    async with hosted(web_files) as url:
        options = ("--sync-url", url, "--sync-key", public, "--sync-interval-s", "1")
        node = Node(tmp_path / "b", extensions=(), options=options)
        await node.prepare()
        for sequence, count in ((1, 300), (2, 250), (3, 290)):
            _people(office, f"Bundle {sequence}", count)
            await asyncio.to_thread(pbx, *build, "--sequence", str(sequence))
            await node.start()
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            node.kill()
            found = json.loads((await asyncio.to_thread(node.cli, "export")).stdout)["extensions"]
            names = {each["name"] for each in found}
            assert len(names) <= 1, names
            applied = int(names.pop().split()[1]) if names else 0
            assert len(found) == {0: 0, 1: 300, 2: 250, 3: 290}[applied]
        await node.start()
        state = await until(node, lambda state: state["sequence"] == 3)
        assert state["trouble"] == ""
        assert await node.stop() == 0


def _written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def _people(office: Path, name: str, count: int) -> None:
    (office / "extensions").mkdir(parents=True, exist_ok=True)
    for old in (office / "extensions").iterdir():
        old.unlink()
    for index in range(count):
        number = str(1000 + index)
        _written(office / "extensions" / f"{number}.json", {"number": number, "name": name})


def _tamper(web_files: Path) -> None:
    """Somebody has the host, but not the key."""
    path = web_files / "bundle" / "bundle.json"
    envelope = json.loads(path.read_text())
    manifest = json.loads(envelope["signed"]) | {"sequence": 2}
    path.write_text(
        json.dumps({"signed": json.dumps(manifest), "signature": base64.b64encode(bytes(64)).decode()})
    )
