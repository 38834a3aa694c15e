"""A conference as call code holds it: who is in it, how loud, and what is played to all. Made by `MediaEngine.room`.

Everything here is a command to the compiled engine; no sound passes through. A stream is in one conference at a time,
and leaves it when it is closed, linked, bridged or unlinked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from media_ext.sound_door import Clip, Feed
from pbx.media.stream import Stream, gain_of
from pbx.media.tones import joined_tone, left_tone

if TYPE_CHECKING:
    from media_ext.room_handle import Room as NativeRoom
    from pbx.media.engine import MediaEngine

TONES = 1
"""Where tones are played; announcements in the other place, 0."""


def _unheard() -> None:
    """Nobody waits for the end of what is played."""


class Room:
    """Each member hears all others, at the best rate that one of them has; `capacity` of them at most."""

    __slots__ = ("_announcement", "_engine", "_seats", "_tones", "closed", "native", "on_played")

    def __init__(self, engine: MediaEngine, native: NativeRoom, *, tones: bool = False) -> None:
        self.native = native
        self.closed = False
        self.on_played: Callable[[], None] = _unheard
        """Called when an announcement to all has ended by itself."""
        self._engine = engine
        self._seats: dict[Stream, tuple[bool, float]] = {}
        self._tones = tones
        self._announcement = 0

    @property
    def capacity(self) -> int:
        return self.native.capacity

    @property
    def rate_hz(self) -> int:
        """At which it mixes now."""
        return self.native.rate_hz

    @property
    def members(self) -> list[Stream]:
        """Who is in it, in the order in which they came."""
        self.look()
        return list(self._seats)

    def join(self, stream: Stream, *, muted: bool = False, gain_db: float = 0.0) -> None:
        """Let the stream hear the others and, unless `muted`, be heard. Tells `StartedTalking` and `StoppedTalking`.

        Raises `ValueError` when it is full, and for a phone that cannot be decoded or spoken to here.
        """
        if stream.closed or self.closed:
            return
        self.native.join(stream.native, muted=muted, gain=gain_of(gain_db))
        self._engine.tell_talkers(stream, True)
        is_new = stream not in self._seats
        self._seats[stream] = (muted, gain_db)
        if is_new:
            self._sound(joined_tone())

    def leave(self, stream: Stream) -> None:
        """The stream hears nobody now."""
        self.look()
        if stream in self._seats:
            del self._seats[stream]
            self._engine.tell_talkers(stream, False)
            self.native.leave(stream.native)
            self._sound(left_tone())

    def mute(self, stream: Stream, on: bool) -> None:
        """Whether the others do not hear it. Nothing for one who is not in the conference."""
        self.look()
        if stream in self._seats:
            self.join(stream, muted=on, gain_db=self._seats[stream][1])

    def whisper(self, stream: Stream, to: Stream | None) -> None:
        """Let only `to` hear it, who hears all others too; None: everybody again."""
        self.look()
        if stream in self._seats and not self.closed:
            self.native.whisper(stream.native, None if to is None else to.native)

    def set_gain(self, stream: Stream, gain_db: float) -> None:
        """How loud the others hear it: -60 to +18 dB."""
        self.look()
        if stream in self._seats:
            self.join(stream, muted=self._seats[stream][0], gain_db=gain_db)

    def muted(self, stream: Stream) -> bool:
        return self._seats.get(stream, (False, 0.0))[0]

    def play(self, sound: Clip | Feed | Sequence[Clip], *, loop: bool = False, gain_db: float = 0.0) -> None:
        """To all, beside what they say; a second sound ends the first. To one of them: `MediaEngine.play(over=True)`.

        Raises `ValueError` for what cannot be played.
        """
        if not self.closed:
            sounds: tuple[Clip | Feed, ...] = (sound,) if isinstance(sound, (Clip, Feed)) else tuple(sound)
            self._announcement = self.native.play(sounds, loop=loop, gain=gain_of(gain_db))

    def stop_playing(self) -> None:
        if not self.closed:
            self.native.stop_playing()

    def announced(self, serial: int) -> bool:
        """Whether it is the announcement that has ended, and not a tone."""
        return serial == self._announcement

    def link(self, other: Room) -> None:
        """Let the members of both hear each other. Raises `ValueError` when they do already, or cannot."""
        self.native.link(other.native)

    def unlink(self, other: Room) -> None:
        self.native.unlink(other.native)

    def levels_dbov(self) -> dict[Stream, int]:
        """How loud each member is now: -127 (silence) to 0."""
        return {stream: self.native.level_dbov(stream.native) for stream in self.members}

    def talkers(self) -> list[Stream]:
        """Whom the others hear talk now."""
        return [stream for stream in self.members if self.native.talking(stream.native)]

    def close(self) -> None:
        """Everybody leaves. May be called twice."""
        if not self.closed:
            self._tones = False
            for stream in self.members:
                self.leave(stream)
            self.closed = True
            self.on_played = _unheard
            self._engine.close_room(self)

    def look(self) -> None:
        """Forget those who closed, or were joined to something else; the others are told by a tone."""
        there = set(self.native.legs)
        gone = [stream for stream in self._seats if stream.native not in there]
        for stream in gone:
            del self._seats[stream]
        if gone:
            self._sound(left_tone())

    def _sound(self, tone: Clip) -> None:
        """Beside an announcement, which goes on."""
        if self._tones and self._seats:
            self.native.play((tone,), place=TONES)
