"""What a call's events make of its record in the history: direction, line, queue, wait, and whether it was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pbx.call.cdr import fold
from pbx.model import call_event as events
from pbx.model.conference_event import ConferenceJoined
from pbx.model.queue_event import QueueJoined


def _at(seconds: float) -> datetime:
    return datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(seconds=seconds)


def _offered(**more: object) -> events.CallOffered:
    fields: dict[str, object] = {"from_number": "+4930123", "from_name": "", "from_extension": None}
    fields |= {"dialled": "+4940555", "source": "192.0.2.1:5060", "trunk": "provider"}
    return events.CallOffered(call="c", at=_at(0), **(fields | more))  # type: ignore[arg-type]  # a mixed bag


def _rung(leg: str, at: float, trunk: str | None = None) -> events.LegDialled:
    return events.LegDialled(call="c", at=_at(at), leg=leg, target="sip:102@x", extension="102", trunk=trunk)


def _answered(leg: str, at: float) -> events.LegAnswered:
    return events.LegAnswered(call="c", at=_at(at), leg=leg)


def _ended(at: float = 60) -> events.CallEnded:
    return events.CallEnded(call="c", at=_at(at), cause="normal")


def test_a_call_from_outside_waits_until_a_person_answers() -> None:
    joined = QueueJoined(call="c", at=_at(2), queue="600", position=1)
    second = QueueJoined(call="c", at=_at(5), queue="601", position=1)
    cdr = fold([_offered(), _answered("a", 1), joined, second, _rung("b1", 6), _answered("b1", 9), _ended()])
    assert (cdr.direction, cdr.did, cdr.trunk, cdr.queue) == ("inbound", "+4940555", "provider", "600")
    assert (cdr.wait_s, cdr.missed) == (9.0, False)


def test_a_caller_who_only_heard_the_node_was_missed_when_it_is_over() -> None:
    begun: list[events.CallEvent] = [_offered(), _answered("a", 1), _rung("b1", 3)]
    assert fold(begun).missed is False
    over = fold([*begun, _ended()])
    assert (over.missed, over.wait_s, over.disposition) == (True, 1.0, "answered")


def test_a_conference_and_a_call_that_went_on_elsewhere_are_not_missed() -> None:
    room = ConferenceJoined(call="c", at=_at(4), conference="700", member=1)
    assert fold([_offered(), _answered("a", 1), room, _ended()]).missed is False
    left = events.LegLeft(call="c", at=_at(4), leg="a", to_call="d")
    assert fold([_offered(), _answered("a", 1), left, _ended()]).missed is False


def test_a_call_over_a_trunk_is_outbound_and_names_the_last_one() -> None:
    inside = {"from_extension": "101", "trunk": None, "dialled": "0301"}
    cdr = fold([_offered(**inside), _rung("b1", 1, "first"), _rung("b2", 2, "second"), _ended()])
    assert (cdr.direction, cdr.did, cdr.trunk, cdr.missed) == ("outbound", None, "second", True)
    assert fold([_offered(**inside), _rung("b1", 1), _ended()]).direction == "internal"


def _routed(kind: str, to: str, to_name: str) -> events.CallRouted:
    return events.CallRouted(call="c", at=_at(1), kind=kind, to=to, to_name=to_name)


def test_a_call_that_was_parked_is_still_one_with_whom_it_was_before() -> None:
    called: list[events.CallEvent] = [
        _offered(),
        _routed("extension", "102", "Ben"),
        _rung("b1", 1),
        _answered("b1", 2),
        _answered("a", 2),
    ]
    cdr = fold([*called, _routed("feature", "*683", "Parking slot"), _ended()])
    assert (cdr.to_extension, cdr.to_name, cdr.test) == ("102", "Ben", False)
    fetched = fold([_offered(), _routed("feature", "*683", "Parking slot"), _answered("a", 2), _ended()])
    assert fetched.to_name == "Parking slot"


def test_who_listens_to_himself_tries_something_out() -> None:
    for title in ("Echo test", "Test tone"):
        assert fold([_offered(), _routed("feature", "*43", title), _answered("a", 2), _ended()]).test
    assert not fold([_offered(), _routed("feature", "*97", "My messages"), _answered("a", 2), _ended()]).test
    assert not fold([_offered(), _routed("extension", "102", "Echo test"), _answered("a", 2), _ended()]).test
