from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx.core.errors import UserError
from pbx.core.secret import SecretBox
from pbx.feature.documents import Documents, Options, Plan, decode, plan
from pbx.model.extension import ExtensionWrite
from pbx.model.kinds import EXTENSION, FEATURE_CODE
from pbx.store.database import Database
from pbx.store.records import RecordStore
from tests.fresh import fresh

ALICE = {"number": "101", "name": "Alice", "sip_password": "alice-password"}
BOB = {"number": "102", "name": "Bob", "sip_password": "bob-password", "enabled": False, "ring_timeout_s": 20}


def document(*extensions: dict[str, Any]) -> bytes:
    return json.dumps({"extensions": extensions}).encode()


async def import_document(
    store: RecordStore,
    data: bytes,
    *,
    prune: bool = False,
    dry_run: bool = False,
    emergency: Collection[str] = (),
) -> Plan:
    documents = Documents(store, emergency=emergency)
    if dry_run:
        return await documents.plan(data, Options(prune=prune))
    return await documents.apply(data, Options(prune=prune))


async def export_document(store: RecordStore, *, with_secrets: bool = False) -> bytes:
    return await Documents(store).export(with_secrets=with_secrets)


@asynccontextmanager
async def office() -> AsyncIterator[tuple[RecordStore, Database]]:
    with TemporaryDirectory() as folder:
        async with await fresh(Path(folder) / "x.sqlite3", poll_s=0) as database:
            yield RecordStore(database, SecretBox(bytes(32))), database


@pytest.fixture
async def store() -> AsyncIterator[RecordStore]:
    async with office() as (opened, _):
        yield opened


extension_writes = st.builds(
    ExtensionWrite,
    number=st.from_regex(r"[0-9]{2,4}", fullmatch=True).filter(lambda number: number not in ("112", "911")),
    name=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80),
    enabled=st.booleans(),
    ring_timeout_s=st.integers(5, 300),
    sip_password=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=20),
)
offices = st.lists(extension_writes, max_size=8, unique_by=lambda one: one.number)


def _as_document(extensions: list[ExtensionWrite]) -> bytes:
    return document(*(msgspec.to_builtins(one) for one in extensions))


@settings(deadline=None, max_examples=25)
@given(offices, offices, st.booleans())
async def test_applying_a_document_twice_changes_nothing_the_second_time(
    first: list[ExtensionWrite], second: list[ExtensionWrite], prune: bool
) -> None:
    async with office() as (store, database):
        await import_document(store, _as_document(first))
        await import_document(store, _as_document(second), prune=prune)
        state, writes = await store.everything(EXTENSION), database.counts.writes
        again = await import_document(store, _as_document(second), prune=prune)
        assert again.is_empty
        assert again.of(EXTENSION).unchanged == tuple(one.number for one in second)
        assert (await store.everything(EXTENSION), database.counts.writes) == (state, writes)


@settings(deadline=None, max_examples=25)
@given(offices)
async def test_what_is_exported_imports_to_the_same_office(extensions: list[ExtensionWrite]) -> None:
    async with office() as (store, _), office() as (other, _):
        await import_document(store, _as_document(extensions))
        exported = await export_document(store, with_secrets=True)
        await import_document(other, exported)
        assert await other.everything(EXTENSION) == await store.everything(EXTENSION)
        assert await export_document(other, with_secrets=True) == exported
        assert (await import_document(store, await export_document(store), prune=True)).is_empty


@settings(deadline=None, max_examples=50)
@given(offices, offices)
def test_a_pruning_plan_leads_from_what_is_to_what_is_wanted(
    have: list[ExtensionWrite], want: list[ExtensionWrite]
) -> None:
    changes = plan({"extension": have}, decode(_as_document(want)), Options(prune=True))
    result = {one.number: one for one in have if one.number not in changes.of(EXTENSION).remove}
    result |= {one.number: one for one in (*changes.of(EXTENSION).create, *changes.of(EXTENSION).change)}
    assert result == {one.number: one for one in want}


async def test_an_import_creates_changes_and_keeps(store: RecordStore) -> None:
    await import_document(store, document(ALICE, BOB))
    changes = await import_document(store, document(BOB | {"name": "Robert"}, ALICE | {"number": "103"}))
    assert [one.number for one in changes.of(EXTENSION).create] == ["103"]
    assert [one.name for one in changes.of(EXTENSION).change] == ["Robert"]
    assert changes.of(EXTENSION).kept == ("101",)
    assert [one.number for one in await store.all(EXTENSION)] == ["101", "102", "103"]


async def test_pruning_deletes_what_the_document_does_not_name(store: RecordStore) -> None:
    await import_document(store, document(ALICE, BOB))
    changes = await import_document(store, document(BOB), prune=True)
    assert changes.of(EXTENSION).remove == ("101",)
    assert [one.number for one in await store.all(EXTENSION)] == ["102"]


