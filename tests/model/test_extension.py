from __future__ import annotations

import msgspec
import pytest

from pbx.model.extension import Extension, ExtensionWrite


def _valid(**fields: object) -> bool:
    try:
        msgspec.convert({"number": "101", "name": "Alice"} | fields, ExtensionWrite)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("number", ["10", "101", "0049", "1234567890", "1121", "9110"])
def test_possible_numbers(number: str) -> None:
    assert _valid(number=number)


@pytest.mark.parametrize(
    "number",
    ["", "1", "12345678901", "10a", "+49", "*43", " 101", "101\n", "\u0661\u0660\u0661", "112", "911"],
)
def test_impossible_numbers(number: str) -> None:
    assert not _valid(number=number)


@pytest.mark.parametrize(
    ("field", "value", "possible"),
    [
        ("name", "Jörg Müller ☎", True),
        ("name", "", False),
        ("name", "x" * 81, False),
        ("name", "a\r\nVia: evil", False),
        ("name", "Alice\n", False),
        ("sip_password", "12345678", True),
        ("sip_password", "1234567", False),
        ("sip_password", "pass\u00e4word", False),
        ("sip_password", "password\n", False),
        ("sip_password", None, True),
        ("ring_timeout_s", 5, True),
        ("ring_timeout_s", 4, False),
        ("ring_timeout_s", 301, False),
        ("enabled", "yes", False),
        ("surplus", 1, False),
    ],
)
def test_fields(field: str, value: object, possible: bool) -> None:
    assert _valid(**{field: value}) is possible


def test_reading_never_shows_a_password() -> None:
    assert "sip_password" not in Extension.__struct_fields__
    write = ExtensionWrite(number="101", name="A", enabled=False, ring_timeout_s=9, sip_password="x" * 8)
    assert write.extension() == Extension(number="101", name="A", enabled=False, ring_timeout_s=9)


def test_the_schema_tells_forms_what_they_need() -> None:
    schema = msgspec.json.schema(ExtensionWrite)["$defs"]["ExtensionWrite"]["properties"]
    assert schema["ring_timeout_s"]["x-unit"] == "s"
    assert schema["sip_password"]["anyOf"][0]["x-widget"] == "password"
    assert schema["sip_password"]["anyOf"][0]["writeOnly"] is True
