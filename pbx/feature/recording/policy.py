"""Whether a conversation is recorded: a fold over what everybody who takes part in it demands.

    one says never       → it is not, and nobody can start it: neither a key, nor the API, nor a flow
    else one says always → it is, from the first word
    else one on_demand   → it is when somebody starts it
    else                 → it is not

So an order of rules is not needed: a permission that was refused once cannot come back by another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from pbx.call.call import Call
from pbx.call.leg import CallLeg
from pbx.feature.did import number_of
from pbx.model.call_event import CallRouted, LegDialled
from pbx.model.flow_event import FlowEntered
from pbx.model.inbound_number import InboundNumber
from pbx.model.kind import Kind
from pbx.model.kinds import EXTENSION, FLOW, INBOUND_NUMBER, QUEUE, RING_GROUP, TRUNK
from pbx.model.recording import When

__all__ = ["Get", "Rule", "Ruling", "Way", "decide", "leg_of", "way_of"]

Get = Callable[[Kind, str], Any | None]
"""A record of the office, by kind and key."""


class Rule(msgspec.Struct, frozen=True):
    """What one of those who take part demands. `source` is "extension:101", "trunk:main", "office" …"""

    source: str
    when: When
    keep_days: int | None = None


class Ruling(msgspec.Struct, frozen=True):
    """What follows: `reasons` are those who demand it, `keep_days` how long they want it kept, None for ever."""

    when: When
    reasons: tuple[str, ...] = ()
    keep_days: int | None = None


class Way(msgspec.Struct, frozen=True):
    """How a call came to where it is, as far as it matters here."""

    queue: str | None = None
    rules: tuple[Rule, ...] = ()


def decide(rules: Iterable[Rule], office_keep_days: int | None = None) -> Ruling:
    """The strictest never, then the strongest always. Of several who demand it, the longest time to keep counts: what
    is deleted cannot come back. Who says none leaves it to the office.
    """
    found = [each for each in rules if each.when != "default"]
    wanted: When
    for wanted in ("never", "always", "on_demand"):
        those = [each for each in found if each.when == wanted]
        if those:
            days = [each.keep_days for each in those if each.keep_days is not None]
            return Ruling(wanted, tuple(each.source for each in those), max(days, default=office_keep_days))
    return Ruling("default", (), office_keep_days)


def way_of(call: Call, get: Get, numbers: Callable[[], Sequence[InboundNumber]]) -> Way:
    """What a call has passed, and what that demands: its trunk, the number that was called, groups, queues, flows."""
    seen: dict[tuple[Kind, str], None] = {}
    queue: str | None = None
    if call.trunk is not None and (number := number_of(numbers(), call.dialled, call.trunk)) is not None:
        seen[INBOUND_NUMBER, INBOUND_NUMBER.key_of(number)] = None
    for event in call.events:
        if isinstance(event, CallRouted):
            if event.kind == "ring_group":
                seen[RING_GROUP, event.to] = None
            elif event.kind == "queue":
                queue, seen[QUEUE, event.to] = event.to, None
        elif isinstance(event, FlowEntered):
            seen[FLOW, event.flow] = None
    return Way(queue, tuple(_rules(seen, get)))


def leg_of(call: Call, leg: CallLeg, get: Get) -> tuple[str | None, tuple[Rule, ...]]:
    """What a leg demands by itself: the trunk that it came or was called over, which is told too, and the extension
    that is there or for which it was called outside.
    """
    trunk, extension = call.trunk if leg.name == "a" else None, leg.party.extension
    for event in call.events:
        if isinstance(event, LegDialled) and event.leg == leg.name:
            trunk, extension = event.trunk or trunk, extension or event.charged_to
    seen = [(TRUNK, trunk)] if trunk is not None else []
    if extension is not None:
        seen.append((EXTENSION, extension))
    return trunk, tuple(_rules(seen, get))


def _rules(seen: Iterable[tuple[Kind, str]], get: Get) -> Iterator[Rule]:
    for kind, key in seen:
        if (found := get(kind, key)) is not None:
            yield Rule(f"{kind.name}:{key}", found.record, found.record_keep_days)
