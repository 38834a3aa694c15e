"""Secrets are planted everywhere, the node is used and misused, and then all that it wrote or told is searched."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import tarfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from pbx.core.secret import KEY_FILE, SecretBox, load_key
from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.ports import free_port
from tests.live.raw import Peer
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(120)

PLANTED = {
    "smtp": "planted-smtp-7Qx1",
    "twilio": "planted-twilio-9Zk2",
    "edge": "planted-edge-key-4Lm3vv",
    "mail": "planted-mail-3Rt4",
    "edge typed": "planted-edge-typed-8Pa5vv",
    "trunk": "planted-trunk-6Wd6",
    "notice": "planted-notice-key-2Hs7",
    "webhook": "planted-webhook-key-5Jf8",
    "flow": "planted-flow-key-1Vb9",
    "user": "planted user password 0Ng0",
    "user later": "planted user password 3Mc1",
    "mailbox": "739105284613",
    "conference": "846201957308",
    "speech": "planted-speech-5Xq2",
    "chat": "planted-chat-8Yw3",
    "turn": "planted-turn-7Fs5",
    "replica": "planted-replica-1Ks8",
    "wrong": "planted-wrong-2Ud4",
    "acme account": "planted-acme-account-6Tn9",
}
OFFER: Any = {
    "headers": ("Content-Type: application/sdp",),
    "body": b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
}
SERVICES = {
    "push gateway": "planted-push-gateway-9Bv2vvvvvvvv",
    "token of an app": "planted-token-of-an-app-4Kd1",
    "alert token of an app": "planted-alert-token-8Zs7",
    "token of a SIP phone": "planted-token-of-a-phone-3Gx5",
    "storage": "planted-storage-account-7Uj3",
}


def forms(secret: str | bytes) -> Iterator[bytes]:
    """As it may come out: plain, as JSON writes it, in base64 wherever it begins, in hexadecimal."""
    plain = secret if isinstance(secret, bytes) else secret.encode()
    yield plain
    yield plain.hex().encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + plain)
        yield whole[4 if shift else 0 : -4]
    yield base64.b64encode(f"AC{'0' * 32}:".encode() + plain)


def leaks(what: str, data: bytes, secrets: Mapping[str, str | bytes]) -> list[str]:
    return [
        f"{name} in {what}" for name, secret in secrets.items() if any(form in data for form in forms(secret))
    ]


def node_with_secrets(folder: Path) -> Node:
    keys = {name: folder / f"{name}.key" for name in ("speech", "chat", "replica")}
    for name, path in keys.items():
        path.touch(mode=0o600)
        path.write_text(PLANTED[name] if name != "replica" else f"AWS_SECRET_ACCESS_KEY={PLANTED[name]}\n")
    closed = free_port()
    return Node(
        folder / "node",
        options=(
            "--smtp-host", "127.0.0.1", "--smtp-port", str(closed), "--smtp-security", "none",
            "--smtp-username", "office", "--smtp-password", PLANTED["smtp"], "--smtp-from", "pbx@office.example",
            "--twilio-account-sid", "AC" + "0" * 32, "--twilio-auth-token", PLANTED["twilio"],
            "--twilio-api-url", f"http://127.0.0.1:{closed}", "--public-url", "https://office.example",
            "--edge-url", f"http://127.0.0.1:{closed}", "--edge-key", f"office.{PLANTED['edge']}",
            "--speech-url", f"http://127.0.0.1:{closed}", "--speech-key-file", str(keys["speech"]),
            "--chat-url", f"http://127.0.0.1:{closed}", "--chat-model", "m", "--chat-key-file", str(keys["chat"]),
            "--turn-server", "turn:127.0.0.1:3478", "--turn-secret", PLANTED["turn"],
            "--replica-url", f"file://{folder / 'replica'}", "--replica-credentials", str(keys["replica"]),
            "--log-level", "debug",
        ),
        expected_errors=("edge", "twilio", "Twilio"),
    )  # fmt: skip


def own_keys(node: Node) -> dict[str, bytes]:
    """What the node has made for itself: the key of sealed fields, and that of the journal of calls."""
    key = load_key(node.data / KEY_FILE, {})
    return {"key of sealed fields": key, "key of the journal": SecretBox(key).derive("journal of calls")}


async def plant(node: Node) -> None:
    """The office's own secrets, and some mistakes with them."""
    account = node.data / "acme" / "account.json"
    account.parent.mkdir(mode=0o700, exist_ok=True)
    account.write_text(json.dumps({"d": PLANTED["acme account"]}))
    await node.send("PUT", "settings/mail-password", {"password": PLANTED["mail"]})
    await node.send("PUT", "settings/edge-key", {"key": f"office.{PLANTED['edge typed']}"})
    trunk = {"id": "line", "name": "Line", "host": "127.0.0.2", "port": free_port(), "username": "u"}
    await node.send("POST", "trunks", {**trunk, "password": PLANTED["trunk"]})
    hook = {"name": "Hook", "signing_key": PLANTED["notice"]}
    await node.send(
        "POST", "notice-targets", {"id": "hook", "address": f"http://127.0.0.1:{free_port()}/", **hook}
    )
    await node.send(
        "POST", "notice-targets", {"id": "mail", "name": "Mail", "address": "boss@office.example"}
    )
    listening = {
        "id": "crm",
        "name": "CRM",
        "url": f"http://127.0.0.1:{free_port()}/",
        "topics": ["registrations"],
    }
    await node.send("POST", "webhooks", {**listening, "signing_key": PLANTED["webhook"]})
    await node.send("POST", "mailboxes", {"number": "101", "name": "Anna", "pin": PLANTED["mailbox"]})
    await node.send("POST", "conferences", {"number": "600", "name": "Room", "pin": PLANTED["conference"]})
    ask = {"url": f"http://127.0.0.1:{free_port()}/x", "signing_key": PLANTED["flow"], "timeout_s": 1}
    flow = {
        "number": "800", "name": "Ask", "entry": "ask",
        "nodes": {"ask": {"type": "webhook", "parameters": ask}},
        "wires": {"ask": {"done": "", "error": "", "failed": ""}},
    }  # fmt: skip
    await node.send("POST", "flows", flow)
    await node.send("POST", "flows/800/publish", {})
    await node.send("POST", "users", {"username": "anna", "password": PLANTED["user"], "role": "admin"})
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {node.token}"}) as session:
        refused = (
            ("POST", "extensions", {"number": "x", "name": "", "sip_password": PLANTED["wrong"], "typo": 1}),
            ("POST", "trunks", {**trunk, "id": "two", "password": PLANTED["wrong"], "port": "no"}),
            ("POST", "session", {"username": "anna", "password": PLANTED["wrong"]}),
            ("POST", "session", {"username": "anna", "password": PLANTED["user"]}),
            ("PUT", "settings/edge-key", {"key": PLANTED["wrong"] + " "}),
            ("POST", "flows/800/publish", b"{" + PLANTED["wrong"].encode()),
        )
        for method, path, body in refused:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"}
            async with session.request(
                method, f"{node.url}/api/v1/{path}", data=data, headers=headers
            ) as response:
                await response.read()


