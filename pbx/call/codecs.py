"""Which codecs the legs of a call get: what both phones speak first, else the pair that costs the node least.

    phone A ──offer──▶ node ──offer: A's codecs in A's order, then ours, cheapest to bridge first──▶ phone B
    phone A ◀─answer── node ◀─answer: what B chose───────────────────────────────────────────────── phone B
              what both speak; if nothing: of A's codecs the one that is cheapest to bridge with B's first

RFC 3264 6.1 and 7: who sends begins with the first format of the list, so that one decides what must be decoded.
Pure; what a pair costs is asked from the audio engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from msgspec.structs import replace

from pbx.call.ports import Transcoder
from pbx.model.stream import TELEPHONE_EVENT, StreamFormat
from pbx.sip.sdp.format import Format
from pbx.sip.sdp.negotiate import KNOWN, common

__all__ = ["Codecs", "PairCost", "codecs_of", "digits", "only", "passes", "stream_format", "voice"]

PairCost = Callable[[Format, Format], int | None]
"""CPU of bridging two formats, 0 for the same codec, None when the node cannot do it."""

DYNAMIC = (*range(96, 128), *range(35, 64))
"""Payload numbers for anybody's use (RFC 3551 3), in the order in which phones expect them."""

MAX_OFFERS = 256
"""So many answers to the question what to offer are remembered."""


def voice(formats: Iterable[Format]) -> tuple[Format, ...]:
    """The formats that carry speech, without telephone-event."""
    return tuple([each for each in formats if each.encoding != TELEPHONE_EVENT])


def digits(formats: Iterable[Format]) -> tuple[Format, ...]:
    """telephone-event, once for each clock (RFC 4733)."""
    return tuple([each for each in formats if each.encoding == TELEPHONE_EVENT])


def only(formats: tuple[Format, ...], names: tuple[str, ...]) -> tuple[Format, ...]:
    """Those of `formats` that a trunk allows, in its order, with their telephone-event; all where it names none."""
    if not names:
        return formats
    wanted = [name.upper() for name in names]
    kept = sorted(
        [each for each in voice(formats) if each.encoding in wanted],
        key=lambda each: wanted.index(each.encoding),
    )
    clocks = {each.clock_hz for each in kept}
    return (*kept, *[each for each in digits(formats) if each.clock_hz in clocks])


def relay_only(a: Format, b: Format) -> int | None:
    """The costs of a node that only passes packets on."""
    return 0 if a.matches(b) else None


def stream_format(of: Format) -> StreamFormat:
    """A format of SDP as the audio engine is told it."""
    return StreamFormat(of.payload_type, of.encoding, of.clock_hz, of.channels, of.fmtp or "")


def codecs_of(ours: tuple[Format, ...], transcoder: Transcoder | None) -> Codecs:
    """What a node speaks whose engine has this transcoder, or has none."""
    if transcoder is None:
        return Codecs(ours)
    cost = transcoder.pair_cost
    return Codecs(ours, lambda a, b: cost(stream_format(a), stream_format(b)), converts_digits=True)


