"""Documents that former programs have exported are imported; a newer one's is refused with what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pbx.core.errors import UserError
from pbx.feature.document_folder import joined, split
from pbx.feature.document_format import FORMAT, STEPS, brought_up
from pbx.feature.documents import decode, plan
from pbx.model.kinds import KINDS

OLD = Path(__file__).parents[1] / "data" / "documents"
"""What exports of programs of then were: of the first layout, the first with flows, the first with voicemail."""


def rename(document: dict[str, Any]) -> dict[str, Any]:
    return {("extensions" if name == "phones" else name): value for name, value in document.items()}


def says_all(was: object, now: object) -> bool:
    """Everything that was written is there; more may be."""
    if isinstance(was, dict) and isinstance(now, dict):
        return all(name in now and says_all(value, now[name]) for name, value in was.items())
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(map(says_all, was, now))
    return was == now


@pytest.mark.parametrize("name", ["first", "flows", "voicemail"])
def test_documents_of_former_programs_are_read_whole(name: str) -> None:
    data = (OLD / f"{name}.json").read_bytes()
    document = decode(data)
    changes = plan({}, document)
    assert changes.faults == ()
    raw = json.loads(data)
    for kind in KINDS:
        now = json.loads(msgspec.json.encode(changes.of(kind).create))
        assert says_all(raw.get(kind.plural, []), now), kind.name


def test_a_step_translates_what_was_called_otherwise() -> None:
    steps = {2: rename, 3: lambda document: document | {"office_flags": []}}
    old = {"phones": [{"number": "101"}]}
    new = {"extensions": [{"number": "101"}], "office_flags": []}
    assert brought_up(old, steps) == new
    assert brought_up(old | {"format": 1}, steps) == new
    assert brought_up({"extensions": [], "format": 2}, steps) == {"extensions": [], "office_flags": []}
    assert brought_up({"extensions": [], "format": 3}, steps) == {"extensions": []}
    assert sorted(STEPS) == list(range(2, FORMAT + 1))


@pytest.mark.parametrize("number", [FORMAT + 1, 0, -1, "1", True, 1.5])
def test_a_newer_or_senseless_format_is_refused(number: object) -> None:
    with pytest.raises(UserError) as caught:
        decode(json.dumps({"format": number, "extensions": [], "new_section": []}).encode())
    assert caught.value.path == "$.format"


def test_a_folder_says_its_format_too() -> None:
    document = {"format": 7, "extensions": [{"number": "101", "name": "A"}]}
    files = split(json.dumps(document).encode())
    assert sorted(files) == ["extensions/101.json", "format/7.json"]
    assert joined(files).document == document
    assert sorted(split(json.dumps(document | {"format": 1}).encode())) == ["extensions/101.json"]
