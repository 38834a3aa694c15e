"""What an office asks about its receptionist, through the dispatcher as the office does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from edge.api.dispatch import Dispatch
from edge.api.operation import Reply
from edge.model.receptionist import Receptionist
from edge.offline.erasing import OfflineEraser
from edge.store import Store
from tests.edge.clock import TestClock
from tests.edge.offline import parts as p
from tests.edge.offline.scene import Scene, scene


@pytest.fixture
async def office(store: Store, clock: TestClock) -> AsyncIterator[Scene]:
    async with scene(store, clock) as made:
        yield made


async def ask(here: Scene, method: str, path: str, body: object = None, **more: Any) -> tuple[int, Any]:
    reply = await raw(here, method, path, body, **more)
    return reply.status, msgspec.json.decode(reply.body) if reply.body else None


async def raw(here: Scene, method: str, path: str, body: object = None, **more: Any) -> Reply:
    dispatch = Dispatch(here.offline.area.operations, here.clock)
    given = {"office": here.office.id, "actor": "admin"} | more
    data = b"" if body is None else msgspec.json.encode(body)
    return await dispatch.ask(method=method, path=path, body=data, **given)


async def test_settings_have_defaults_and_are_kept_by_office(office: Scene) -> None:
    status, found = await ask(office, "GET", "/receptionist", office="another")
    assert (status, found) == (200, msgspec.to_builtins(Receptionist()))
    assert found["memory_days"] == 7
    status, _ = await ask(office, "PUT", "/receptionist", {"greeting": "Hello!", "memory_days": 3})
    assert status == 200
    status, found = await ask(office, "GET", "/receptionist")
    assert (found["greeting"], found["memory_days"], found["facts"]) == ("Hello!", 3, "")
    assert (await ask(office, "GET", "/receptionist", office="another"))[1]["greeting"] == ""


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"confidence": 2}, "$.confidence"),
        ({"language": "xx"}, "$.language"),
        ({"greeting": "x" * 700}, "$.greeting"),
        ({"fallback_number": "555"}, "$.fallback_number"),
        ({"voice": '"/><Dial>'}, "$.voice"),
        ({"colour": 1}, "$"),
    ],
)
async def test_wrong_settings_are_refused_with_their_field(office: Scene, wrong: object, field: str) -> None:
    status, problem = await ask(office, "PUT", "/receptionist", wrong)
    assert status == 422
    assert problem["errors"][0]["path"] == field


async def test_a_test_call_says_what_would_happen_and_calls_nobody(office: Scene) -> None:
    _, first = await ask(office, "POST", "/receptionist/try", {})
    assert first["does"] == "listens"
    assert first["says"][0] == "Hello, you have reached Example Ltd."
    assert first["directory_from"] == office.clock.now_ms()
    _, second = await ask(office, "POST", "/receptionist/try", {"digits": "0", "state": first["state"]})
    said = {"text": "Bob Smith please", "state": second["state"]}
    _, third = await ask(office, "POST", "/receptionist/try", said)
    assert (third["does"], third["target"], third["numbers"]) == ("calls", "Bob Smith", [p.BOB_MOBILE])
    assert (third["understood"], third["by"], third["why"]) == ("transfer", "matcher", "sure")
    assert third["confidence"] == 1.0
    assert office.twilio.calls == {}
    strict = msgspec.to_builtins(replace(p.SETTINGS, confidence=1.0))
    _, asked = await ask(office, "POST", "/receptionist/try", {**said, "settings": strict})
    assert (asked["does"], asked["why"]) == ("listens", "asked back: not sure enough")
    stored = await office.receptionists.of(office.office.id)
    assert stored == p.SETTINGS


async def test_a_test_call_of_a_closed_office(office: Scene) -> None:
    _, answer = await ask(office, "POST", "/receptionist/try", {"closed": True})
    assert "We are closed at the moment." in answer["says"]


async def test_a_state_that_nobody_gave_is_refused(office: Scene) -> None:
    status, problem = await ask(office, "POST", "/receptionist/try", {"state": "nonsense"})
    assert status == 422
    assert problem["errors"][0]["path"] == "$.state"


async def test_messages_that_the_office_does_not_have_are_listed_and_heard(
    office: Scene, clock: TestClock
) -> None:
    office.twilio.faults.fail_next(503, path="/Recordings/", times=1)
    call = await office.call(p.LINE)
    await call.leave_message()
    await call.ended()
    await office.collect()
    status, held = await ask(office, "GET", "/receptionist/voicemails")
    assert (status, held["total"]) == (200, 1)
    (one,) = held["items"]
    assert (one["state"], one["extension"], one["from_number"]) == ("fetching", "103", p.CALLER)
    assert one["error"]
    assert (await ask(office, "GET", "/receptionist/voicemails", office="another"))[1]["total"] == 0
    assert (await ask(office, "GET", f"/receptionist/voicemails/{one['id']}/audio"))[0] == 404
    assert (await ask(office, "DELETE", f"/receptionist/voicemails/{one['id']}"))[0] == 409
    await clock.advance(10)
    await office.collect()
    # The hub of this test takes it at once; one that keeps it has it in the table of deliveries.
    await office.store.run(
        "INSERT INTO delivery (id, office, kind, document, body, made_at, refused)"
        " VALUES ($1, $2, 'voicemail', '{}', $3, 0, 'no mailbox')",
        one["id"], office.office.id, b"RIFF",
    )  # fmt: skip
    _, held = await ask(office, "GET", "/receptionist/voicemails")
    assert (held["items"][0]["state"], held["items"][0]["error"]) == ("refused", "no mailbox")
    sound = await raw(office, "GET", f"/receptionist/voicemails/{one['id']}/audio")
    assert (sound.status, sound.body, sound.type) == (200, b"RIFF", "audio/wav")
    assert (await ask(office, "POST", f"/receptionist/voicemails/{one['id']}/again"))[0] == 204
    assert (await ask(office, "GET", "/receptionist/voicemails"))[1]["items"][0]["state"] == "waiting"
    assert (await ask(office, "POST", "/receptionist/voicemails/nothing/again"))[0] == 404


async def test_a_person_who_is_erased_is_forgotten_here_and_at_twilio(
    office: Scene, clock: TestClock
) -> None:
    other = "+12025550198"
    office.twilio.faults.fail_next(503, path="/Recordings/", times=2)
    for caller in (p.CALLER, other):
        call = await office.call(p.LINE, caller)
        await call.leave_message()
        await call.ended()
    await office.collect()
    eraser = OfflineEraser(clock)
    async with office.store.transaction() as statements:
        counts = await eraser.erase(statements, office.office.id, p.CALLER)
    assert counts == {"calls": 1, "voicemails": 1}
    await clock.advance(60)
    await office.collect()
    assert office.twilio.recordings == {}
    assert [each["from_number"] for each in office.inbox.of("voicemail")] == [other]
    assert [each["from_number"] for each in office.inbox.of("call")] == [other]
    for table in ("offline_call", "offline_recording"):
        row = await office.store.one(f"SELECT COUNT(*) AS many FROM {table} WHERE caller = $1", p.CALLER)
        assert row is not None
        assert row["many"] == 0
