"""What the administrator is told in German: each code has its words, and what is missing stays in English."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import pbx
from pbx.core.events import EventBus
from pbx.feature.alarms import Alarms
from pbx.feature.call_patterns import Alarm, CallPatterns
from pbx.feature.lost_names import LostNames
from pbx.feature.lost_phones import DOWN_S, LostPhones
from pbx.model.call_event import CalledForHelp, CallLimited
from pbx.model.registration import Unregistered
from pbx.model.trunk import TrunkStatus
from pbx.notify.notices import Notices
from pbx.notify.words import in_language
from pbx.notify.words_de import GERMAN
from pbx.transport.known_names import NameTrouble
from tests.fakes.clock import FakeClock

SOURCES = Path(pbx.__file__).parent


class Office:
    """Notices in German, nobody to send them to."""

    def __init__(self, language: str = "de") -> None:
        self.clock = FakeClock()
        self.notices = Notices(
            targets=tuple,
            deliver=lambda *_: pytest.fail("there is nobody"),
            bus=EventBus(),
            clock=self.clock,
            new_id=iter(map(str, range(1000))).__next__,
            language=language,
        )

    def told(self) -> list[tuple[str, str]]:
        return [(each.title, each.text) for each in reversed(self.notices.newest())]


def test_every_code_that_is_told_has_german_words() -> None:
    found = {
        code
        for path in SOURCES.rglob("*.py")
        if "words" not in path.name
        for code in re.findall(r'(?:"what": |\b_tell\(\s*)"(\w+)"', path.read_text())
    }
    assert len(found) > 15
    assert found - set(GERMAN) == set()


async def test_alarms_are_told_in_the_office_language() -> None:
    office = Office()
    alarms, now = Alarms(office.notices.post), office.clock.now()
    alarms.take(CalledForHelp(call="1", at=now, number="112", extension="101", name="Eva", location=""))
    alarms.take(
        CallLimited(
            call="2",
            at=now,
            extension="101",
            number="+491",
            limit="Abroad",
            what="minutes",
            words="x",
            ended=True,
        )
    )
    (help_, limit) = office.told()
    assert help_ == (
        "Notruf an 112 von 101 Eva",
        "Nebenstelle 101 Eva hat 112 gewählt. Ort: für diese Nebenstelle ist keiner eingetragen.",
    )
    assert limit[0] == "Ein Anruf der Nebenstelle 101 an +491 wurde beendet"
    assert "„Abroad“" in limit[1]


async def test_lost_phones_lines_and_names_are_told_in_the_office_language() -> None:
    office = Office("de-at")
    phones = LostPhones(
        office.notices.post, clock=office.clock, registered=lambda: 50, wakes=lambda _number: False
    )
    phones.take(TrunkStatus(trunk="sipgate", state="down", error=""))
    office.clock.advance(DOWN_S + 1)
    phones.tick()
    phones.take(TrunkStatus(trunk="sipgate", state="up", error=""))
    for _ in range(3):
        phones.take(lost("101"))
        office.clock.advance(600)
    trouble = NameTrouble("gone", office.clock.now(), ("sip.example.org",), "silent")
    names = LostNames(office.notices.post, clock=office.clock, trouble=lambda: trouble)
    names.tick()
    office.clock.advance(31)
    names.tick()
    assert [title for title, _ in office.told()] == [
        "Die Leitung sipgate ist gestört",
        "Die Leitung sipgate geht wieder",
        "Das Telefon der Nebenstelle 101 geht immer wieder verloren",
        "Kein Nameserver gibt Auskunft",
    ]
    assert not any(re.search(r"\b(the|is|and|not)\b", text) for _, text in office.told())


def test_patterns_name_the_extension_in_german() -> None:
    told: list[Any] = []
    patterns = CallPatterns(lambda *given: told.append(given))
    now = FakeClock().now()
    patterns._tell("extension 101", now, Alarm("one_way", "x", "y", {"count": "3"}))
    patterns._tell("line sipgate", now, Alarm("ends_after_30_s", "x", "y", {"count": "3"}))
    worded = [in_language("de", *each) for each in told]
    assert worded[0][0] == "Von der Nebenstelle 101 ist nichts zu hören"
    assert worded[1][0] == "Gespräche der Leitung sipgate enden nach 30 Sekunden"


def test_english_stays_and_so_does_what_has_no_words() -> None:
    facts = {"what": "line_up", "line": "x"}
    assert in_language("en-gb", "alarm", "a", "b", facts) == ("a", "b")
    assert in_language("fr", "alarm", "a", "b", facts) == ("a", "b")
    assert in_language("de", "alarm", "a", "b", {"what": "news"}) == ("a", "b")
    assert in_language("de", "alarm", "a", "b", {"what": "line_up"}) == ("a", "b")


def lost(extension: str) -> Unregistered:
    return Unregistered(extension=extension, contact_uri="sip:x", reason="expired")


@pytest.mark.parametrize(
    ("why", "german"),
    [
        ("office.example: No space left on device", "Die Platte dort ist voll."),
        ("https://s3.example cannot be reached: Connection refused", "Dort nimmt niemand die Verbindung an."),
        ("litestream: no name server says where s3.example is", "Der Rechnername wird nicht gefunden."),
        ("no answer", "Es kam keine Antwort."),
        ("backup.example lets nobody in: key", "Die Anmeldung wird abgelehnt"),
    ],
)
def test_common_causes_are_told_in_german_and_in_their_own_words(why: str, german: str) -> None:
    for code in ("replica_stopped", "drill_failed", "bundle_failed"):
        _, text = in_language("de", "replication", "t", "x", {"what": code, "why": why})
        assert german in text
        assert why in text
    _, text = in_language("de", "replication", "t", "x", {"what": "replica_stopped", "why": "something new"})
    assert text.endswith("Einzelheiten: something new")


def test_each_notice_stands_in_the_page_on_trouble() -> None:
    """With its title as it is told, and what to do."""
    page = (SOURCES / "docs/guide/troubleshooting.md").read_text()
    table = page.partition("## Notices")[2].partition("\n## ")[0]
    named = {code for line in table.splitlines() for code in re.findall(r"^\| [^|]+ \| `(\w+)`", line)}
    assert named == set(GERMAN)
