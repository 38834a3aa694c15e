"""What a body says for whom, and which codes have lamps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from pbx.core.errors import PeerError
from pbx.feature.directory import Directory, Entry
from pbx.feature.event_packages import PARTIAL_ABOVE, DialogPackage, SummaryPackage
from pbx.feature.extension_fold import ExtensionFold
from pbx.feature.features import Features
from pbx.feature.named_lamps import CodeLamps, Lamp, NamedLamps
from pbx.model import call_event as events
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding
from pbx.model.kind import Kind
from pbx.model.office_flag import NIGHT
from pbx.model.party import Party
from pbx.sip.message_summary import Waiting
from pbx.transport.event_package import Watcher
from tests.feature.test_extension_fold import AT, dialled, ended, fold_of, offered, ringing

WATCHER = Watcher("103", "102", "sip:102@pbx")


def directory_of(*extensions: Extension) -> Directory:
    async def load() -> Mapping[str, Entry]:
        return {each.number: Entry(each, "secret") for each in extensions}

    directory = Directory(load)
    asyncio.run(directory.reload())
    return directory


BOB = Extension(number="102", name="Bob", forward=Forwarding(always="101"))
CAROL = Extension(number="103", name="Carol", do_not_disturb=True)
OFF = Extension(number="104", name="Off", enabled=False)
DIRECTORY = directory_of(BOB, CAROL, OFF)


def package(fold: ExtensionFold) -> DialogPackage:
    return DialogPackage(DIRECTORY, fold, NamedLamps([]), lambda call, leg: None)


def many(count: int) -> ExtensionFold:
    """So many calls ring at 102."""
    happened = [
        event
        for number in range(count)
        for event in (offered(f"c{number}"), dialled("b1", "102", f"c{number}"), ringing("b1", f"c{number}"))
    ]
    return fold_of(*happened)


def test_what_fits_is_told_whole_and_what_does_not_as_the_difference() -> None:
    fold = many(2)
    dialogs = package(fold)
    known = dialogs.state(WATCHER)
    assert b'state="full"' in dialogs.body(WATCHER, 1, known, known)
    fold = many(9)
    dialogs = package(fold)
    known = dialogs.state(WATCHER)
    assert len(dialogs.body(WATCHER, 2, known, None)) > PARTIAL_ABOVE, "the first is whole, however long"
    fold.take(ended("c4"))
    body = dialogs.body(WATCHER, 3, dialogs.state(WATCHER), known)
    assert b'state="partial"' in body
    assert body.count(b"<dialog ") == 1
    assert b'<dialog id="c4-b1"><state>terminated</state>' in body


def test_names_come_from_the_directory() -> None:
    (entry,) = package(many(1)).state(WATCHER)
    assert (entry.local.name, entry.local.uri) == ("Bob", "sip:102@pbx")
    assert entry.remote is not None
    assert entry.remote.uri == "sip:101@pbx"


def test_an_extension_that_is_switched_off_is_not_watched() -> None:
    for resource in ("104", "199", "*43"):
        with pytest.raises(PeerError) as caught:
            package(many(0)).allow(Watcher("103", resource, f"sip:{resource}@pbx"))
        assert caught.value.sip_status == 404


def test_an_office_without_voicemail_has_no_messages() -> None:
    mailboxes: Any = SimpleNamespace(waiting=lambda _extension: None)
    summary = SummaryPackage(mailboxes)
    own = Watcher("103", "103", "sip:103@pbx")
    summary.allow(own)
    assert summary.state(own) == Waiting()


class Records:
    """An office with its night mode on."""

    def get(self, kind: Kind, key: str) -> Any:
        return {NIGHT.id: type(NIGHT)(id="night", name="Night", on=True)}.get(key)


async def _never(*_: Any) -> None: ...


def lamps(fold: ExtensionFold) -> CodeLamps:
    features = Features()
    for name in ("park_slot", "night_mode", "do_not_disturb", "forward_always", "echo"):
        features.register(name, _never)
    records: Any = Records()
    return CodeLamps(features, records, DIRECTORY, fold)


@pytest.mark.parametrize(
    ("name", "subscriber", "on"),
    [
        ("*28", "102", True),
        ("*28nobody", "102", None),
        ("*76", "103", True),
        ("*76", "102", False),
        ("*72101", "102", True),
        ("*72105", "102", False),
        ("*72101", "103", False),
        ("*681", "102", False),
        ("*43", "102", None),
        ("nothing", "102", None),
    ],
)
def test_codes_have_the_lamps_of_what_they_switch(name: str, subscriber: str, on: bool | None) -> None:
    found = lamps(ExtensionFold()).lamp(name, subscriber)
    assert (None if found is None else found.on) == on


def test_a_slot_shows_who_waits() -> None:
    fold = fold_of(offered(number="+4930", extension=None))
    fold.take(events.CallParked(call="c1", at=AT, slot="1"))
    assert lamps(fold).lamp("*681", "102") == Lamp(True, "Parking slot 1", Party("+4930", "Name +4930"))
