"""What a node can be asked to do with sound, as loads that can be measured: one entry of `LOADS` each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.capacity.sound import PAYLOAD_TYPES, SEALING_KEY, SEALING_PROFILE, Series, sealed, spoken
from pbx.media.engine import MediaEngine, Stream
from pbx.model.stream import SrtpKey, StreamFormat

__all__ = ["LOADS", "Load", "formats", "load_named"]

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
)


def load_named(name: str) -> Load:
    return next(load for load in LOADS if load.name == name)
