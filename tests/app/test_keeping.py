"""When a change of a call is written down: an answer before the loop turns twice, the rest together."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pbx.app import keeping
from pbx.app.keeping import CallKeeper
from pbx.call import kept as kept_calls
from pbx.core.service import Service
from pbx.model import call_event as events
from pbx.model.audio_event import AudioJoined
from pbx.model.leg_event import Ended, LegCause
from tests.call.parts import Office
from tests.call.test_call import OFFER, talking
from tests.fakes.clock import EPOCH


class Writes:
    """A journal that counts."""

    def __init__(self) -> None:
        self.made: list[dict[str, bool]] = []

    def change(self, entries: dict[str, bytes | None]) -> bool:
        self.made.append({key.removeprefix("call/"): value is not None for key, value in entries.items()})
        return True


class Kept:
    """A keeper, and calls of which it may write what they say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writes = Writes()
        self.keeper = CallKeeper(None, {}, 0.0, Service({}))
        self.keeper._journal = self.writes  # type: ignore[assignment]
        monkeypatch.setattr(kept_calls, "kept", lambda call: None if call.ending else b"kept")

    def call(self, name: str, *, answered: bool = True) -> Any:
        call: Any = type("Talk", (), {})()
        call.id, call.ending, call.ringing, call.legs = name, None, None, {}
        call.served = type("Leg", (), {"answered": answered})()
        return call

    def tells(self, call: Any, of: type[Any], **fields: Any) -> None:
        self.keeper.changed(call, of(call=call.id, at=EPOCH, **fields))


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    return Kept(monkeypatch)


async def turn() -> None:
    await asyncio.sleep(0)


async def test_an_answer_is_written_in_the_same_turn_once_for_all_that_comes_with_it(kept: Kept) -> None:
    one, two = kept.call("one"), kept.call("two")
    kept.tells(one, events.LegAnswered, leg="a")
    kept.tells(one, AudioJoined, leg="b1", caller_codec="PCMU", codec="PCMU", transcoded=False)
    kept.tells(two, events.LegAnswered, leg="a")
    assert kept.writes.made == []
    await turn()
    assert kept.writes.made == [{"one": True, "two": True}]


async def test_a_phone_that_answers_first_is_nothing_to_write_before_its_caller_is_answered(
    kept: Kept,
) -> None:
    kept.tells(kept.call("one", answered=False), events.LegAnswered, leg="b1")
    await turn()
    assert kept.writes.made == []


async def test_an_end_is_written_at_once_on_a_quiet_node_and_with_others_on_a_busy_one(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = kept.call("one"), kept.call("two")
    for each in (one, two):
        kept.tells(each, events.LegAnswered, leg="a")
    await turn()
    kept.keeper._wrote_at -= 1  # some time later
    one.ending = "hung up"
    kept.tells(one, events.LegEnded, leg="b1", cause="normal", status=0)
    kept.tells(one, events.CallEnded, cause="normal", status=0, by="a")
    await turn()
    assert kept.writes.made[1:] == [{"one": False}]
    two.ending = "hung up"
    kept.tells(two, events.CallEnded, cause="normal", status=0, by="a")
    await turn()
    assert len(kept.writes.made) == 2
    async with asyncio.timeout(5):
        while len(kept.writes.made) < 3:
            await asyncio.sleep(0.01)
    assert kept.writes.made[2:] == [{"two": False}]


async def test_a_hold_waits_for_company_and_an_answer_takes_it_along(kept: Kept) -> None:
    one, two = kept.call("one"), kept.call("two")
    kept.tells(one, events.LegAnswered, leg="a")
    await turn()
    kept.tells(one, events.LegHeld, leg="a")
    await turn()
    assert len(kept.writes.made) == 1
    kept.tells(two, events.LegAnswered, leg="a")
    await turn()
    assert kept.writes.made[1:] == [{"one": True, "two": True}]


async def test_what_rings_is_written_when_it_has_rung_for_a_while(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "RINGS_S", 0.02)
    rings, declined = kept.call("rings", answered=False), kept.call("declined", answered=False)
    rings.ringing = object()
    for each in (rings, declined):
        kept.tells(each, events.LegDialled, leg="b1", target="sip:b")
    async with asyncio.timeout(5):
        while not kept.writes.made:
            await asyncio.sleep(0.01)
    assert kept.writes.made == [{"rings": True}]


async def test_a_leg_that_cannot_come_back_hides_no_other() -> None:
    """Of a caller through an edge that ends with the node, the phone is known, and is told that the call is over."""
    office = Office(offer=OFFER)
    assert kept_calls.kept(office.call) is None, "nobody has answered"
    task = await talking(office)
    assert kept_calls.kept(office.call) is None, "neither can come back"
    other: Any = office.call.legs["b1"].signal
    other.kept = lambda: b"dialog"
    found = kept_calls.kept(office.call)
    assert found is not None
    call = kept_calls.decode(found)
    assert (call.served, [each.name for each in call.legs]) == ("a", ["b1"])
    office.caller.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(task, 1)