async def everything_told(node: Node) -> dict[str, bytes]:
    """Every GET of the API, each record on its own too."""
    paths: dict[str, Any] = (await node.get("openapi.json"))["paths"]
    told: dict[str, bytes] = {}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {node.token}"}) as session:

        async def ask(path: str) -> bytes:
            limit = aiohttp.ClientTimeout(total=20)
            async with session.get(node.url + path, timeout=limit) as response:
                told[path] = await response.read()
                return told[path] if response.status == 200 else b""

        for path, operations in paths.items():
            if "get" not in operations or "{" in path or path.endswith(("/events", "/live")):
                continue
            body = await ask(path)
            for key in re.findall(rb'"(?:id|number|key)":"([A-Za-z0-9_-]{1,40})"', body)[:20]:
                if one := next(
                    (each for each in paths if each.startswith(path + "/{") and each.count("{") == 1), ""
                ):
                    await ask(re.sub(r"\{\w+\}", key.decode(), one))
        told["metrics"] = await ask("/metrics")
        async with session.post(f"{node.url}/api/v1/backup") as response:
            told["backup"] = await response.read()
    return told


def all_leaks(node: Node, told: Mapping[str, bytes], secrets: Mapping[str, str | bytes]) -> list[str]:
    """In what was told, in the log, in every file but those of the keys themselves, and in the backup."""
    found = [leak for path, data in told.items() for leak in leaks(path, data, secrets)]
    for path in (*node.data.rglob("*"), node.folder / "node.log"):
        if path.is_file() and path.name not in (KEY_FILE, "account.json"):
            found += leaks(str(path.relative_to(node.folder)), path.read_bytes(), secrets)
    with tarfile.open(fileobj=io.BytesIO(told["backup"])) as tar:
        for member in tar:
            assert member.name not in (KEY_FILE, "acme/account.json")
            file = tar.extractfile(member)
            found += leaks(f"backup/{member.name}", file.read() if file else b"", secrets)
    return found


