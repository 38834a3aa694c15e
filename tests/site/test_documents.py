"""An office is edited on a site without any node, exported, published as a bundle, and followed by a real node."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.live.node import ROOT, Node, running
from tests.site.script import BUILT, play

pytestmark = pytest.mark.timeout(300)

PASSWORD = "correct horse battery"
OFFICE: dict[str, list[dict[str, object]]] = {
    "extensions": [
        {"number": "101", "name": "Alice"},
        {"number": "102", "name": "Bob"},
    ],
    "ring_groups": [{"number": "600", "name": "Sales", "members": ["101", "102"]}],
}


async def test_an_office_without_a_node_becomes_a_bundle_that_a_node_follows(tmp_path: Path) -> None:
    opened, saved = tmp_path / "office.json", tmp_path / "saved.json"
    opened.write_text(json.dumps(OFFICE))
    key, web_files = tmp_path / "bundle.key", tmp_path / "web"
    public = _pbx("sync", "key", str(key)).strip()
    async with _static(web_files) as host:
        options = ("--sync-url", f"{host}/bundle/", "--sync-key", public, "--site-dir", str(BUILT))
        node = Node(tmp_path / "node", extensions=("103",), options=options)
        await node.prepare()
        await asyncio.to_thread(_admin, node)

        async def publish() -> None:
            """`pbx import` takes what the site has saved; so does a folder, a bundle, and the node."""
            imported = tmp_path / "imported"
            passwords = [{**each, "sip_password": "a-phone-password"} for each in OFFICE["extensions"]]
            (tmp_path / "with.json").write_text(json.dumps({"extensions": passwords}))
            _pbx("import", str(tmp_path / "with.json"), "--data-dir", str(imported))
            done = _pbx("import", str(saved), "--data-dir", str(imported))
            assert "changed 1 extension: 101" in done
            _pbx("export", "--folder", str(tmp_path / "folder"), "--data-dir", str(imported))
            _pbx(
                "sync",
                "build",
                str(tmp_path / "folder"),
                "--key",
                str(key),
                "--out",
                str(web_files),
                "--no-site",
            )
            await node.send("POST", "sync/check")
            assert (await node.get("extensions/101"))["name"] == "Alice of the offline office"

        async def tamper() -> None:
            path = web_files / "bundle" / "bundle.json"
            path.write_text(path.read_text().replace("created", "Created"))

        async def applied() -> None:
            assert (await node.get("extensions/101"))["name"] == "Alicia"
            assert (await node.get("extensions/104"))["name"] == "Dora"

        async def rolled_back() -> None:
            numbers = [each["number"] for each in (await node.get("extensions"))["items"]]
            assert numbers == ["103", "104"], (
                "what was applied by hand stays, but for what the bundle had made"
            )

        async with running(node), _static(BUILT, pages=True) as anywhere:
            await play(
                "documents.mjs",
                anywhere,
                node.url,
                str(opened),
                str(saved),
                os.environ.get("PICTURES", ""),
                cues={"publish": publish, "tamper": tamper, "applied": applied, "rolled back": rolled_back},
                timeout_s=270,
            )


@asynccontextmanager
async def _static(folder: Path, *, pages: bool = False) -> AsyncIterator[str]:
    """Any web host: files, and the start page for the addresses of pages."""
    folder.mkdir(exist_ok=True)

    async def answer(request: web.Request) -> web.StreamResponse:
        path = folder / request.match_info["name"]
        if path.is_file():
            return web.FileResponse(path)
        if pages and "." not in path.name and not request.path.startswith("/api"):
            return web.FileResponse(folder / "index.html")
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/{name:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")


def _admin(node: Node) -> None:
    words = ("admin", "create", "admin", "--password-stdin", "--data-dir", str(node.data))
    command = [sys.executable, "-m", "pbx", *words]
    subprocess.run(command, cwd=ROOT, input=PASSWORD, text=True, check=True, capture_output=True)


def _pbx(*words: str) -> str:
    command = [sys.executable, "-m", "pbx", *words]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout
