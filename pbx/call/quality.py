"""How a call sounds: looked at each few seconds, told when it changes, and summed up when a leg ends.

Nothing here acts. A leg from which nothing comes while the other side talks is told as one-way audio; a direction that
sounds fair or poor for two looks in a row is told with the cause, and so is its recovery. What the phones hear of us is
known from their RTCP reports.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import structs

from pbx.call.sound_curve import LOOK_EVERY_S
from pbx.model.audio_event import AudioBack, AudioOneWay, AudioQuality, LegQuality, Sound
from pbx.model.stream import StreamStats

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.leg import CallLeg
    from pbx.model.quality import Quality

LOOKS = 2
"""A change lasts so many looks before it is told."""
TALKING_PACKETS = 50
"""So many in one look: this side does talk."""


def quality_of(leg: CallLeg, stats: StreamStats, *, call: str, at: datetime) -> LegQuality:
    """All that is known of a leg's audio, in the words of the call's record."""
    host = f"[{stats.remote_host}]" if ":" in stats.remote_host else stats.remote_host
    return structs.replace(
        leg_quality(stats, call=call, at=at, leg=leg.name),
        mos_every_s=leg.heard_curve.every_s if leg.heard_curve.points or leg.told_curve.points else 0.0,
        heard_mos=leg.heard_curve.points,
        told_mos=leg.told_curve.points,
        remote=f"{host}:{stats.remote_port}" if host else "",
        local_port=leg.stream.rtp_port,
        encryption=leg.encryption.name,
    )


def leg_quality(stats: StreamStats, *, call: str, at: datetime, leg: str) -> LegQuality:
    """What was counted."""
    return LegQuality(
        call=call,
        at=at,
        leg=leg,
        packets_in=stats.packets_in,
        packets_out=stats.packets_out,
        lost=stats.lost,
        jitter_ms=round(stats.jitter_ms, 2),
        jitter_max_ms=round(stats.jitter_max_ms, 2),
        bursts=stats.bursts,
        burst_loss=round(stats.burst_loss, 4),
        gap_loss=round(stats.gap_loss, 4),
        late=stats.late,
        discarded=stats.discarded,
        codec=stats.codec,
        rtt_ms=None if stats.rtt_ms is None else round(stats.rtt_ms, 1),
        heard=_heard(stats),
        told=_told(stats),
    )


def _heard(stats: StreamStats) -> Sound | None:
    return _sound(stats.quality, stats.loss, stats.jitter_mean_ms)


def _told(stats: StreamStats) -> Sound | None:
    return _sound(stats.remote_quality, stats.remote_loss, stats.remote_jitter_ms)


def _sound(quality: Quality | None, loss: float, jitter_ms: float) -> Sound | None:
    if quality is None:
        return None
    return Sound(
        mos=quality.mos,
        grade=quality.grade,
        cause=quality.cause,
        loss=round(loss, 4),
        jitter_ms=round(jitter_ms, 1),
    )


class _Direction(msgspec.Struct):
    """What was told of one direction, and what has been seen instead since."""

    told: str = "good"
    seen: str = "good"
    times: int = 0

    def changed(self, grade: str) -> bool:
        """Whether this grade is to be told now."""
        self.times = self.times + 1 if grade == self.seen else 1
        self.seen = grade
        if grade == self.told or self.times < LOOKS:
            return False
        self.told = grade
        return True


class _Watched(msgspec.Struct):
    """One leg between two looks."""

    leg: CallLeg
    before: StreamStats
    last: StreamStats = msgspec.field(default_factory=StreamStats)
    silent: int = 0
    heard: _Direction = msgspec.field(default_factory=_Direction)
    told: _Direction = msgspec.field(default_factory=_Direction)

    def look(self) -> None:
        now = self.leg.stream.stats()
        self.last, self.before = now.since(self.before), now


class QualityWatch:
    """Looks at the two legs of a bridge, from `begin` to `end`. A timer, since most calls need none of its looks."""

    def __init__(self, call: Call, a: CallLeg, b: CallLeg) -> None:
        self._call = call
        self._legs = tuple(_Watched(leg, leg.stream.stats()) for leg in (a, b))
        self._next: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Look each few seconds from now on."""
        self._next = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look_again)

    def end(self) -> None:
        """Look no more."""
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _look_again(self) -> None:
        self.begin()
        self.look()

    def look(self) -> None:
        """One look at both legs."""
        for each in self._legs:
            each.look()
        for this, other in (self._legs, self._legs[::-1]):
            self._look_for_silence(this, other)
            heard, told = _heard(this.last), _told(this.last)
            this.leg.heard_curve.add(heard.mos if heard is not None else None)
            this.leg.told_curve.add(told.mos if told is not None else None)
            self._compare(this, this.heard, "from", heard)
            self._compare(this, this.told, "to", told)

    def _look_for_silence(self, this: _Watched, other: _Watched) -> None:
        """One-way audio, and its end where the stream's own events do not tell it."""
        call, name = self._call, this.leg.name
        if this.last.packets_in:
            this.silent = 0
            if call.live.audio_of(name) == "one_way":
                call.record(AudioBack(call=call.id, at=call.now(), leg=name))
            return
        both_should = this.leg.should_talk and other.leg.should_talk
        this.silent = this.silent + 1 if both_should and other.last.packets_in >= TALKING_PACKETS else 0
        if this.silent == LOOKS:
            silent_ms = round(LOOKS * LOOK_EVERY_S * 1000)
            call.record(AudioOneWay(call=call.id, at=call.now(), leg=name, silent_ms=silent_ms))

    def _compare(self, this: _Watched, direction: _Direction, name: str, sound: Sound | None) -> None:
        if sound is not None and direction.changed(sound.grade):
            call = self._call
            call.record(
                AudioQuality(call=call.id, at=call.now(), leg=this.leg.name, direction=name, sound=sound)
            )
