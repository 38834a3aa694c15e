"""Conferences by API: records with two secrets, how they are doing, what is to be done."""

from __future__ import annotations

from typing import Any

import msgspec

from pbx.core.tasks import Supervisor
from pbx.feature.documents import Documents
from pbx.model.conference import ConferenceWrite
from pbx.model.kinds import CONFERENCE
from tests.api.conftest import Node, StartNode
from tests.feature.conference.parts import Place, conference, later

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


async def test_a_conference_in_which_somebody_is(start_node: StartNode) -> None:
    async with Supervisor() as supervisor:
        place = Place(conference(), supervisor=supervisor)
        alice, bob = await place.inside("101", "102")
        node = await start_node(conferences=place.conferences)
        status = await node.json("GET", "/api/v1/conference-statuses/700")
        assert [(each["member"], each["state"]) for each in status["members"]] == [(1, "in"), (2, "in")]
        url = "/api/v1/conference-statuses/700"
        assert (await node.json("PUT", url, json={"locked": True, "recording": True}))["recording"]
        status = await node.json("PUT", url, json={"all_muted": True})
        assert (status["locked"], status["all_muted"], status["recording"]) == (True, True, True)
        assert not alice.heard
        member = "/api/v1/conferences/700/members/2"
        assert not (await node.json("PUT", member, json={"muted": False}))["muted"]
        assert bob.heard
        call = await node.json("POST", "/api/v1/conferences/700/members", 202, json={"number": "103"})
        assert call["call"] in place.switch._calls
        await node.json("POST", "/api/v1/conferences/700/members", 409, json={"number": "0301234"})
        await node.json("DELETE", member, 204)
        await node.json("DELETE", url, 204)
        await later(3)
        await node.json("DELETE", url, 409)
        for each in list(place.switch._calls):
            place.switch.hang_up(each)
        await later(0.5)
        place.assert_clean()


async def test_what_is_not_there_is_404(node: Node) -> None:
    assert await node.json("GET", "/api/v1/conference-statuses") == {"items": [], "total": 0}
    await node.json("GET", "/api/v1/conference-statuses/700", 404)
    await node.json("PUT", "/api/v1/conference-statuses/700", 404, json={"locked": True})
    await node.json("DELETE", "/api/v1/conference-statuses/700", 404)
    await node.json("POST", "/api/v1/conferences/700/members", 404, json={"number": "101"})
    await node.json("PUT", "/api/v1/conferences/700/members/1", 404, json={"muted": True})
    await node.json("DELETE", "/api/v1/conferences/700/members/1", 404)
    await node.json("DELETE", "/api/v1/conferences/700/members/x", 404)


async def test_a_document_keeps_the_pins_that_it_does_not_name(node: Node) -> None:
    documents = Documents(node.deps.records)
    await node.json("POST", "/api/v1/conferences", 201, json=BODY | {"pin": "1234", "moderator_pin": "98765"})
    document = await documents.export()
    assert b"1234" not in document
    assert b"98765" not in document
    assert (await documents.apply(document)).is_empty
    changed = msgspec.json.encode({"conferences": [BODY | {"moderator_pin": "5555"}]})
    await documents.apply(changed)
    assert await pins(node) == ("1234", "5555")
    assert b'"1234"' in await documents.export(with_secrets=True)


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
