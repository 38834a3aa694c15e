"""Starting where something is in the way: one clear sentence, exit 1, and nothing is touched."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.live.node import Node, running
from tests.live.raw import Peer

pytestmark = pytest.mark.timeout(60)


async def _fails(node: Node) -> str:
    """Start; it must exit 1 soon, without a traceback. Returns what it printed."""
    process = node.spawn()
    assert await asyncio.to_thread(process.wait, 15) == 1, node.log
    node.process = None
    assert "Traceback" not in node.log
    return node.log


@pytest.mark.parametrize(
    ("taken", "kind", "setting"),
    [
        ("sip", socket.SOCK_DGRAM, "sip-port"),
        ("sip", socket.SOCK_STREAM, "sip-port"),
        ("http", socket.SOCK_STREAM, "http-port"),
    ],
)
async def test_port_in_use_names_the_setting(
    tmp_path: Path, taken: str, kind: socket.SocketKind, setting: str
) -> None:
    node = Node(tmp_path / "node")
    port = node.sip_port if taken == "sip" else node.http_port
    with socket.socket(socket.AF_INET, kind) as squatter:
        squatter.bind(("127.0.0.1", port))
        if kind is socket.SOCK_STREAM:
            squatter.listen()
        printed = await _fails(node)
    assert str(port) in printed
    assert setting in printed


async def test_two_nodes_do_not_share_a_data_folder(tmp_path: Path) -> None:
    async with running(Node(tmp_path / "node")) as first:
        second = Node(tmp_path / "second")
        second.folder.mkdir()
        (second.folder / "data").symlink_to(first.data)
        printed = await _fails(second)
        assert "data" in printed
        assert (await first.get("extensions"))["total"] == 3


def _overwrite_start(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 100 + path.read_bytes()[2200:])


def _overwrite_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 4 : len(data) // 2] = b"\xa5" * (len(data) // 2 - len(data) // 4)
    path.write_bytes(data)


def _from_the_future(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 9999")


@pytest.mark.parametrize("harm", [_overwrite_start, _overwrite_middle, _from_the_future])
async def test_broken_or_newer_database_is_refused_and_left_alone(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    node = Node(tmp_path / "node")
    await node.prepare()
    (database,) = [path for path in node.data.iterdir() if path.read_bytes()[:15] == b"SQLite format 3"]
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    harm(database)
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    printed = await _fails(node)
    assert str(database.name) in printed
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


async def test_unknown_setting_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    node = Node(tmp_path / "node", options=("--sip-prot", "5060"))
    process = node.spawn()
    code = await asyncio.to_thread(process.wait, 15)
    node.process = None
    assert code != 0
    assert "sip-port" in node.log


async def test_import_changes_nothing_when_something_is_wrong(tmp_path: Path) -> None:
    node = Node(tmp_path / "node")
    await node.prepare()
    office = tmp_path / "wrong.json"
    office.write_text(
        '{"extensions": [{"number": "150", "name": "New", "sip_password": "long-enough-1"},'
        ' {"number": "1x", "name": "Bad", "sip_password": "long-enough-2"}]}'
    )
    result = await asyncio.to_thread(node.cli, "import", str(office), check=False)
    assert result.returncode == 1
    assert "extensions[1].number" in result.stdout + result.stderr
    exported = (await asyncio.to_thread(node.cli, "export")).stdout
    assert '"150"' not in exported
    assert '"101"' in exported


UNUSED = {
    "acme", "aiosmtplib", "argon2", "asyncssh", "boto3", "cryptography", "edge", "grpc", "h2", "holidays", "http_ece",
    "josepy", "jwt", "numpy", "OpenSSL", "phonenumbers", "pocketsphinx", "rapidfuzz", "segno", "soundfile", "twilio",
}  # fmt: skip
"""What certificates, mail, replicas, pushes, numbers, spoken words, QR codes and texts need: nobody has used them."""
OF_THE_WEB_SIDE = {"aiohttp", "aiodns", "email", "multidict", "yarl", "zipfile"}
LISTS = """
import sys
from pathlib import Path
from pbx.app.cli import main
code = main(sys.argv[2:])
Path(sys.argv[1]).write_text(chr(10).join(sys.modules))
sys.exit(code)
"""


class _Listed(Node):
    """Writes down which modules it has loaded when it stops."""

    @property
    def modules(self) -> set[str]:
        return set((self.folder / "modules").read_text().split())

    @property
    def packages(self) -> set[str]:
        return {name.partition(".")[0] for name in self.modules}

    def command(self) -> list[str]:
        python, _, _, *words = super().command()
        return [python, "-c", LISTS, str(self.folder / "modules"), *words]


async def test_idle_node_has_not_loaded_what_nobody_uses(tmp_path: Path) -> None:
    node = _Listed(tmp_path / "node")
    async with running(node):  # which asks for its health
        pass
    assert (UNUSED | OF_THE_WEB_SIDE) & node.packages == set()
    assert {"pbx.api.app", "pbx.api.deps", "pbx.api.views", "pbx.flow.simulate"} & node.modules == set()


async def test_the_first_request_loads_the_web_side_and_nothing_else(tmp_path: Path) -> None:
    node = _Listed(tmp_path / "node")
    async with running(node):
        pages = await asyncio.gather(*(node.get("status") for _ in range(5)))  # nobody is sent away meanwhile
        assert {page["version"] for page in pages} != {""}
    assert "pbx.api.app" in node.modules
    assert UNUSED & node.packages == set()
    assert node.log.count("the admin page and the API are loaded") == 1


async def test_webhooks_tell_though_nobody_has_opened_a_page(tmp_path: Path) -> None:
    got: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        await got.put(await request.read())
        return web.Response()

    receiver = web.Application()
    receiver.router.add_post("/hook", take)
    node = Node(tmp_path / "node")
    async with TestServer(receiver, host="127.0.0.1") as server:
        async with running(node):
            record = {
                "id": "crm",
                "name": "CRM",
                "url": str(server.make_url("/hook")),
                "topics": ["registrations"],
            }
            await node.send("POST", "webhooks", record)
        async with running(node):
            async with asyncio.timeout(20):
                while got.empty():  # the first may come before somebody listens
                    await asyncio.to_thread(_register, node)
                    await asyncio.sleep(0.5)
            assert b'"type":"registration"' in got.get_nowait()


def _register(node: Node) -> None:
    """A phone of its own each time."""
    with Peer(node.sip_port) as phone:
        phone.register("101", node.password("101"))