async def test_a_missing_section_is_left_alone_even_when_pruning(store: RecordStore) -> None:
    await import_document(store, document(ALICE))
    assert (await import_document(store, b"{}", prune=True)).is_empty
    assert len(await store.all(EXTENSION)) == 1


async def test_without_a_password_an_extension_keeps_the_one_it_has(store: RecordStore) -> None:
    await import_document(store, document(ALICE))
    await import_document(store, document({"number": "101", "name": "Alicia"}))
    assert await store.secret(EXTENSION, "101") == "alice-password"


async def test_a_changed_password_is_a_change(store: RecordStore) -> None:
    await import_document(store, document(ALICE))
    changes = await import_document(store, document(ALICE | {"sip_password": "another-password"}))
    assert len(changes.of(EXTENSION).change) == 1
    assert await store.secret(EXTENSION, "101") == "another-password"


async def test_a_dry_run_changes_nothing(store: RecordStore) -> None:
    changes = await import_document(store, document(ALICE), dry_run=True)
    assert len(changes.of(EXTENSION).create) == 1
    assert await store.all(EXTENSION) == []


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (document(BOB, {"number": "1", "name": "X"}), "$.extensions[1].number"),
        (document(BOB, BOB | {"name": "Twice"}), "$.extensions[1].number"),
        (document(BOB, {"number": "103", "name": "No password"}), "$.extensions[1].sip_password"),
        (document(BOB, {"number": "103", "name": "X", "sip_passwd": "x"}), "$.extensions[1].sip_passwd"),
        (document(BOB, 5), "$.extensions[1]"),  # type: ignore[arg-type]  # meant to be wrong
        (b'{"extension": []}', "$.extension"),
        (b'{"extensions": {}}', "$.extensions"),
        (b"[]", "$"),
    ],
)
async def test_one_wrong_field_and_nothing_is_changed(store: RecordStore, data: bytes, path: str) -> None:
    await import_document(store, document(ALICE))
    with pytest.raises(UserError, match="nothing has been changed") as caught:
        await import_document(store, data, prune=True)
    assert path in [problem.path for problem in caught.value.problems]
    assert [one.number for one in await store.all(EXTENSION)] == ["101"]


def test_all_errors_are_told_at_once() -> None:
    with pytest.raises(UserError) as caught:
        decode(document({"number": "x", "name": ""}, {"name": "A", "colour": "red"}))
    assert [problem.path for problem in caught.value.problems] == [
        "$.extensions[0].number",
        "$.extensions[0].name",
        "$.extensions[1].colour",
        "$.extensions[1].number",
    ]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b'{"extensions": [' + b"[" * 100_000])
def test_what_is_no_json_says_so(data: bytes) -> None:
    with pytest.raises(UserError, match="not JSON"):
        decode(data)


def test_a_document_has_a_limit() -> None:
    with pytest.raises(UserError) as caught:
        decode(b" " * ((32 << 20) + 1))
    assert caught.value.http_status == 413


async def test_an_export_has_no_passwords_unless_asked(store: RecordStore) -> None:
    await import_document(store, document(ALICE))
    assert b"password" not in await export_document(store)
    assert (
        json.loads(await export_document(store, with_secrets=True))["extensions"][0]["sip_password"]
        == "alice-password"
    )


async def test_an_empty_plan_costs_no_write() -> None:
    async with office() as (store, database):
        await import_document(store, b"{}")
        assert database.counts.writes == 0


async def test_codes_of_a_document_are_compared_with_the_defaults_and_with_its_numbers(
    store: RecordStore,
) -> None:
    codes = [
        {"code": "*2NUMBER", "feature": "forward_always"},
        {"code": "101", "feature": "echo"},
        {"code": "*43", "feature": "tone"},
        {"code": "110", "feature": "tone"},
    ]
    wrong = json.dumps({"extensions": [ALICE], "feature_codes": codes}).encode()
    with pytest.raises(UserError) as caught:
        await import_document(store, wrong, emergency=("110",))
    assert {(each.path, each.got) for each in caught.value.problems} == {
        ("$.feature_codes[0].code", "*2NUMBER"),
        ("$.feature_codes[1].code", "101"),
        ("$.feature_codes[3].code", "110"),
        ("$.extensions[0].number", "101"),
        ("$.feature_codes.*21*NUMBER#.code", "*21*NUMBER#"),
        ("$.feature_codes.*28.code", "*28"),
    }
    assert await store.everything(FEATURE_CODE) == []
    right = json.dumps({"extensions": [ALICE], "feature_codes": codes[2:3]}).encode()
    await import_document(store, right)
    assert (await import_document(store, right)).is_empty
    assert [each.code for each in await store.everything(FEATURE_CODE)] == ["*43"]
    await import_document(store, b'{"feature_codes": []}', prune=True)
    assert await store.everything(FEATURE_CODE) == [], "the defaults are back"
