"""The OpenAPI document: valid, stable, and the same as the file the site is built from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from pbx.api.openapi import document, encoded, error_statuses
from pbx.api.table import ROUTES
from pbx.app.schema import edge
from tests.api.conftest import Node

FILE = Path(__file__).parents[2] / "site/schema/openapi.json"


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from refs(each)
    elif isinstance(value, list):
        for each in value:
            yield from refs(each)


def test_the_file_of_the_site_has_not_drifted() -> None:
    assert FILE.read_bytes() == encoded(edge()), "run: pbx schema"


def test_output_is_stable() -> None:
    assert encoded() == encoded()


def test_every_reference_resolves() -> None:
    whole = document()
    names = whole["components"]["schemas"]
    assert {ref.rsplit("/", 1)[-1] for ref in refs(whole)} <= set(names)


def test_every_schema_is_valid_json_schema_2020_12() -> None:
    whole = document()
    for schema in whole["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema | {"$schema": "https://json-schema.org/draft/2020-12/schema"})


def test_every_row_of_the_table_is_described() -> None:
    paths = document()["paths"]
    assert {(method.upper(), path) for path, item in paths.items() for method in item} == {
        (one.method, one.path) for one in ROUTES
    }
    for route in ROUTES:
        operation = paths[route.path][route.method.lower()]
        assert operation["x-scope"] == route.scope.value
        assert set(map(str, error_statuses(route))) < set(operation["responses"])
        named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", route.path))


def test_hints_for_forms_ride_along() -> None:
    fields = document()["components"]["schemas"]["ExtensionWrite"]["properties"]
    assert fields["ring_timeout_s"]["x-unit"] == "s"
    assert "x-widget" in str(fields["sip_password"])


def test_what_is_answered_is_complete_what_is_asked_for_keeps_its_defaults() -> None:
    schemas = document()["components"]["schemas"]
    assert set(schemas["Extension"]["required"]) == set(schemas["Extension"]["properties"])
    assert schemas["ExtensionWrite"]["required"] == ["number", "name"]
    assert not schemas["ExtensionPatch"]["required"]


def test_only_the_logins_of_phones_have_a_password() -> None:
    schemas = document()["components"]["schemas"]
    having = {name for name, one in schemas.items() if "password" in str(list(one.get("properties", ())))}
    read = {"BrowserPhone", "SipLogin"}
    assert having - read == {
        *("ExtensionPatch", "ExtensionWrite", "TrunkPatch", "TrunkWrite"),
        *(
            "Login",
            "SetupRequest",
            "UserWrite",
            "UserPatch",
            "PasswordProof",
            "AppLogin",
            "MailPassword",
            "Redemption",
        ),
    }


async def test_it_is_served_to_everyone(node: Node) -> None:
    async with node.browser().get("/api/v1/openapi.json") as answer:
        assert answer.content_type == "application/json"
        assert await answer.read() == encoded()


@pytest.mark.parametrize(
    "name", ["LiveSnapshot", "LiveResumed", "CallChange", "RegistrationChange", "ExtensionChange"]
)
def test_messages_of_the_websocket_are_described(name: str) -> None:
    union = document()["components"]["schemas"]["LiveMessage"]
    assert f"#/components/schemas/{name}" in union["discriminator"]["mapping"].values()
