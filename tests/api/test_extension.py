"""Extensions over HTTP: each verb, each way to get it wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.core.ids import new_sip_password
from tests.api.conftest import Node

LIST = "/api/v1/extensions"
REST = {
    "may_call": "international",
    "do_not_disturb": False,
    "call_waiting": True,
    "wake_timeout_s": 15,
    "forward": {"always": None, "busy": None, "no_answer": None, "unreachable": None},
    "follow_me": {
        "enabled": False,
        "strategy": "in_order",
        "own_phones": True,
        "confirm": True,
        "caller_hears": "ringback",
        "numbers": [],
    },
    "pickup_group": None,
    "mailbox": None,
    "outside_number": None,
    "record": "default",
    "record_keep_days": None,
    "location": "",
    "department": "",
    "forward_to": None,
}
ALICE = {"number": "101", "name": "Alice", "sip_password": "alice-secret"}


async def create(node: Node, *numbers: str) -> None:
    for number in numbers:
        await node.json("POST", LIST, 201, json={"number": number, "name": f"Phone {number}"})


async def test_created_extension_is_located_and_read_back_without_its_password(node: Node) -> None:
    async with node.ask("POST", LIST, json=ALICE) as answer:
        assert answer.status == 201
        assert answer.headers["Location"] == f"{LIST}/101"
        made = await answer.json()
    assert made == {"number": "101", "name": "Alice", "enabled": True, "ring_timeout_s": 30, **REST}
    assert await node.json("GET", f"{LIST}/101") == made
    assert await node.json("GET", LIST) == {"items": [made], "total": 1}


async def test_missing_password_is_made_up_and_only_sip_login_shows_it(node: Node) -> None:
    made = await node.json("POST", LIST, 201, json={"number": "101", "name": "Alice"})
    assert "sip_password" not in made
    login = await node.json("GET", f"{LIST}/101/sip-login")
    assert len(login["password"]) == 20
    assert login["password"].isalnum()
    assert (login["username"], login["domain"]) == ("101", "192.0.2.10")
    assert login["transports"] == [{"transport": "UDP", "port": 5060}, {"transport": "TCP", "port": 5060}]
    assert login["softphone_uri"] == f"sip:101:{login['password']}@192.0.2.10:5060;transport=udp"
    assert login["qr_svg"] is None


async def test_sip_login_as_qr_code_is_plain_svg(node: Node) -> None:
    await create(node, "101")
    login = await node.json("GET", f"{LIST}/101/sip-login?qr=true")
    assert login["qr_svg"].startswith("<svg")
    assert "style" not in login["qr_svg"]  # the content security policy forbids inline styles
    assert "<script" not in login["qr_svg"]


def test_made_up_passwords_differ() -> None:
    made = {new_sip_password() for _ in range(100)}
    assert len(made) == 100
    assert not set("0O1lI") & set("".join(made))


async def test_list_is_sorted_by_number_and_cut_into_pages(node: Node) -> None:
    await create(node, "1000", "102", "99", "101")
    page = await node.json("GET", f"{LIST}?limit=2&offset=1")
    assert [one["number"] for one in page["items"]] == ["101", "102"]
    assert page["total"] == 4
    assert (await node.json("GET", f"{LIST}?offset=400"))["items"] == []


async def test_search_finds_part_of_number_and_name_in_any_case(node: Node) -> None:
    await create(node, "101", "202")
    await node.json("POST", LIST, 201, json={"number": "300", "name": "Größe"})
    assert [one["number"] for one in (await node.json("GET", f"{LIST}?q=02"))["items"]] == ["202"]
    assert [one["number"] for one in (await node.json("GET", f"{LIST}?q=GRÖSSE"))["items"]] == ["300"]
    assert (await node.json("GET", f"{LIST}?q=phone&limit=1"))["total"] == 2


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "query.limit"),
        ("limit=1001", "query.limit"),
        ("limit=ten", "query.limit"),
        ("limit=", "query.limit"),
        ("offset=-1", "query.offset"),
        ("limit=1&limit=2", "query.limit"),
        ("colour=red", "query.colour"),
    ],
)
async def test_bad_query_is_refused_and_named(node: Node, query: str, path: str) -> None:
    problem = await node.json("GET", f"{LIST}?{query}", 422)
    assert problem["errors"][0]["path"] == path


async def test_put_replaces_everything_but_keeps_a_password_not_given(node: Node) -> None:
    await node.json("POST", LIST, 201, json=ALICE | {"ring_timeout_s": 60})
    now = await node.json("PUT", f"{LIST}/101", json={"number": "101", "name": "Alice B", "enabled": False})
    assert now == {"number": "101", "name": "Alice B", "enabled": False, "ring_timeout_s": 30, **REST}
    assert (await node.json("GET", f"{LIST}/101/sip-login"))["password"] == "alice-secret"
    await node.json("PUT", f"{LIST}/101", json=ALICE | {"sip_password": "a new secret"})
    assert (await node.json("GET", f"{LIST}/101/sip-login"))["password"] == "a new secret"


async def test_patch_changes_what_it_names_and_null_brings_the_default_back(node: Node) -> None:
    await node.json("POST", LIST, 201, json=ALICE | {"ring_timeout_s": 60, "enabled": False})
    merge_patch = {"Content-Type": "application/merge-patch+json"}
    change = b'{"name": "Al", "ring_timeout_s": null}'
    now = await node.json("PATCH", f"{LIST}/101", data=change, headers=merge_patch)
    assert now == {"number": "101", "name": "Al", "enabled": False, "ring_timeout_s": 30, **REST}
    now = await node.json("PATCH", f"{LIST}/101", json={"sip_password": "patched-secret", "enabled": None})
    assert now["enabled"] is True
    assert (await node.json("GET", f"{LIST}/101/sip-login"))["password"] == "patched-secret"
    await node.json("PATCH", f"{LIST}/101", json={"sip_password": None})
    assert (await node.json("GET", f"{LIST}/101/sip-login"))["password"] == "patched-secret"
    assert await node.json("PATCH", f"{LIST}/101", json={}) == now


async def test_deleted_extension_is_gone(node: Node) -> None:
    await create(node, "101")
    assert await node.json("DELETE", f"{LIST}/101", 204) is None
    for method, options in (("GET", {}), ("DELETE", {}), ("PUT", {"json": ALICE}), ("PATCH", {"json": {}})):
        problem = await node.json(method, f"{LIST}/101", 404, **options)
        assert problem["type"] == "urn:bellwire:problem:not-found"
    assert (await node.json("GET", f"{LIST}/101/sip-login", 404))["status"] == 404


async def test_taken_number_is_a_conflict_that_names_the_field(node: Node) -> None:
    await create(node, "101")
    problem = await node.json("POST", LIST, 409, json=ALICE)
    assert problem["errors"][0]["path"] == "$.number"
    assert problem["errors"][0]["got"] == "101"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_number_cannot_change(node: Node, method: str) -> None:
    await create(node, "101")
    problem = await node.json(method, f"{LIST}/101", 422, json=ALICE | {"number": "102"})
    assert problem["errors"] == [
        {
            "path": "$.number",
            "message": "the number of an extension does not change",
            "got": "102",
            "needed": "101",
            "action": "Create a new extension and delete this one",
        }
    ]


@pytest.mark.parametrize(
    ("body", "path", "got", "needed"),
    [
        ({"number": "1", "name": "A"}, "$.number", "1", "2 to 10 digits"),
        ({"number": "101\n", "name": "A"}, "$.number", "101\n", "2 to 10 digits"),
        ({"number": 101, "name": "A"}, "$.number", "101", "a text"),
        ({"name": "A"}, "$.number", None, "2 to 10 digits"),
        ({"number": "101", "name": ""}, "$.name", "", "a text"),
        (
            {"number": "101", "name": "A", "ring_timeout_s": 4},
            "$.ring_timeout_s",
            "4",
            "a whole number of at least 5",
        ),
        ({"number": "101", "name": "A", "ring_timeout_s": "30"}, "$.ring_timeout_s", "30", "a whole number"),
        ({"number": "101", "name": "A", "nmae": 1}, "$.nmae", None, None),
        (
            {"number": "101", "name": "A", "sip_password": "short"},
            "$.sip_password",
            "(hidden)",
            "at least 8 characters",
        ),
        ({"number": "101", "name": "A", "sip_password": 12345678}, "$.sip_password", "(hidden)", "a text"),
        ([], "$", "a list", "object"),
        ("101", "$", "101", "object"),
    ],
)
async def test_bad_body_is_refused_with_path_got_and_needed(
    node: Node, body: Any, path: str, got: str | None, needed: str | None
) -> None:
    problem = await node.json("POST", LIST, 422, json=body)
    assert problem["type"] == "urn:bellwire:problem:validation"
    (error,) = problem["errors"]
    assert error["path"] == path
    assert error.get("got") == got
    assert (needed is None) == ("needed" not in error)
    assert (needed or "") in error.get("needed", "")
    assert (await node.json("GET", LIST))["total"] == 0


async def test_every_wrong_field_is_named_at_once_and_no_secret_is_shown(node: Node) -> None:
    body = {"number": "1", "name": "", "sip_password": "hunter2", "nmae": "A"}
    async with node.ask("POST", LIST, json=body) as answer:
        text = await answer.text()
        errors = (await answer.json(content_type=None))["errors"]
    assert {one["path"] for one in errors} == {"$.number", "$.name", "$.sip_password", "$.nmae"}
    assert "Did you mean name?" in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"number": "101",}', b"\xff\xfe", b'{"number": "\xff"}', b"[" * 5000]
)
async def test_body_that_is_no_json_is_400(node: Node, body: bytes) -> None:
    async with node.ask("POST", LIST, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status in (400, 422)
        assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "body", [b"[]", b"null", b'"x"', b'{"name": 5}', b'{"name": null}', b'{"x": 1}', b"{"]
)
async def test_bad_patch_changes_nothing(node: Node, body: bytes) -> None:
    await create(node, "101")
    before = await node.json("GET", LIST)
    async with node.ask(
        "PATCH", f"{LIST}/101", data=body, headers={"Content-Type": "application/merge-patch+json"}
    ) as answer:
        assert answer.status in (400, 422)
    assert await node.json("GET", LIST) == before


@pytest.mark.parametrize("number", ["abc", "1", "12345678901", "101%0A", "1%2F2", "%00", "%ED%A0%80", "é"])
async def test_path_that_names_nothing_is_404(node: Node, number: str) -> None:
    await node.json("GET", f"{LIST}/{number}", 404)


async def test_wrong_media_type_is_415(node: Node) -> None:
    for content_type in ("text/plain", "application/xml", "multipart/form-data"):
        async with node.ask("POST", LIST, data=b"{}", headers={"Content-Type": content_type}) as answer:
            assert answer.status == 415
            assert "application/json" in (await answer.json(content_type=None))["detail"]
    async with node.ask(
        "POST", LIST, json=ALICE, headers={"Content-Type": "application/json; charset=utf-8"}
    ) as ok:
        assert ok.status == 201


async def test_body_beyond_the_limit_is_413(node: Node) -> None:
    problem = await node.json("POST", LIST, 413, json={"number": "101", "name": "x" * 70_000})
    assert problem["status"] == 413


async def test_patches_at_once_all_count(node: Node) -> None:
    await create(node, "101")
    async with asyncio.TaskGroup() as group:
        for change in ({"name": "Al"}, {"ring_timeout_s": 77}, {"enabled": False}):
            group.create_task(node.json("PATCH", f"{LIST}/101", json=change))
    assert await node.json("GET", f"{LIST}/101") == {
        "number": "101",
        "name": "Al",
        "enabled": False,
        "ring_timeout_s": 77,
        **REST,
    }


async def test_two_admins_cannot_overwrite_each_other(node: Node) -> None:
    await create(node, "101")
    async with node.ask("GET", f"{LIST}/101") as answer:
        seen = answer.headers["ETag"]
    for method, body in (("PATCH", {"name": "First"}), ("PUT", {"number": "101", "name": "Second"})):
        async with node.ask(method, f"{LIST}/101", json=body, headers={"If-Match": seen}) as answer:
            assert answer.status == 200
            latest = answer.headers["ETag"]
        assert latest != seen
        for late, late_body in (
            ("PATCH", {"name": "Late"}),
            ("PUT", {"number": "101", "name": "Late"}),
            ("DELETE", None),
        ):
            async with node.ask(late, f"{LIST}/101", json=late_body, headers={"If-Match": seen}) as answer:
                assert (answer.status, answer.headers["ETag"]) == (412, latest)
        seen = latest
    assert (await node.json("GET", f"{LIST}/101"))["name"] == "Second"
    await node.json("PATCH", f"{LIST}/101", json={"name": "Whoever"}, headers={"If-Match": "*"})
    async with node.ask("DELETE", f"{LIST}/101", headers={"If-Match": f'"1", {seen}'}) as answer:
        assert answer.status == 412
