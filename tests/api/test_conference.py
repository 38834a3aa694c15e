"""Conferences by API: records with two secrets, how they are doing, what is to be done."""

from __future__ import annotations

from typing import Any

import msgspec

from pbx.model.conference import ConferenceWrite
from pbx.model.kinds import CONFERENCE
from tests.api.conftest import Node

BODY: dict[str, Any] = {"number": "700", "name": "Team"}


async def pins(node: Node) -> tuple[str | None, str | None]:
    (record,) = await node.deps.records.everything(CONFERENCE)
    assert isinstance(record, ConferenceWrite)
    return record.pin, record.moderator_pin


async def test_pins_are_never_read_and_each_stays_until_it_is_changed(node: Node) -> None:
    made = await node.json("POST", "/api/v1/conferences", 201, json=BODY | {"pin": "1234"})
    assert "pin" not in made
    assert await pins(node) == ("1234", None)
    await node.json("PATCH", "/api/v1/conferences/700", json={"moderator_pin": "98765"})
    assert await pins(node) == ("1234", "98765")
    await node.json("PUT", "/api/v1/conferences/700", json=BODY | {"announce": "name"})
    assert await pins(node) == ("1234", "98765")
    await node.json("PATCH", "/api/v1/conferences/700", json={"pin": ""})
    assert await pins(node) == ("", "98765")
    read = await node.json("GET", "/api/v1/conferences/700")
    assert read["announce"] == "name"
    assert not {"pin", "moderator_pin"} & set(read)


async def test_a_wrong_pin_is_refused_and_not_repeated(node: Node) -> None:
    problem = await node.json("POST", "/api/v1/conferences", 422, json=BODY | {"pin": "12x4"})
    assert problem["errors"][0]["path"] == "$.pin"
    assert "12x4" not in str(problem)


async def test_its_number_is_nobody_elses_and_its_moderators_exist(node: Node) -> None:
    problem = await node.json("POST", "/api/v1/conferences", 422, json=BODY | {"moderators": ["101"]})
    assert problem["errors"][0]["path"] == "$.moderators[0]"
    await node.json("POST", "/api/v1/extensions", 201, json={"number": "101", "name": "Alice"})
    await node.json("POST", "/api/v1/conferences", 201, json=BODY | {"moderators": ["101"]})
    await node.json(
        "POST", "/api/v1/ring-groups", 409, json={"number": "700", "name": "x", "members": ["101"]}
    )
    await node.json("DELETE", "/api/v1/extensions/101", 409)


async def test_what_is_not_there_is_404(node: Node) -> None:
    assert await node.json("GET", "/api/v1/conference-statuses") == {"items": [], "total": 0}
    await node.json("GET", "/api/v1/conference-statuses/700", 404)
    await node.json("PUT", "/api/v1/conference-statuses/700", 404, json={"locked": True})
    await node.json("DELETE", "/api/v1/conference-statuses/700", 404)
    await node.json("POST", "/api/v1/conferences/700/members", 404, json={"number": "101"})
    await node.json("PUT", "/api/v1/conferences/700/members/1", 404, json={"muted": True})
    await node.json("DELETE", "/api/v1/conferences/700/members/1", 404)
    await node.json("DELETE", "/api/v1/conferences/700/members/x", 404)


def test_two_secrets_are_sealed_as_one() -> None:
    write = ConferenceWrite(number="700", name="Team", pin="1234")
    sealed = CONFERENCE.secret_of(write)
    assert sealed is not None
    assert msgspec.json.decode(sealed) == {"pin": "1234"}
    assert CONFERENCE.with_secret(CONFERENCE.without_secret(write), sealed) == write
    assert CONFERENCE.secret_of(ConferenceWrite(number="700", name="Team")) is None
    assert CONFERENCE.with_secret(CONFERENCE.without_secret(write), None) == ConferenceWrite(
        number="700", name="Team"
    )
