"""A browser decrypts what was sent, and checks who sent it."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mobile_push.app import PushParts
from mobile_push.errors import SetupError
from mobile_push.model import Outcome, Push, Target
from mobile_push.vapid import public_text, publish, published, vapid_key
from tests.fakes.push.browser import FakeBrowser, decrypt
from tests.mobile_push.conftest import JumpClock


def push_of(token: str, **more: object) -> Push:
    fields = {"kind": "incoming", "call_id": "call-1", **more}
    return Push(targets=(Target(platform="webpush", token=token),), **fields)  # type: ignore[arg-type]


async def send(parts: PushParts, push: Push) -> Outcome:
    (outcome,) = await parts.gateway.push("office", push)
    return outcome


def test_the_decryption_of_the_tests_opens_the_example_of_rfc_8291() -> None:
    """Appendix A: the message, the keys and the plain text of the RFC."""

    def read(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    private = int.from_bytes(read("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    key = ec.derive_private_key(private, ec.SECP256R1())
    body = read(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz"
        "AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert decrypt(body, key, read("BTBZMqHH6r4Tts7J_aSIgg")) == b"When I grow up, I want to be a watermelon"


async def test_a_call_arrives_readable_signed_and_urgent(parts: PushParts, browser: FakeBrowser) -> None:
    outcome = await send(parts, push_of(browser.subscription(), caller="101", good_for_s=20.0))
    assert (outcome.state, outcome.status) == ("sent", 201)
    ((headers, said),) = browser.pushes
    assert said is not None
    assert (said["kind"], said["call_id"], said["caller"]) == ("incoming", "call-1", "101")
    assert headers["Urgency"] == "high"
    assert 15 < int(headers["TTL"]) <= 20


async def test_a_cancel_replaces_the_call_that_was_not_delivered_yet(
    parts: PushParts, browser: FakeBrowser
) -> None:
    await send(parts, push_of(browser.subscription()))
    await send(parts, push_of(browser.subscription(), kind="cancel"))
    await send(parts, push_of(browser.subscription(), call_id="call-2"))
    topics = [headers["Topic"] for headers, _ in browser.pushes]
    assert topics[0] == topics[1] != topics[2]


async def test_without_keys_it_is_a_knock_without_content(parts: PushParts, browser: FakeBrowser) -> None:
    assert (await send(parts, push_of(browser.subscription(keys=False)))).state == "sent"
    ((headers, said),) = browser.pushes
    assert said is None
    assert "Content-Encoding" not in headers


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://127.0.0.1:22/push",
        "https://127.0.0.1/push",
        "https://example.org/push",
        "https://fcm.googleapis.com.example.org/push",
        "https://fcm.googleapis.com:22/push",
        "http://fcm.googleapis.com/push",
        "https://fcm.googleapis.com@10.0.0.1/push",
        "https://[::1]/push",
        "file:///etc/passwd",
        "no address",
        "https://fcm.googleapis.com:port/",
    ],
)
async def test_an_address_that_is_no_push_service_is_never_asked(parts: PushParts, endpoint: str) -> None:
    outcome = await send(parts, push_of(json.dumps({"endpoint": endpoint})))
    assert outcome.state == "gone"
    assert outcome.attempts == 1


@pytest.mark.parametrize("token", ["", "x", "{}", '{"endpoint": 1}'])
async def test_what_is_no_subscription_is_gone(parts: PushParts, token: str) -> None:
    if token:
        assert (await send(parts, push_of(token))).state == "gone"


@pytest.mark.parametrize("keys", [{"p256dh": "AA", "auth": "AA"}, {"p256dh": "ü", "auth": "%"}])
async def test_keys_that_are_none_are_gone(
    parts: PushParts, browser: FakeBrowser, keys: dict[str, str]
) -> None:
    token = json.dumps({"endpoint": f"{browser.origin}/push/abc", "keys": keys})
    assert (await send(parts, push_of(token))).state == "gone"


async def test_a_browser_that_has_unsubscribed_is_gone(parts: PushParts, browser: FakeBrowser) -> None:
    browser.gone = True
    assert (await send(parts, push_of(browser.subscription()))).state == "gone"


async def test_429_is_tried_again_when_the_service_says(
    parts: PushParts, browser: FakeBrowser, clock: JumpClock
) -> None:
    browser.faults.append((429, {"Retry-After": "2"}))
    assert (await send(parts, push_of(browser.subscription()))).attempts == 2
    assert clock.slept == [2.0]


def test_the_key_that_browsers_subscribe_with_stays(tmp_path: Path) -> None:
    path = tmp_path / "new" / "vapid.pem"
    first, second = vapid_key(path), vapid_key(path)
    assert first.private_numbers() == second.private_numbers()
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("no key")
    with pytest.raises(SetupError):
        vapid_key(path)


def test_what_browsers_are_told_is_that_of_the_key_that_is_there(tmp_path: Path) -> None:
    path, other = tmp_path / "vapid.pem", tmp_path / "other.pem"
    assert published(path) == ""
    text = publish(path)
    assert published(path) == text == public_text(vapid_key(path))
    vapid_key(other)
    time.sleep(0.01)  # files know when they were written, to some milliseconds
    path.write_bytes(other.read_bytes())
    assert published(path) == ""  # another key has taken its place
    assert publish(path) == public_text(vapid_key(other))
    path.unlink()
    assert published(path) == ""
