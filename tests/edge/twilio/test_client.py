"""The client against the simulated Twilio: what it sends, what it reads, and what it says when something goes wrong."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from edge.twilio.client import TwilioClient
from edge.twilio.errors import TwilioError
from edge.twilio.records import NumberSettings
from tests.fakes.twilio import FakeRecording, FakeTwilio
from tests.fakes.twilio.audio import dominant_hz, read_wav, tone, wav
from tests.fakes.twilio.call import Answer

OURS, THEIRS = "+12025550100", "+13105550123"


async def test_text_is_sent_with_its_callback(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number(OURS)
    callback = "https://edge.example.com/twilio/sms/status?send=01&office=é"
    sid = await client.send_message(OURS, THEIRS, "grüße & 100 %\n👍", status_callback=callback)
    [sent] = twilio.sent()
    assert (sent.sid, sent.from_, sent.to, sent.body) == (sid, OURS, THEIRS, "grüße & 100 %\n👍")
    assert sent.status_callback == callback
    read = await client.message(sid)
    assert (read.body, read.direction, read.media) == (sent.body, "outbound-api", 0)
    assert abs(read.created_ms / 1000 - time.time()) < 60


async def test_several_pictures_are_several_fields(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number(OURS)
    pictures = ["https://edge.example.com/a.png", "https://edge.example.com/b.png"]
    await client.send_message(OURS, THEIRS, "", media=pictures)
    assert twilio.sent()[0].media_urls == pictures
    assert "Body" not in twilio.requests[-1][2]


async def test_messages_are_listed_over_pages_newest_first(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number(OURS)
    twilio.add_number("+12025550101")
    sids = [await client.send_message(OURS, THEIRS, str(n)) for n in range(5)]
    await client.send_message("+12025550101", THEIRS, "of another number")
    await client.send_message(OURS, "+13105550199", "to somebody else")
    assert [one.sid for one in await client.messages(from_=OURS, to=THEIRS)] == sids[::-1]
    assert len(await client.messages(limit=3)) == 3
    now = int(time.time() * 1000)
    assert await client.messages(after_ms=now + 60_000) == []
    assert len(await client.messages(after_ms=now - 60_000, before_ms=now + 60_000)) == 7


async def test_list_follows_pages_at_the_configured_address(twilio: FakeTwilio, client: TwilioClient) -> None:
    for n in range(1100):
        twilio.add_number(f"+1202555{n:04d}")
    assert len(await client.numbers.mine()) == 1100
    assert sum(path.endswith("IncomingPhoneNumbers.json") for _, path, _ in twilio.requests) == 2


async def test_refusal_says_why_in_plain_words(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number(OURS)
    twilio.opted_out.add((OURS, THEIRS))
    with pytest.raises(TwilioError) as caught:
        await client.send_message(OURS, THEIRS, "hello")
    error = caught.value
    assert (error.status, error.code, error.uncertain, error.again) == (400, 21610, False, False)
    assert error.words == "The recipient has opted out of texts from this number."
    with pytest.raises(TwilioError) as caught:
        await client.send_message(OURS, "12345", "hello")
    assert (caught.value.code, caught.value.words) == (21211, "The number to text or call is not valid.")


async def test_wrong_token_is_told_apart(twilio: FakeTwilio) -> None:
    stranger = TwilioClient(twilio.account_sid, "not the token", twilio.url)
    with pytest.raises(TwilioError) as caught:
        await stranger.numbers.mine()
    await stranger.close()
    assert (caught.value.status, caught.value.code) == (401, 20003)


async def test_lost_answer_is_uncertain_and_lost_question_too(
    twilio: FakeTwilio, client: TwilioClient
) -> None:
    """From here both look the same; only one was sent."""
    twilio.add_number(OURS)
    twilio.faults.lose_answer(path="Messages")
    with pytest.raises(TwilioError) as caught:
        await client.send_message(OURS, THEIRS, "done, answer lost")
    assert (caught.value.status, caught.value.uncertain, caught.value.again) == (0, True, True)
    twilio.faults.drop_next(path="Messages")
    with pytest.raises(TwilioError) as caught:
        await client.send_message(OURS, THEIRS, "not done")
    assert caught.value.uncertain
    assert [one.body for one in twilio.sent()] == ["done, answer lost"]


async def test_refused_connection_is_certain() -> None:
    nobody = TwilioClient("AC1", "token", "http://127.0.0.1:1")
    with pytest.raises(TwilioError) as caught:
        await nobody.send_message(OURS, THEIRS, "hello")
    await nobody.close()
    assert (caught.value.status, caught.value.uncertain) == (0, False)


async def test_time_limit_is_uncertain(twilio: FakeTwilio) -> None:
    twilio.add_number(OURS)
    twilio.faults.latency_s = 5.0
    hasty = TwilioClient(twilio.account_sid, twilio.auth_token, twilio.url, time_limit_s=0.2)
    with pytest.raises(TwilioError) as caught:
        await hasty.send_message(OURS, THEIRS, "hello")
    await hasty.close()
    assert caught.value.uncertain


@pytest.mark.parametrize(
    ("status", "code", "uncertain", "again"),
    [
        (429, 20429, False, True),
        (500, None, True, True),
        (503, 20503, True, True),
        (400, 30034, False, False),
    ],
)
async def test_what_may_be_tried_again(
    twilio: FakeTwilio, client: TwilioClient, status: int, code: int | None, *, uncertain: bool, again: bool
) -> None:
    twilio.faults.fail_next(status, code)
    with pytest.raises(TwilioError) as caught:
        await client.send_message(OURS, THEIRS, "hello")
    assert (caught.value.code, caught.value.uncertain, caught.value.again) == (code, uncertain, again)


async def test_number_is_found_bought_changed_and_released(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.sell("+12025550111", "+14155550112", "+12025550113")
    twilio.sell("+18005550114", kind="toll_free")
    found = await client.numbers.search("US", area_code="202", sms=True)
    assert [one.number for one in found] == ["+12025550111", "+12025550113"]
    assert found[0].capabilities.sms
    assert found[0].address_required == "none"
    assert [one.number for one in await client.numbers.search("US", "toll_free")] == ["+18005550114"]

    wanted = NumberSettings(
        "the office", "https://e.example/twilio/voice", sms_url="https://e.example/twilio/sms"
    )
    bought = await client.numbers.buy("+12025550111", wanted)
    assert bought.settings == wanted
    [mine] = await client.numbers.mine(number="+12025550111")
    assert mine == bought
    changed = await client.numbers.configure(bought, NumberSettings(voice_url="https://f.example/v"))
    assert (changed.settings.voice_url, changed.settings.sms_url) == ("https://f.example/v", "")
    await client.numbers.release(bought.sid)
    await client.numbers.release(bought.sid)
    assert await client.numbers.mine() == []


async def test_number_that_is_gone_says_so(client: TwilioClient) -> None:
    with pytest.raises(TwilioError) as caught:
        await client.numbers.buy("+12025550199", NumberSettings())
    assert caught.value.words == "The phone number is not for sale any more."


async def test_recording_is_fetched_and_deleted(twilio: FakeTwilio, client: TwilioClient) -> None:
    kept = FakeRecording("CA1", twilio.account_sid, wav(tone(440, 1.0)), 1)
    twilio.recordings[kept.sid] = kept
    [listed] = await client.recordings("CA1")
    file = await client.fetch_recording(listed.sid)
    assert file.type == "audio/x-wav"
    assert abs(dominant_hz(read_wav(file.content)) - 440) < 2
    await client.delete_recording(kept.sid)
    with pytest.raises(TwilioError) as caught:
        await client.fetch_recording(kept.sid)
    assert caught.value.code == 20404


async def test_picture_is_fetched_where_twilio_sends_us(twilio: FakeTwilio, client: TwilioClient) -> None:
    """The files' host refuses requests that show our credentials."""
    twilio.add_number(OURS, sms_url="http://127.0.0.1:1/sms")
    await twilio.receive_text(THEIRS, OURS, "look", media=[("image/png", b"a picture")])
    form = twilio.webhooks.asked[-1].form
    file = await client.fetch_media(form["MediaUrl0"])
    assert (file.type, file.content) == ("image/png", b"a picture")
    with pytest.raises(TwilioError, match="not Twilio's"):
        await client.fetch_media("http://169.254.169.254/latest/meta-data")
    with pytest.raises(TwilioError, match="did not answer"):
        await client.fetch_media(form["MediaUrl0"], most_bytes=3)


