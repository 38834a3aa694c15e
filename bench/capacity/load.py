"""What a node can be asked to do with sound, as loads that can be measured: one entry of `LOADS` each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.capacity.sound import PAYLOAD_TYPES, SEALING_KEY, SEALING_PROFILE, Series, sealed, speech, spoken
from media_ext.sound_door import Clip
from pbx.media.engine import MediaEngine
from pbx.media.room import Room
from pbx.media.stream import Stream
from pbx.model.stream import SrtpKey, StreamFormat

__all__ = ["LOADS", "Load", "formats", "load_named"]

ROOM = 10
PROMPT_S = 2.0

Unit = Sequence[Stream]
Join = Callable[[MediaEngine, Sequence[Unit], Path], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One thing a node does again and again. `join` sets up the streams of all units, and returns what must be kept."""

    name: str
    title: str
    unit: str
    phones: tuple[str, ...]
    """What each phone of a unit speaks."""
    first: int
    """Units of the first look: few enough for the slowest machine."""
    join: Join
    srtp: bool = False
    what: str = ""
    """What a unit is, for somebody who reads the table."""

    def series(self, seconds: float) -> list[Series]:
        """What the phones send, in the order of `phones`."""
        made = {encoding: spoken(encoding) for encoding in dict.fromkeys(self.phones)}
        return [sealed(made[each], seconds) if self.srtp else made[each] for each in self.phones]


def formats(encoding: str) -> tuple[StreamFormat, ...]:
    """What a phone that speaks this says in its SDP."""
    clock_hz = 48000 if encoding == "OPUS" else 8000
    channels = 2 if encoding == "OPUS" else 1
    return (StreamFormat(PAYLOAD_TYPES[encoding], encoding, clock_hz, channels),)


def relayed(media: MediaEngine, units: Sequence[Unit], _folder: Path) -> None:
    for a, b in units:
        media.link(a, b, {0: 0}, {0: 0})


def encrypted(media: MediaEngine, units: Sequence[Unit], folder: Path) -> None:
    """Both legs encrypted, each with contexts of its own; every packet is opened and sealed again."""
    key = SrtpKey(SEALING_PROFILE, SEALING_KEY[:16], SEALING_KEY[16:])
    for unit in units:
        for stream in unit:
            stream.secure(key, key)
    relayed(media, units, folder)


def recorded(media: MediaEngine, units: Sequence[Unit], folder: Path) -> None:
    """Both sides of each call, in a file of two channels."""
    relayed(media, units, folder)
    for number, (a, _) in enumerate(units):
        media.record(a, folder / f"{number}.wav")


def bridged(media: MediaEngine, units: Sequence[Unit], _folder: Path) -> None:
    for a, b in units:
        media.bridge(a, b)


def conferring(media: MediaEngine, units: Sequence[Unit], _folder: Path) -> list[Room]:
    """Everybody talks all the time, in conferences of `ROOM` members."""
    rooms = []
    for at in range(0, len(units), ROOM):
        rooms.append(media.room(ROOM, label=f"room {at}"))
        for (member,) in units[at : at + ROOM]:
            rooms[-1].join(member)
    return rooms


def prompted(media: MediaEngine, units: Sequence[Unit], _folder: Path) -> Clip:
    """All hear the same sound, which is there once; each hears it from a place of its own."""
    clip = Clip(speech(8000, PROMPT_S), 8000)
    for number, (listener,) in enumerate(units):
        media.play(listener, clip, loop=True, start_ms=number * 20 % int(PROMPT_S * 1000))
    return clip


LOADS: tuple[Load, ...] = (
    Load(
        name="relay",
        title="Calls, passed through",
        unit="calls",
        phones=("PCMU", "PCMU"),
        first=50,
        join=relayed,
        what="two phones that speak the same codec, µ-law here; any other costs the same",
    ),
    Load(
        name="srtp",
        title="Calls, encrypted",
        unit="calls",
        phones=("PCMU", "PCMU"),
        first=50,
        join=encrypted,
        srtp=True,
        what="SRTP on both sides under different contexts, AES_CM_128_HMAC_SHA1_80",
    ),
    Load(
        name="record",
        title="Calls, recorded",
        unit="calls",
        phones=("PCMU", "PCMU"),
        first=20,
        join=recorded,
        what="passed through, and both sides written into a WAV file of two channels",
    ),
    Load(
        name="prompt",
        title="Callers who hear a prompt",
        unit="callers",
        phones=("PCMU",),
        first=50,
        join=prompted,
        what="a sound in memory, encoded for each; what the caller says is received and not heard",
    ),
    Load(
        name="conference",
        title="Conference members, µ-law",
        unit="members",
        phones=("PCMU",),
        first=30,
        join=conferring,
        what=f"conferences of {ROOM}, all of whom talk all the time",
    ),
    Load(
        name="g722",
        title="Calls, µ-law ↔ G.722",
        unit="calls",
        phones=("PCMU", "G722"),
        first=20,
        join=bridged,
        what="decoded and encoded both ways, jitter buffers included",
    ),
    Load(
        name="opus",
        title="Calls, µ-law ↔ Opus",
        unit="calls",
        phones=("PCMU", "OPUS"),
        first=5,
        join=bridged,
        what="one Opus leg a call, 48 kHz",
    ),
)


def load_named(name: str) -> Load:
    return next(load for load in LOADS if load.name == name)