@dataclass(frozen=True, slots=True)
class Codecs:
    """What this node speaks, in the order in which it offers, and what it costs to bridge two of them.

    `converts_digits`: telephone-event may be offered to a phone whose partner has none.
    """

    ours: tuple[Format, ...] = KNOWN
    pair_cost: PairCost = relay_only
    converts_digits: bool = False
    _offers: dict[tuple[Format, ...], tuple[Format, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def known(self, offered: tuple[Format, ...]) -> tuple[Format, ...]:
        """What of an offer this node speaks, in the offer's order and numbers."""
        return common(offered, self.ours)

    def offer(self, other: tuple[Format, ...] | None) -> tuple[Format, ...]:
        """What to offer a phone that is to talk with one that speaks `other`; None: nobody knows yet.

        `other`'s codecs keep their order, numbers and parameters; then ours that can be bridged, cheapest first.
        """
        if other is None:
            return self.ours
        offer = self._offers.get(other)
        if offer is None:  # the phones of an office are of a few makes, and each make always says the same
            if len(self._offers) >= MAX_OFFERS:
                self._offers.clear()
            offer = self._offers[other] = self._offer(other)
        return offer

    def _offer(self, other: tuple[Format, ...]) -> tuple[Format, ...]:
        theirs = self._spoken(other)
        first = voice(theirs)
        costs = [(self._cheapest(each, first), each) for each in voice(self.ours) if not _has(first, each)]
        bridged = sorted([(cost, each) for cost, each in costs if cost is not None], key=lambda pair: pair[0])
        wanted = [*first, *[each for _, each in bridged]]
        clocks = {each.clock_hz for each in wanted}
        events = [each for each in digits(theirs) if each.clock_hz in clocks]
        more = [
            each
            for each in digits(self.ours)
            if self.converts_digits and each.clock_hz in clocks and not _has(events, each)
        ]
        return _numbered([*wanted, *events, *more], keep=theirs)

    def answer(self, offered: tuple[Format, ...], other: tuple[Format, ...]) -> tuple[Format, ...]:
        """What of an offer to accept when the one it is to talk with speaks `other`; empty when nothing fits.

        In the offer's order and numbers; the parameters are `other`'s wishes where its packets are passed on.
        """
        known = self._spoken(offered)
        both, wishes = voice(common(known, other)), other
        if not both:
            both, wishes = self._bridgeable(voice(known), voice(other)), self.ours
        if not both:
            return ()
        chosen = [_wishes_of(each, wishes) for each in both]
        return (*chosen, *_events_for(both, digits(known), digits(other)))

    def _spoken(self, formats: tuple[Format, ...]) -> tuple[Format, ...]:
        keys = {each.key for each in self.ours}
        return tuple([each for each in formats if each.key in keys])

    def _bridgeable(self, offered: tuple[Format, ...], other: tuple[Format, ...]) -> tuple[Format, ...]:
        """The one of `offered` that is cheapest to bridge with what the other phone sends."""
        if not other:
            return ()
        costs = [(cost, each) for each in offered if (cost := self.pair_cost(each, other[0])) is not None]
        return (min(costs, key=lambda pair: pair[0])[1],) if costs else ()

    def _cheapest(self, one: Format, of: tuple[Format, ...]) -> int | None:
        costs = [cost for each in of if (cost := self.pair_cost(each, one)) is not None]
        return min(costs, default=None)


def passes(a: tuple[Format, ...], b: tuple[Format, ...]) -> bool:
    """Whether what two phones send can go from one to the other as it is; both lists are what the phones' SDP said.

    Each sends the first of its list. A phone that sends RFC 4733 digits needs one that takes them at the same clock.
    """
    voice_a, voice_b = voice(a), voice(b)
    if not voice_a or not voice_b or not _has(voice_b, voice_a[0]) or not _has(voice_a, voice_b[0]):
        return False
    events_a, events_b = digits(a), digits(b)
    if not events_a and not events_b:
        return True
    return any(_has(events_b, each) for each in events_a)


def _has(formats: Iterable[Format], one: Format) -> bool:
    return any(each.matches(one) for each in formats)


def _wishes_of(one: Format, other: tuple[Format, ...]) -> Format:
    """A format with the parameters of who will get its packets (RFC 7587 6.1: an fmtp line says what is wanted)."""
    return next((replace(one, fmtp=each.fmtp) for each in other if each.matches(one)), one)


def _events_for(
    chosen: tuple[Format, ...], offered: tuple[Format, ...], other: tuple[Format, ...]
) -> tuple[Format, ...]:
    """telephone-event at a clock that the other phone has too; else at those of the codecs (RFC 4733 2.1), else any."""
    shared = tuple([each for each in offered if _has(other, each)])
    clocks = {each.clock_hz for each in chosen}
    return shared or tuple([each for each in offered if each.clock_hz in clocks]) or offered


def _numbered(formats: list[Format], *, keep: tuple[Format, ...]) -> tuple[Format, ...]:
    """Each format with a number of its own; those of `keep` stay as they are."""
    taken = {each.payload_type for each in keep}
    numbered = []
    for each in formats:
        if each in keep:
            numbered.append(each)
            continue
        number = each.payload_type
        if number in taken:
            number = next((free for free in DYNAMIC if free not in taken), -1)
        if number >= 0:
            taken.add(number)
            numbered.append(replace(each, payload_type=number))
    return tuple(numbered)