async def test_call_is_made_changed_and_ended(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number(OURS)
    waiting = "<Response><Gather/><Say>nobody pressed</Say></Response>"
    sid = await client.create_call(OURS, THEIRS, twiml=waiting)
    call = twilio.calls[sid]
    await call.waits_for("Gather")
    assert (await client.call(sid)).status == "in-progress"
    await client.update_call(sid, twiml="<Response><Say>another course</Say><Gather/></Response>")
    await call.waits_for("Gather")
    assert call.said() == "another course"
    ended = await client.update_call(sid, status="completed")
    assert ended.status == "completed"
    with pytest.raises(TwilioError) as caught:
        await client.update_call(sid, status="completed")
    assert caught.value.code == 21220
    twilio.answers["+13105550177"] = Answer("busy")
    sid = await client.create_call(OURS, "+13105550177", twiml=waiting)
    await twilio.calls[sid].ended()
    assert (await client.call(sid)).status == "busy"
    assert [one.sid for one in await client.calls(status="busy")] == [sid]


async def test_many_requests_at_once(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number(OURS)
    sids = await asyncio.gather(*(client.send_message(OURS, THEIRS, str(n)) for n in range(100)))
    assert len(set(sids)) == len(twilio.sent()) == 100


async def test_registration_of_a_local_number(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number(OURS)
    [number] = await client.numbers.mine()
    assert (await client.registration.of(number)).state == "missing"
    brand = twilio.other_hosts.brand("APPROVED")
    service = twilio.other_hosts.service(number.sid, campaign="IN_PROGRESS", brand=brand)
    assert (await client.registration.of(number)).state == "pending"
    service.campaigns = [("VERIFIED", brand)]
    assert (await client.registration.of(number)).state == "approved"
    twilio.other_hosts.brands[brand] = "SUSPENDED"
    assert (await client.registration.of(number)).state == "rejected"


async def test_registration_of_a_toll_free_number(twilio: FakeTwilio, client: TwilioClient) -> None:
    twilio.add_number("+18335550100")
    [number] = await client.numbers.mine()
    assert (await client.registration.of(number)).state == "missing"
    twilio.other_hosts.toll_free(number.sid, "TWILIO_REJECTED", "the sample is missing")
    rejected = await client.registration.of(number)
    assert (rejected.state, rejected.rejection) == ("rejected", "the sample is missing")
    twilio.other_hosts.toll_free(number.sid, "TWILIO_APPROVED")
    assert (await client.registration.of(number)).state == "approved"


async def test_trunks_are_listed(twilio: FakeTwilio, client: TwilioClient) -> None:
    sid = twilio.other_hosts.trunk("office", "office.pstn.twilio.com")
    [trunk] = await client.trunks.all()
    assert (trunk.sid, trunk.name, trunk.domain) == (sid, "office", "office.pstn.twilio.com")


def test_library_is_not_loaded_before_it_is_needed() -> None:
    """27 MB that a node without Twilio does not pay."""
    program = "import sys, edge.twilio.client; sys.exit('twilio.rest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
