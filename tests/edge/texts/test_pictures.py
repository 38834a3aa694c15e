"""Pictures come in with our credentials, are what their content says, and go out at addresses that end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.store import Store
from edge.texts.file_types import EXTENSIONS, TYPES, type_of
from edge.texts.mails import MailError
from tests.edge.clock import TestClock
from tests.edge.texts.office import OURS, THEIRS, TextEdge, text_edge

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
PAGE = b"<html><script>alert(1)</script></html>"


async def _upload(edge: TextEdge, content: bytes, type: str = "image/png") -> str:
    answer = await edge.ask("POST", "/texts/media", raw=content, type=type)
    assert answer.status == 201, answer
    return str(answer.body["id"])


async def test_a_picture_that_comes_in_is_fetched_and_shown(edge: TextEdge) -> None:
    await edge.chat("", media=[("image/png", PNG), ("image/gif", JPEG)])
    first, second = (await edge.conversation())["messages"][0]["media"]
    assert (first["type"], first["state"], first["size"]) == ("image/png", "stored", len(PNG))
    assert second["type"] == "image/jpeg", "its content says so"
    shown = await edge.ask("GET", f"/texts/media/{first['id']}")
    assert (shown.status, shown.raw) == (200, PNG)
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert (await edge.ask("GET", f"/texts/media/{first['id']}", office=edge.stranger)).status == 404


async def test_what_is_no_picture_is_not_kept(edge: TextEdge) -> None:
    await edge.chat("look", media=[("image/png", PAGE), ("image/png", PNG + bytes(6 << 20))])
    for _ in range(6):
        await edge.work(s=20_000)
    media = (await edge.conversation())["messages"][0]["media"]
    assert [each["state"] for each in media] == ["failed", "failed"]
    assert (await edge.ask("GET", f"/texts/media/{media[0]['id']}")).status == 409


async def test_a_picture_whose_fetching_fails_is_tried_again(edge: TextEdge) -> None:
    edge.twilio.faults.fail_next(503, path="/Media/")
    await edge.chat("look", media=[("image/png", PNG)])
    for _ in range(3):
        await edge.work(s=60)
    assert (await edge.conversation())["messages"][0]["media"][0]["state"] == "stored"


async def test_our_credentials_go_to_twilio_only(edge: TextEdge) -> None:
    """A webhook must be signed, so this is Twilio itself gone mad; still."""
    form = {
        "MessageSid": "SM" + "8" * 32, "From": THEIRS, "To": OURS, "Body": "", "NumMedia": "1",
        "MediaUrl0": "https://evil.example.com/x.png", "MediaContentType0": "image/png",
    }  # fmt: skip
    await edge.twilio.webhooks.post("https://edge.example.com/twilio/sms", form)
    for _ in range(8):
        await edge.work(s=20_000)
    assert (await edge.conversation())["messages"][0]["media"][0]["state"] == "failed"


async def test_a_picture_goes_out_at_a_signed_address_that_ends(edge: TextEdge) -> None:
    id = await _upload(edge, PNG)
    answer = await edge.ask("POST", "/sms/send", {"to": THEIRS, "media": [id]})
    assert answer.status == 201
    await edge.work()
    (message,) = edge.twilio.sent()
    (address,) = message.media_urls
    async with aiohttp.ClientSession() as session:

        async def get(url: str) -> tuple[int, bytes]:
            async with session.get(edge.twilio.webhooks.place(url)) as response:
                return response.status, await response.read()

        assert await get(address) == (200, PNG)
        for wrong in (address[:-1] + ("0" if address[-1] != "0" else "1"), address.replace("until=1", "until=2"),
                      address.partition("?")[0], address.replace("key=", "key=é")):  # fmt: skip
            assert (await get(wrong))[0] == 403
        await edge.clock.advance(7 * 3600)
        assert (await get(address))[0] == 403


async def test_an_upload_is_checked_and_forgotten_when_it_is_not_sent(edge: TextEdge) -> None:
    assert (await edge.ask("POST", "/texts/media", raw=PAGE, type="image/png")).status == 415
    assert (await edge.ask("POST", "/texts/media", raw=PNG, type="text/html")).status == 415
    assert (await edge.ask("POST", "/texts/media", raw=PNG + bytes(6 << 20), type="image/png")).status == 413
    id = await _upload(edge, PNG)
    other = {"to": THEIRS, "from": "+12025550900", "media": [id]}
    assert (await edge.ask("POST", "/sms/send", other, office=edge.stranger)).status == 422
    await edge.clock.advance(25 * 3600)
    await edge.texts.pictures.forget_unused()
    assert (await edge.ask("POST", "/sms/send", {"to": THEIRS, "media": [id]})).status == 422


async def test_the_ai_leaves_a_picture_to_a_person(edge: TextEdge) -> None:
    await edge.chat("", media=[("image/png", PNG)])
    assert (await edge.conversation())["conversation"]["mode"] == "waiting"


@given(st.binary(max_size=80))
def test_any_bytes_have_a_type_of_ours_or_none(data: bytes) -> None:
    assert type_of(data) in {"", *TYPES}
    assert set(TYPES) == set(EXTENSIONS)


@pytest.mark.parametrize(
    "data", [b"", b"MZ\x90", b"PK\x03\x04", PAGE, b"<svg xmlns=", b"#!/bin/sh", b"\x7fELF"]
)
def test_programs_and_pages_are_no_pictures(data: bytes) -> None:
    assert type_of(data) == ""


# -- by e-mail -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def mailing(
    store: Store, clock: TestClock
) -> AsyncIterator[tuple[TextEdge, list[EmailMessage], list[MailError]]]:
    sent: list[EmailMessage] = []
    faults: list[MailError] = []

    async def send(message: EmailMessage) -> None:
        if faults:
            raise faults.pop(0)
        sent.append(message)

    async with text_edge(store, clock, send_mail=send) as edge:
        settings = {"forward": [{"number": OURS, "addresses": ["ann@example.com", "bob@example.com"]}]}
        assert (await edge.ask("PUT", "/texts/settings", settings)).status == 200
        yield edge, sent, faults


async def test_texts_are_passed_on_by_mail_with_their_pictures(
    mailing: tuple[TextEdge, list[EmailMessage], list[MailError]],
) -> None:
    edge, sent, faults = mailing
    faults.append(MailError("busy"))
    await edge.hear("Look at\r\nthis", media=[("image/png", PNG)])
    assert not await edge.texts.mails.work(), "its picture is still to come"
    await edge.work()
    for _ in range(3):
        while await edge.texts.mails.work():
            pass
        await edge.clock.advance(200)
    assert sorted(str(mail["To"]) for mail in sent) == ["ann@example.com", "bob@example.com"]
    mail = sent[0]
    assert mail["Subject"] == f"Text from {THEIRS} to {OURS}"
    body = mail.get_body()
    assert body is not None
    assert "Look at" in body.get_content()
    assert [part.get_content() for part in mail.iter_attachments()] == [PNG]
    await edge.hear("STOP")
    assert not await edge.texts.mails.work(), "keywords are no news"


async def test_a_mail_that_is_refused_for_good_is_given_up(
    mailing: tuple[TextEdge, list[EmailMessage], list[MailError]],
) -> None:
    edge, sent, faults = mailing
    faults += [MailError("no such user", final=True)] * 2
    await edge.hear("hello")
    while await edge.texts.mails.work():
        pass
    await edge.clock.advance(100_000)
    assert not await edge.texts.mails.work()
    assert sent == []
