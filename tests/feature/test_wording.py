"""The sentences of the system: they are all there, their values fit, and an office may have its own."""

from __future__ import annotations

import json
import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pbx.feature.spoken_values import Value
from pbx.feature.wording import BUILT_IN, Wording

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
NOT_SENTENCES = {"weekdays", "months"}


def add(folder: Path, language: str, phrases: object) -> Path:
    (folder / language).mkdir(parents=True)
    (folder / language / "own.json").write_text(json.dumps(phrases))
    return folder


def test_no_name_is_used_twice_and_every_form_has_an_other() -> None:
    seen: dict[str, str] = {}
    for path in sorted((BUILT_IN / "en").glob("*.json")):
        for name, phrase in json.loads(path.read_bytes()).items():
            assert re.fullmatch(r"[a-z0-9_]+", name), name
            assert name not in seen, f"{name} is in {seen.get(name)} and {path.name}"
            seen[name] = path.name
            assert not isinstance(phrase, dict) or "other" in phrase, name


def test_every_sentence_can_be_filled_from_what_it_names() -> None:
    wording = Wording()
    for name, phrase in wording.words("en").items():
        if name in NOT_SENTENCES:
            continue
        for form in phrase.values() if isinstance(phrase, dict) else [phrase]:
            fields = [str(field) for _, field, _, _ in string.Formatter().parse(str(form)) if field]
            assert all(re.fullmatch(r"[a-z_]+", each) for each in fields), name
            values: dict[str, Value] = dict.fromkeys(fields, "x")
            assert wording.sentence(name, "en", {**values, "count": 2}, NOW).text


@pytest.mark.parametrize(
    ("count", "text"), [(1, "You are next in line."), (2, "You are number two in line.")]
)
def test_forms_go_by_the_count(count: int, text: str) -> None:
    assert Wording().sentence("queue_position", "en", {"count": count}, NOW).text == text


def test_one_and_other(tmp_path: Path) -> None:
    wording = Wording(add(tmp_path, "en", {"mail": {"one": "a letter", "other": "{count} letters"}}))
    said = [wording.sentence("mail", "en", {"count": each}, NOW).text for each in (0, 1, 5)]
    assert said == ["zero letters", "a letter", "five letters"]


def test_the_office_adds_a_language_and_replaces_a_sentence(tmp_path: Path) -> None:
    add(tmp_path, "de", {"forward_off": "Die Umleitung ist aus."})
    add(tmp_path, "en", {"forward_off": "No more forwarding."})
    wording = Wording(BUILT_IN, tmp_path)
    german = wording.sentence("forward_off", "de-at", {}, NOW)
    assert (german.text, german.language) == ("Die Umleitung ist aus.", "de-at")
    assert wording.sentence("forward_off", "en-gb", {}, NOW).text == "No more forwarding."
    missing = wording.sentence("follow_me_on", "de", {}, NOW)
    assert (missing.text, missing.language) == ("Follow me is on.", "en"), (
        "English words, and an English voice"
    )


def test_wrong_files_and_sentences_cost_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    add(tmp_path, "de", {"forward_off": "Aus {nothing}", "follow_me_on": 7})
    (tmp_path / "de" / "broken.json").write_text("{")
    (tmp_path / "de" / "list.json").write_text("[1]")
    wording = Wording(BUILT_IN, tmp_path)
    assert wording.sentence("forward_off", "de", {}, NOW).text == "Call forwarding is off."
    assert wording.sentence("follow_me_on", "de", {}, NOW).text == "Follow me is on."
    assert len([each for each in caplog.records if "cannot be read" in each.message]) == 2


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Wording().sentence("no_such_phrase", "en", {}, NOW)
    with pytest.raises(KeyError):
        Wording().sentence("forward_always_on", "en", {}, NOW)
