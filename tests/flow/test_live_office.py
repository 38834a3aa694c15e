"""What nodes may know of the real office, and what they may make it do."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pbx.app.flow_ports import without_mailbox
from pbx.core.clock import machine_zone
from pbx.core.errors import PeerError
from pbx.feature.callers import CallerRules
from pbx.feature.dialplan import Dialplan
from pbx.feature.directory import Directory, Entry
from pbx.feature.features import Features
from pbx.flow.live_messages import LiveMessages
from pbx.flow.live_office import LiveOffice
from pbx.flow.node import NodeError
from pbx.model.caller_rule import CallerRule
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding
from pbx.model.kinds import EXTENSION, OFFICE_FLAG, QUEUE
from pbx.model.office_flag import OfficeFlag
from pbx.notify.outbox import Outbox
from tests.call.parts import Office as CallOffice


class Records:
    """Stands for `pbx.feature.office.Office`."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {
            EXTENSION.name: {
                "101": Extension(number="101", name="Alice"),
                "102": Extension(number="102", name="Bob"),
                "103": Extension(number="103", name="Off", enabled=False),
            },
            OFFICE_FLAG.name: {"night": OfficeFlag(id="night", name="Night", on=True)},
            QUEUE.name: {"700": object()},
        }

    def get(self, kind: Any, key: str) -> Any:
        return self.rows.get(kind.name, {}).get(key)

    def all(self, kind: Any) -> Any:
        return tuple(self.rows.get(kind.name, {}).values())


RULES = (
    CallerRule(id="a", name="a", action="block", numbers=("+49*",)),
    CallerRule(id="b", name="b", action="allow", numbers=("+4930*",)),
    CallerRule(id="c", name="c", action="vip", numbers=("+49301",)),
    CallerRule(id="d", name="d", action="vip", numbers=("+44*",), extensions=("101",)),
    CallerRule(id="e", name="e", action="block", anonymous=True),
)


def live(**more: Any) -> LiveOffice:
    records: Any = Records()
    return LiveOffice(
        records,
        CallerRules(lambda: RULES, country="DE"),
        busy={"102"}.__contains__,
        has_phone=lambda number: number != "101",
        **more,
    )


@pytest.mark.parametrize(
    ("number", "verdict"),
    [("+49301", "vip"), ("+49302", "allow"), ("+4940", "block"), ("+4420", ""), ("", "block")],
)
def test_what_the_rules_say_of_a_caller(number: str, verdict: str) -> None:
    assert live().caller_list(number) == verdict


def test_people_numbers_and_lamps() -> None:
    office = live(time_zone="Europe/Berlin")
    assert office.people() == {"101": "Alice", "102": "Bob"}
    assert [office.exists(each) for each in ("101", "700", "999")] == [True, True, False]
    assert [office.state_of(each) for each in ("101", "102", "103", "999")] == ["unreachable", "busy", "", ""]
    assert office.time_zone == "Europe/Berlin"


def test_switches_and_holidays() -> None:
    office = live()
    assert office.flag("night")
    with pytest.raises(NodeError):
        office.flag("day")
    assert office.is_holiday(datetime(2026, 10, 3, tzinfo=UTC), "DE") == "German Unity Day"
    with pytest.raises(NodeError):
        office.is_holiday(datetime(2026, 10, 3, tzinfo=UTC), "XX")


def test_an_extension_without_its_mailbox() -> None:
    forward = Forwarding(no_answer="*99101", busy="102", unreachable="*99101")
    kept = without_mailbox(Extension(number="101", name="", forward=forward), lambda to: to.startswith("*99"))
    assert kept.forward == Forwarding(busy="102")


def test_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert machine_zone() == "Europe/Berlin"
    monkeypatch.delenv("TZ")
    monkeypatch.setattr(Path, "is_symlink", lambda _: True)
    monkeypatch.setattr(Path, "resolve", lambda _: Path("/usr/share/zoneinfo/America/New_York"))
    assert machine_zone() == "America/New_York"


# -- messages ----------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_sent_is_a_failure() -> None:
    async def send(_: object) -> None: ...

    office = CallOffice()
    box = Outbox(send, sender=lambda: "", clock=office.ports.clock, new_id=lambda: "m")

    class NoQueues:
        def find(self, number: str) -> None: ...

    queues: Any = NoQueues()
    messages = LiveMessages(office.call, box, queues, queues)
    with pytest.raises(NodeError, match="mail server"):
        await messages.mail("bob@example.com", "x", "y")
    with pytest.raises(NodeError):
        await messages.text("+1", "x")
    with pytest.raises(NodeError, match="no queue"):
        await messages.call_back("+1", "700", "x")


# -- where a flow may send calls ---------------------------------------------------------------------------------------


class Outside:
    """Takes numbers that begin with +; 112 is for help, also behind a 9."""

    def __init__(self) -> None:
        self.called: list[tuple[str, str, object]] = []

    def is_emergency(self, dialled: str) -> bool:
        return dialled == "112"

    def emergency_number(self, dialled: str) -> str | None:
        return "112" if dialled in ("112", "9112") else None

    async def call(self, call: Any, dialled: str, by: Extension, **more: object) -> bool:
        if dialled.startswith("+"):
            self.called.append((dialled, by.number, more.get("ring_s")))
        return dialled.startswith("+")


async def test_where_a_flow_may_send_a_call() -> None:
    outside = Outside()
    alice = Extension(number="101", name="Alice")

    async def load() -> dict[str, Entry]:
        return {"101": Entry(alice, "")}

    class Extensions:
        rung = 0

        async def ring(self, call: object, extension: Extension) -> None:
            self.rung += 1

    extensions: Any = Extensions()
    directory = Directory(load)
    await directory.reload()
    plan = Dialplan(features=Features(), directory=directory, extensions=extensions, outside=outside)  # type: ignore[arg-type]
    call = CallOffice().call
    assert not await plan.lead(call, "+491", None), "nobody's rights"
    assert await plan.lead(call, "+491", alice)
    assert await plan.lead(call, "+492", alice, ring_s=20)
    assert outside.called == [("+491", "101", None), ("+492", "101", 20)]
    assert not await plan.lead(call, "999", alice)
    assert await plan.lead(call, "101", None)
    assert extensions.rung == 1
    for number in ("112", "9112"):
        with pytest.raises(PeerError):
            await plan.lead(call, number, alice)
