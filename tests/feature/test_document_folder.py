"""A folder and a document are the same thing, and what is wrong in a folder is told by its files."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx.core.errors import UserError
from pbx.feature.document_folder import file_name, joined, sites_of, split
from pbx.feature.document_values import filled
from tests.feature.random_documents import documents

ALICE: dict[str, Any] = {"number": "101", "name": "Alice"}


def put(**files: Any) -> dict[str, bytes]:
    """Files by names with `__` for the slash."""
    return {
        f"{name.replace('__', '/')}.json": each if isinstance(each, bytes) else msgspec.json.encode(each)
        for name, each in files.items()
    }


def sorted_records(document: dict[str, Any]) -> dict[str, Any]:
    return {
        name: content if isinstance(content, dict) else sorted(content, key=str)
        for name, content in document.items()
    }


keys = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(documents, st.dictionaries(keys, st.none() | st.just(ALICE), max_size=3), keys)
def test_splitting_and_joining_gives_the_document(document: bytes, live: dict[str, Any], key: str) -> None:
    whole = msgspec.json.decode(document)
    whole["feature_codes"] = [{"code": key, "feature": "echo"}]
    if live:
        whole["live_flows"] = live
    files = split(msgspec.json.encode(whole))
    assert sorted_records(joined(files).document) == sorted_records(whole)
    assert split(msgspec.json.encode(joined(files).document)) == files


@given(keys)
def test_no_key_leads_out_of_its_folder(key: str) -> None:
    name = file_name(key)
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith(".")
    assert name.isascii()


def test_codes_have_names_that_every_disk_takes() -> None:
    assert file_name("*21*NUMBER#") == "%2A21%2ANUMBER%23.json"
    assert file_name("+12025550123") == "+12025550123.json"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        (put(extensions__102=ALICE), "extensions/102.json: $.number"),
        (put(extension__101=ALICE), "extension/101.json"),
        (put(extensions__101=b"{"), "extensions/101.json"),
        ({"extensions/sub/101.json": b"{}"}, "extensions/sub/101.json"),
    ],
)
def test_what_is_wrong_is_told_by_its_file(files: dict[str, bytes], path: str) -> None:
    with pytest.raises(UserError) as caught:
        joined(files)
    assert [each.path for each in caught.value.problems] == [path]


def test_an_error_of_the_document_is_located_in_its_file() -> None:
    folder = joined(
        put(extensions__101=ALICE, extensions__102=ALICE | {"number": "102"}, live_flows__500=None)
    )

    def located(path: str) -> str:
        return folder.located(UserError("x", path=path)).path

    assert located("$.extensions[1].name") == "extensions/102.json: $.name"
    assert located("$.live_flows.500.nodes.a") == "live_flows/500.json: $.nodes.a"
    assert located("$.extensions.1.name") == "$.extensions.1.name", "a record that is not in the folder"
    assert located("$") == "$"


def test_values_of_a_site_are_filled_in_with_their_types() -> None:
    document = {
        "number": "{{site.prefix}}01",
        "ring": "{{ site.ring }}",
        "on": "{{site.on}}",
        "text": "Hello {{caller.name}}, {{site.name}} {{site.ring}} {{site.on}}",
        "{{site.prefix}}00": None,
    }
    found: list[UserError] = []
    values: dict[str, str | int | float | bool] = {
        "prefix": "3",
        "ring": 20,
        "on": True,
        "name": "{{site.prefix}}",
    }
    assert filled(document, values, found) == {
        "number": "301",
        "ring": 20,
        "on": True,
        "text": "Hello {{caller.name}}, {{site.prefix}} 20 true",
        "300": None,
    }
    assert found == []


def test_names_that_a_site_does_not_have_are_refused() -> None:
    found: list[UserError] = []
    filled({"a": ["x {{site.nope}}"], "b": "{{site.a.b}}"}, {"prefix": "3"}, found)
    assert [(each.path, each.got) for each in found] == [("$.a[0]", "nope"), ("$.b", "a.b")]
    found.clear()
    filled("{{site.prefix}}", None, found)
    assert "--site" in found[0].action


@pytest.mark.parametrize(
    "files",
    [
        put(sites__Berlin={}),
        put(sites__a={"X": 1}),
        put(sites__a=[1]),
        put(sites__a={"x": [1]}),
        put(sites__a=b"-"),
    ],
)
def test_values_have_names_and_are_plain(files: dict[str, bytes]) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        sites_of(files)


def test_a_site_has_a_name() -> None:
    assert sites_of(put(sites__berlin={"prefix": "3"})) == {"berlin": {"name": "berlin", "prefix": "3"}}
