"""A phone that sleeps, for real: the node's own gateway, Apple's stand-in, and a baresip that starts when pushed."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.push.apple import ApplePush, FakeApple, Fault
from tests.live.baresip import Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import ALICE_HZ, BOB_HZ, assert_heard

pytestmark = pytest.mark.timeout(120)

APP = "org.example.phone"


@pytest.fixture
async def apple(tmp_path: Path) -> AsyncIterator[FakeApple]:
    async with FakeApple(tmp_path, (APP,)) as made:
        yield made


def options(apple: FakeApple) -> tuple[str, ...]:
    """How a node is told of its app."""
    return (
        *("--push-apns-key", str(apple.key_file), "--push-apns-key-id", apple.key_id),
        *("--push-apns-team", apple.team, "--push-apns-apps", APP),
        *("--push-apns-url", apple.url, "--push-apns-trust", str(apple.certificate)),
    )


async def sign_in(node: Node, number: str, alert_token: str = "") -> str:
    """The app of an extension signs in with a link, and says its push token; the token."""
    made = await node.send("POST", "app-links", {"extension": number})
    token = secrets.token_hex(32)
    async with aiohttp.ClientSession() as http:
        login = {"device": "A phone", "link": made["secret"]}
        async with http.post(f"{node.url}/api/v1/app/login", json=login) as reply:
            assert reply.status == 201, await reply.text()
            tokens = await reply.json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        body = {"service": "apns", "token": token, "alert_token": alert_token, "app": APP}
        async with http.post(f"{node.url}/api/v1/app/push-token", json=body, headers=headers) as reply:
            assert reply.status == 200, await reply.text()
            assert (await reply.json())["delivering"] is True
    return token


async def push_phone(node: Node) -> Any:
    (found,) = (await node.get("push-phones"))["items"]
    return found


async def pushed(apple: FakeApple, kind: str) -> ApplePush:
    async with asyncio.timeout(10):
        while True:
            for each in apple.pushes:
                if each.payload["kind"] == kind:
                    return each
            await asyncio.sleep(0.02)


async def rings(phone: Phone) -> None:
    """The INVITE is so close behind the REGISTER that it may have come before we were connected to hear of it."""
    async with asyncio.timeout(10):
        while "Incoming call" not in phone.log:
            await asyncio.sleep(0.05)


async def test_a_sleeping_phone_wakes_registers_and_talks(
    apple: FakeApple, tmp_path: Path, phone: PhoneMaker
) -> None:
    async with running(Node(tmp_path / "node", options=options(apple))) as node:
        token = await sign_in(node, "102")
        alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
        async with phones(alice):
            await alice.registered()
            await alice.dial("102")
            push = await pushed(apple, "incoming")
            assert push.token == token
            assert push.headers["apns-topic"] == f"{APP}.voip"
            assert push.payload["caller"] == "101"
            await alice.wait_for("CALL_RINGING")
            async with phones(bob):  # it takes a second and a half to start: that is its waking up
                await rings(bob)
                await bob.accept()
                await alice.wait_for("CALL_ESTABLISHED")
                await asyncio.sleep(2)
                await alice.hangup()
                await bob.wait_for("CALL_CLOSED")
                (cdr,) = await node.cdrs()
        found = await push_phone(node)
        assert (found["pushes"], found["woke"], found["last_reason"]) == (1, 1, "")
        assert cdr["disposition"] == "answered"
        assert cdr["answered_by"] == "102"
    assert_heard(alice, BOB_HZ, seconds=1.5)
    assert_heard(bob, ALICE_HZ, seconds=1.5)
    assert [each.payload["kind"] for each in apple.pushes] == ["incoming"]


async def test_a_caller_who_gives_up_leaves_nothing_ringing(
    apple: FakeApple, tmp_path: Path, phone: PhoneMaker
) -> None:
    alert_token = secrets.token_hex(32)
    async with running(Node(tmp_path / "node", options=options(apple))) as node:
        await sign_in(node, "102", alert_token)
        alice, bob = phone(node, "101"), phone(node, "102")
        async with phones(alice):
            await alice.registered()
            await alice.dial("102")
            incoming = await pushed(apple, "incoming")
            await alice.hangup()
            cancel = await pushed(apple, "cancel")
            assert cancel.payload["call_id"] == incoming.payload["call_id"]
            missed = await pushed(apple, "missed")
            assert (missed.token, missed.headers["apns-topic"]) == (alert_token, APP)
            assert missed.payload["call_id"] == incoming.payload["call_id"]
            async with phones(bob):  # it wakes all the same, too late
                await bob.registered()
                await asyncio.sleep(1)
                assert "Incoming call" not in bob.log


async def test_a_dead_token_lets_the_call_go_on_at_once(
    apple: FakeApple, tmp_path: Path, phone: PhoneMaker
) -> None:
    async with running(Node(tmp_path / "node", options=options(apple))) as node:
        token = await sign_in(node, "102")
        apple.unregistered[token] = int(time.time() * 1000) + 1000
        apple.faults.append(Fault(status=503, reason="ServiceUnavailable"))
        alice = phone(node, "101")
        async with phones(alice):
            await alice.registered()
            await alice.dial("102")
            closed = await alice.wait_for("CALL_CLOSED", timeout_s=5)
            assert "480" in closed.param
        found = await push_phone(node)
        assert (found["dead"], found["last_reason"]) == (True, "Unregistered")


async def test_a_phone_that_can_be_woken_outlives_kill_9(apple: FakeApple, tmp_path: Path) -> None:
    async with running(Node(tmp_path / "node", options=options(apple))) as node:
        await sign_in(node, "102")
        node.kill()
        await node.start()
        assert (await push_phone(node))["extension"] == "102"


async def test_a_sleeping_phone_is_woken_by_an_invitation_to_a_conference(
    apple: FakeApple, tmp_path: Path, phone: PhoneMaker
) -> None:
    async with running(Node(tmp_path / "node", options=options(apple))) as node:
        await sign_in(node, "102")
        await node.send("POST", "conferences", {"number": "700", "name": "Team"})
        bob = phone(node, "102")
        await _invited(node, "102")
        push = await pushed(apple, "incoming")
        assert push.payload["caller"] == "700"
        async with phones(bob):
            await rings(bob)
            await bob.accept()
            await bob.wait_for("CALL_ESTABLISHED")
            await bob.hangup()
    assert [each.payload["kind"] for each in apple.pushes] == ["incoming"]


async def _invited(node: Node, number: str) -> None:
    """The calls hear of a new conference a moment after the API has written it."""
    async with asyncio.timeout(10):
        while True:
            try:
                await node.send("POST", "conferences/700/members", {"number": number})
            except RuntimeError as error:
                if "404" not in str(error):
                    raise
                await asyncio.sleep(0.1)
            else:
                return