async def test_no_secret_comes_out_anywhere(tmp_path: Path, phone: PhoneMaker) -> None:
    node = node_with_secrets(tmp_path)
    passwords = {f"SIP {number}": node.password(number) for number in node.extensions}
    secrets: dict[str, str | bytes] = {**PLANTED, **passwords}
    async with running(node):
        await plant(node)
        secrets |= own_keys(node)
        alice = phone(node, "101", tone_hz=400, transport="tls", encryption="srtp-mand")
        bob = phone(node, "102", tone_hz=600)
        stranger = phone(node, "103", password=PLANTED["wrong"])
        async with phones(alice, bob):
            await registered(alice, bob)
            await Pair(alice, bob).talk("102")
            await asyncio.sleep(1)
            told = await everything_told(node)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            await alice.dial("800")
            await stranger.start()
            await asyncio.sleep(2)
            await stranger.stop()
        told |= await everything_told(node)
        for words in (("export",), ("doctor",), ("token", "list"), ("admin", "list")):
            done = await asyncio.to_thread(node.cli, *words, check=False)
            told["pbx " + words[0]] = (done.stdout + done.stderr).encode()
        wrong = await asyncio.to_thread(node.cli, "doctor", "--edge-key", PLANTED["wrong"], check=False)
        told["a refused option"] = (wrong.stdout + wrong.stderr).encode()
    assert "INVITE" in str(told), "SIP messages were looked at"
    assert b"800" in told["pbx export"]
    assert len(told) > 60
    found = all_leaks(node, told, secrets)
    assert not found, "\n".join(found)
    traces = [data for path, data in told.items() if b"a=crypto:" in data]
    assert traces, "calls with keys in SDP were looked at"
    keys = re.compile(rb"inline:(?!x{20})[A-Za-z0-9+/]{20}")
    assert not any(keys.search(data) for data in (*traces, node.log.encode())), "keys of audio"


class Gateway:
    """Says that it can push to everybody, and fails when it is to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(await request.text())
        if request.method == "GET":
            platforms = {"apns": {"configured": True}, "fcm": {"configured": True}}
            return web.json_response({"platforms": platforms, "vapid_key": ""})
        return web.Response(status=400, text=f"refused: {self.asked[-1]}")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_route("*", "/{rest:.*}", self.answer)
        async with TestServer(application) as server:
            yield f"http://127.0.0.1:{server.port}"


def node_of_services(folder: Path, place: str, gateway: str) -> Node:
    """With a push gateway that refuses, and a place for the replica that nobody answers at."""
    closed = f"http://127.0.0.1:{free_port()}"
    keys = {name: folder / name for name in ("push.key", "storage", "account.json")}
    for path in keys.values():
        path.touch(mode=0o600)
    keys["push.key"].write_text(f"office.{SERVICES['push gateway']}")
    if place == "abs":
        secret = base64.b64encode(SERVICES["storage"].encode()).decode()
        keys["storage"].write_text(f"AZURE_STORAGE_KEY={secret}\n")
    else:
        account = {"client_email": "a@b", "private_key": SERVICES["storage"], "token_uri": f"{closed}/token"}
        keys["account.json"].write_text(json.dumps(account))
        keys["storage"].write_text(f"GOOGLE_APPLICATION_CREDENTIALS={keys['account.json']}\n")
    url = f"abs://account@bucket/office?endpoint={closed}" if place == "abs" else "gs://bucket/office"
    return Node(
        folder / "node",
        options=(
            *("--push-url", gateway, "--push-key-file", str(keys["push.key"])),
            *("--replica-url", url, "--replica-credentials", str(keys["storage"]), "--log-level", "debug"),
        ),
        expected_errors=("replica", "push", "Litestream"),
    )


async def sign_in(node: Node) -> None:
    """An app that says what wakes it."""
    made = await node.send("POST", "app-links", {"extension": "102"})
    async with aiohttp.ClientSession() as http:
        login = {"device": "A phone", "link": made["secret"]}
        async with http.post(f"{node.url}/api/v1/app/login", json=login) as reply:
            token = (await reply.json())["access_token"]
        body = {"service": "apns", "token": SERVICES["token of an app"], "app": "org.example.phone"}
        body["alert_token"] = SERVICES["alert token of an app"]
        headers = {"Authorization": f"Bearer {token}"}
        async with http.post(f"{node.url}/api/v1/app/push-token", json=body, headers=headers) as reply:
            await reply.read()


@pytest.mark.parametrize("place", ["abs", "gs"])
async def test_no_key_of_other_services_comes_out(tmp_path: Path, place: str) -> None:
    gateway = Gateway()
    async with gateway.serving() as url, running(node_of_services(tmp_path, place, url)) as node:
        await sign_in(node)
        with Peer(node.sip_port) as sleeping, Peer(node.sip_port) as caller:
            token = SERVICES["token of a SIP phone"]
            sleeping.contact_params = f";pn-provider=fcm;pn-prid={token};pn-param=p"
            answer = await asyncio.to_thread(sleeping.register, "103", node.password("103"))
            assert answer.status == 200
            for number in ("102", "103"):
                await asyncio.to_thread(
                    caller.send_authenticated, "INVITE", "101", node.password("101"), to=number, **OFFER
                )
            async with asyncio.timeout(15):
                while not {SERVICES["token of an app"], token} <= set(
                    re.findall(r"planted[\w-]+", str(gateway.asked))
                ):
                    await asyncio.sleep(0.1)
            told = await everything_told(node)
        assert "pn-provider=fcm" in str(told), "SIP messages were looked at"
    # Where a phone is reached is kept in the database as it said it, token and all: nobody is told that.
    within = ("backup", "data/pbx.sqlite3", "data/pbx.sqlite3-wal", "backup/pbx.sqlite3")
    kept = {f"token of a SIP phone in {each}" for each in within}
    found = set(all_leaks(node, told, SERVICES)) - kept
    assert not found, "\n".join(found)
