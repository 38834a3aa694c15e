"""Figures of calls and their sound for a monitor: a fold over what happens in all calls.

Numbers of people never get into labels: they would make a new series each.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from pbx.core.metrics import Registry
from pbx.model.audio_event import AudioBack, AudioOneWay, AudioQuality, LegQuality
from pbx.model.call_event import CallEnded, CallEvent, CallOffered, LegAnswered, LegEnded, LegRinging

__all__ = ["CallMeters"]

MOS = (1.5, 2.0, 2.5, 3.0, 3.5, 3.8, 4.0, 4.2, 4.4)
LOSS = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
JITTER_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
LENGTH_S = (5.0, 10.0, 35.0, 60.0, 180.0, 600.0, 1800.0, 3600.0)
SETUP_S = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)


class _Going(msgspec.Struct):
    """What is remembered of a call until it ends."""

    source: str
    began: datetime
    by: str = "nobody"
    """Who picked up: a phone, or only the node itself (a menu, a mailbox)."""
    answered: datetime | None = None
    rang: bool = False


class CallMeters:
    """`take` each event of `KINDS` of each call, in order."""

    KINDS = (
        *(CallOffered, LegRinging, LegAnswered, LegEnded, LegQuality, CallEnded),
        *(AudioQuality, AudioOneWay, AudioBack),
    )

    def __init__(self, metrics: Registry) -> None:
        self._calls: dict[str, _Going] = {}
        self._bad: dict[str, dict[tuple[str, str], str]] = {}
        """By call: what was last told of a direction of a leg."""
        self._ended = metrics.counter(
            "pbx_calls_total",
            "Calls that have ended: who began them (phone, trunk, node), who picked up (phone, node, nobody), and why "
            "they ended.",
            ("source", "answered", "cause"),
        )
        self._length = metrics.histogram(
            "pbx_call_seconds", "How long was talked, by who began the call.", ("source",), buckets=LENGTH_S
        )
        self._setup = metrics.histogram(
            "pbx_call_setup_seconds", "From the INVITE to the first ringing.", ("source",), buckets=SETUP_S
        )
        self._mos = metrics.histogram(
            "pbx_leg_mos",
            "How legs sounded (ITU-T G.107), when they ended: heard from the phone, or told by its RTCP.",
            ("direction",),
            buckets=MOS,
        )
        self._loss = metrics.histogram(
            "pbx_leg_loss_ratio", "Packets lost, a part of 1, when a leg ended.", ("direction",), buckets=LOSS
        )
        self._jitter = metrics.histogram(
            "pbx_leg_jitter_seconds", "Jitter (RFC 3550), when a leg ended.", ("direction",), buckets=JITTER_S
        )
        self._packets = metrics.counter(
            "pbx_rtp_packets_total", "Packets of legs that have ended, by direction or as lost.", ("kind",)
        )
        metrics.gauge(
            "pbx_legs_sounding",
            "Directions of legs that sound fair or poor now, or where nothing is heard (one_way).",
            ("grade",),
            read=self._sounding,
        )

    def take(self, event: CallEvent) -> None:
        if isinstance(event, CallOffered):
            source = "phone" if event.from_extension else "trunk" if event.trunk else "node"
            self._calls[event.call] = _Going(source, event.at)
        elif isinstance(event, LegRinging):
            self._rang(event)
        elif isinstance(event, LegAnswered):
            self._answered(event)
        elif isinstance(event, (AudioQuality, AudioOneWay, AudioBack, LegEnded)):
            self._sounds(event)
        elif isinstance(event, LegQuality):
            self._heard(event)
        elif isinstance(event, CallEnded):
            self._end(event)

    def _rang(self, event: LegRinging) -> None:
        call = self._calls.get(event.call)
        if call is not None and not call.rang:
            call.rang = True
            self._setup.observe((event.at - call.began).total_seconds(), call.source)

    def _answered(self, event: LegAnswered) -> None:
        call = self._calls.get(event.call)
        if call is None or call.by == "phone":
            return
        if event.leg != "a":
            call.by, call.answered = "phone", event.at
        elif call.answered is None:
            call.by, call.answered = "node", event.at

    def _end(self, event: CallEnded) -> None:
        self._bad.pop(event.call, None)
        call = self._calls.pop(event.call, None)
        if call is None:
            return
        self._ended.inc(call.source, call.by, event.cause)
        if call.answered is not None:
            self._length.observe(max(0.0, (event.at - call.answered).total_seconds()), call.source)

    def _sounds(self, event: AudioQuality | AudioOneWay | AudioBack | LegEnded) -> None:
        told = self._bad.setdefault(event.call, {})
        if isinstance(event, AudioQuality):
            told[event.leg, event.direction] = event.sound.grade
        elif isinstance(event, AudioOneWay):
            told[event.leg, "silence"] = "one_way"
        elif isinstance(event, AudioBack):
            told.pop((event.leg, "silence"), None)
        else:
            for key in [each for each in told if each[0] == event.leg]:
                del told[key]
        if not told:
            del self._bad[event.call]

    def _sounding(self) -> dict[tuple[str, ...], float]:
        counts: dict[tuple[str, ...], float] = {("fair",): 0.0, ("poor",): 0.0, ("one_way",): 0.0}
        for told in self._bad.values():
            for grade in told.values():
                if (grade,) in counts:
                    counts[grade,] += 1
        return counts

    def _heard(self, event: LegQuality) -> None:
        for kind, count in (
            ("in", event.packets_in),
            ("out", event.packets_out),
            ("lost", max(0, event.lost)),
        ):
            if count:
                self._packets.inc(kind, by=count)
        for direction, sound in (("heard", event.heard), ("told", event.told)):
            if sound is not None:
                self._mos.observe(sound.mos, direction)
                self._loss.observe(sound.loss, direction)
                self._jitter.observe(sound.jitter_ms / 1000, direction)
