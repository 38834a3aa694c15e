"""The latch's table as a list of rules over the whole history: what may a packet's source do?"""

from __future__ import annotations

from dataclasses import dataclass, field

Address = tuple[str, int]
NOWHERE: Address = ("", 0)
LEARNING_MS, LIVE_MS, SPACING_MS = 3000, 250, 10


@dataclass
class Latch:
    """Mirrors the table in media_ext/latch.pxd, rule by rule."""

    signalled: Address | None = None
    current: Address | None = None
    former: Address | None = None
    armed_ms: int = -LEARNING_MS
    heard_ms: int = 0
    ssrc: int | None = None
    seq: int = 0
    run: list[tuple[Address, int, int, int]] = field(default_factory=list)

    def arm(self, signalled: Address, now_ms: int) -> None:
        self.armed_ms, self.run = now_ms, []
        if signalled == NOWHERE:
            return
        if self.current is not None and signalled not in (self.signalled, self.current):
            self.former, self.current = self.current, None
        self.signalled = signalled

    def hear(self, source: Address, ssrc: int, seq: int, now_ms: int) -> bool:
        if source == self.current:
            self.heard_ms = now_ms
        elif self._taken(source, ssrc, seq, now_ms):
            self.current, self.former, self.heard_ms, self.run = source, None, now_ms, []
        else:
            return False
        self._follow(ssrc, seq)
        return True

    def _follow(self, ssrc: int, seq: int) -> None:
        if ssrc != self.ssrc or 0 < (seq - self.seq) % 65536 < 3000:
            self.ssrc, self.seq = ssrc, seq

    def _taken(self, source: Address, ssrc: int, seq: int, now_ms: int) -> bool:
        if source == self.signalled:
            return True
        assert self.signalled is not None
        learning = now_ms - self.armed_ms < LEARNING_MS
        on_host = source[0] == self.signalled[0]
        goes_on = self.ssrc == ssrc and 0 < (seq - self.seq) % 65536 < 3000
        if learning and source == self.former:
            return False
        if self.current is None:
            return self._in_order(source, ssrc, seq, now_ms, 3 if on_host else 5)
        guessed = self.current != self.signalled
        better = on_host and guessed and self.current[0] != self.signalled[0] and learning
        live = now_ms - self.heard_ms < LIVE_MS
        if not better and (live or not (goes_on or (learning and guessed))):
            return False
        return self._in_order(source, ssrc, seq, now_ms, 2 if goes_on else 3 if on_host else 5)

    def _in_order(self, source: Address, ssrc: int, seq: int, now_ms: int, needed: int) -> bool:
        if self.run and self.run[-1][:3] != (source, ssrc, (seq - 1) % 65536):
            self.run = []
        self.run.append((source, ssrc, seq, now_ms))
        return len(self.run) >= needed and now_ms - self.run[0][3] >= (needed - 1) * SPACING_MS
