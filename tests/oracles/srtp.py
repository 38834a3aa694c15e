"""RFC 3711's counting in slow, obvious Python: whole indexes, and a set of all that was taken."""

from __future__ import annotations

WINDOW = 128


def nearest_index(newest: int | None, seq: int) -> int:
    """RFC 3711 3.3.1: the index with these low 16 bits that is nearest to the newest; a tie stays in its ROC."""
    if newest is None:
        return seq
    roc = newest >> 16
    candidates = [(roc + step) * 65536 + seq for step in (0, -1, 1)]
    return min((each for each in candidates if each >= 0), key=lambda each: abs(each - newest))


class Receiver:
    """What becomes of a packet of one source: `index` is the true one, which only the sender knows."""

    def __init__(self) -> None:
        self.newest: int | None = None
        self.taken: set[int] = set()

    def receive(self, index: int) -> str:
        guess = nearest_index(self.newest, index & 0xFFFF)
        if self.newest is not None and guess <= self.newest - WINDOW:
            return "old"
        if guess in self.taken:
            return "replayed"
        began_before_a_roll_over = self.newest is None and index >> 16 == 1 and index & 0xFFFF < 0x8000
        if guess != index and not began_before_a_roll_over:
            return "bad_tag"
        self.newest = max(index, self.newest or 0)
        self.taken.add(index)
        return "ok"
