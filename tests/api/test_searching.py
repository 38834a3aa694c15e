"""Lists: what `q` finds, how `sort` orders, what a filter leaves; and what an extension that is off can do."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.api.searching import Search
from pbx.model.base import Record
from pbx.model.kinds import KINDS
from tests.api.conftest import Node, live_call, registration

LIST = "/api/v1/extensions"


class Inner(Record, frozen=True, kw_only=True):
    note: str = ""


class Item(Record, frozen=True, kw_only=True):
    number: str
    name: str = ""
    size: int | None = None
    on: bool = True
    deep: tuple[Inner, ...] = ()


ITEMS = Search(Item, "ItemQuery")
items = st.builds(
    Item,
    number=st.text("0123456789", max_size=4),
    name=st.text("aAbB ß", max_size=4),
    size=st.none() | st.integers(0, 3),
    on=st.booleans(),
)


async def people(node: Node) -> None:
    for number, name, location in (
        ("1000", "Ute", "Main Street"),
        ("99", "bob", ""),
        ("102", "Alice", "Attic"),
    ):
        await node.json("POST", LIST, 201, json={"number": number, "name": name, "location": location})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=main", ["1000"]),
        ("q=02 alice", ["102"]),
        ("q=alice main", []),
        ("sort=name", ["102", "99", "1000"]),
        ("sort=-name", ["1000", "99", "102"]),
        ("sort=-number", ["1000", "102", "99"]),
        ("sort=location", ["102", "1000", "99"]),
        ("sort=-location", ["1000", "102", "99"]),
        ("location=", ["99"]),
        ("name=Alice&enabled=true", ["102"]),
        ("enabled=false", []),
        ("may_call=international&sort=-number&limit=1&offset=1", ["102"]),
    ],
)
async def test_extensions_are_searched_sorted_and_filtered(node: Node, query: str, found: list[str]) -> None:
    await people(node)
    page = await node.json("GET", f"{LIST}?{quote(query, safe='=&')}")
    assert [one["number"] for one in page["items"]] == found
    assert page["total"] == (3 if "limit" in query else len(found))


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("sort=colour", "query.sort"),
        ("sort=--name", "query.sort"),
        ("sort=forward", "query.sort"),
        ("sort=sip_password", "query.sort"),
        ("enabled=perhaps", "query.enabled"),
        ("may_call=moon", "query.may_call"),
        ("sip_password=x", "query.sip_password"),
    ],
)
async def test_what_cannot_be_sorted_or_filtered_by_is_refused(node: Node, query: str, path: str) -> None:
    assert (await node.json("GET", f"{LIST}?{query}", 422))["errors"][0]["path"] == path


async def test_every_kind_of_record_takes_all_of_it(node: Node) -> None:
    for kind in KINDS:
        path = f"/api/v1/{kind.plural.replace('_', '-')}"
        page = await node.json("GET", f"{path}?q=nobody-has-this&sort=-{kind.key}&{kind.key}=1&limit=5")
        assert page == {"items": [], "total": 0}


async def test_lists_that_are_only_read_take_it_too(node: Node) -> None:
    node.registrations[:] = [registration("102", "Snom"), registration("101", "Yealink")]
    node.calls[:] = [live_call("A"), live_call("B", "talking")]
    page = await node.json("GET", "/api/v1/registrations?q=yea")
    assert [one["extension"] for one in page["items"]] == ["101"]
    page = await node.json("GET", "/api/v1/registrations?sort=-user_agent")
    assert [one["user_agent"] for one in page["items"]] == ["Yealink", "Snom"]
    assert (await node.json("GET", "/api/v1/calls?state=talking"))["items"][0]["id"] == "B"
    for path in ("extension-states", "trunk-statuses", "queue-statuses", "bans", "notices", "flow-states"):
        assert (await node.json("GET", f"/api/v1/{path}?q=x&limit=1"))["total"] == 0


@given(st.lists(items, max_size=12), st.sampled_from(["number", "name", "size", "on"]))
def test_sorting_loses_nobody_and_turns_round(some: list[Item], field: str) -> None:
    def ordered(sort: str) -> list[Item]:
        return list(ITEMS.page(some, ITEMS.query(sort=sort))[0])

    up, down = ordered(field), ordered(f"-{field}")
    assert sorted(map(repr, up)) == sorted(map(repr, down)) == sorted(map(repr, some))
    there = [getattr(one, field) for one in up if getattr(one, field) not in (None, "")]
    assert [getattr(one, field) for one in down[: len(there)]] == there[::-1]
    if field == "number":
        assert there == sorted(there, key=lambda each: (len(each), each))


@given(st.lists(items, max_size=12), st.text("aAbB0 ß", max_size=3))
def test_a_search_finds_exactly_those_with_each_word(some: list[Item], q: str) -> None:
    found = ITEMS.page(some, ITEMS.query(q=q))[0]
    words = q.casefold().split()
    assert list(found) == [
        one for one in some if all(word in f"{one.number}\n{one.name}".casefold() for word in words)
    ]


def test_texts_are_found_however_deep() -> None:
    some = [Item(number="1", deep=(Inner(note="near the Door"),)), Item(number="2")]
    assert [one.number for one in ITEMS.page(some, ITEMS.query(q="door"))[0]] == ["1"]


def test_a_new_plain_field_can_be_filtered_without_a_line() -> None:
    names = {field.name for field in msgspec.structs.fields(ITEMS.query)}
    assert names == {"limit", "offset", "q", "sort", "number", "name", "size", "on"}


async def test_an_extension_is_turned_off_and_brought_back_as_it_was(node: Node) -> None:
    before: Any = await node.json(
        "POST", LIST, 201, json={"number": "101", "name": "Alice", "location": "Attic"}
    )
    login = await node.json("GET", f"{LIST}/101/sip-login")
    off = await node.json("PATCH", f"{LIST}/101", json={"enabled": False})
    assert off == before | {"enabled": False}
    assert (await node.json("GET", f"{LIST}?enabled=true"))["total"] == 0
    assert (await node.json("GET", f"{LIST}?enabled=false"))["total"] == 1
    assert await node.json("PATCH", f"{LIST}/101", json={"enabled": True}) == before
    assert await node.json("GET", f"{LIST}/101/sip-login") == login
