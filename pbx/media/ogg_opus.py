"""Ogg Opus files as they are read (RFC 7845), mono and stereo, and recordings of ours with a stream for each side.

The pre-skip is left out and the end is cut where the last page says. A damaged packet is a gap of nothing.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import msgspec

from media_ext.decode_door import OpusDecoder, louder, mixed
from pbx.media.ogg import OggReader, Page
from pbx.media.sound_error import SoundError

CLOCK_HZ = 48000
RATES_HZ = (8000, 12000, 16000, 24000, 48000)


class OpusHead(msgspec.Struct, frozen=True):
    """RFC 7845 5.1; `streams` of one or two channels each."""

    pre_skip: int
    rate_hz: int
    gain: float
    streams: int


def read_head(packet: bytes) -> OpusHead:
    """Raises `SoundError` for what cannot be played."""
    if len(packet) < 19 or packet[:8] != b"OpusHead":
        raise SoundError("the Ogg file has no Opus in it", action="Convert it, for instance with opusenc")
    version, channels, pre_skip, input_hz, gain_q8, family = struct.unpack("<BBHIhB", packet[8:19])
    streams = 1
    if family and len(packet) > 20:
        streams = packet[19]
    if version >> 4 or channels < 1 or streams not in (1, 2) or (family == 0 and channels > 2):
        raise SoundError(f"the Opus file has {channels} channels of version {version}", needed="one or two")
    wanted_hz = input_hz or CLOCK_HZ
    return OpusHead(
        pre_skip,
        next((each for each in RATES_HZ if each >= wanted_hz), CLOCK_HZ),
        10 ** (gain_q8 / 5120),
        streams,
    )


class OggOpusReader:
    """Reads from a file that stands at its beginning. Raises `SoundError` for what cannot be played."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._ogg = OggReader(file)
        first = self._ogg.page()
        if first is None:
            raise SoundError("this is no Ogg file, or its beginning is damaged")
        self._head = read_head(first.packets[0] if first.packets else b"")
        self.rate_hz = self._head.rate_hz
        self._decoders = [OpusDecoder(self.rate_hz) for _ in range(self._head.streams)]
        self._per_sample = CLOCK_HZ // self.rate_hz
        self._skip = self._head.pre_skip // self._per_sample
        self._decoded = 0
        self._offset: int | None = None
        self._ended = False
        self._tags = False

    @property
    def duration_ms(self) -> int | None:
        """Not known before it was read."""
        return None

    def read(self) -> bytes:
        """The next piece of sound, mono; empty at the end."""
        pcm = b""
        while not pcm and not self._ended:
            page = self._ogg.page()
            if page is None:
                self._ended = True
                break
            pcm = self._page_sound(page)
            self._ended = page.ends
        return pcm

    def _page_sound(self, page: Page) -> bytes:
        packets = page.packets
        if not self._tags and packets:
            packets, self._tags = packets[1:], True
        pcm = b"".join(map(self._decode, packets))
        self._decoded += len(pcm) // 2
        if page.granule >= 0 and packets:
            pcm = self._cut(pcm, page)
        skipped = min(self._skip, len(pcm) // 2)
        self._skip -= skipped
        pcm = pcm[2 * skipped :]
        return louder(pcm, self._head.gain) if self._head.gain != 1 else pcm

    def _cut(self, pcm: bytes, page: Page) -> bytes:
        """What the last page has more than its granule position says is padding (RFC 7845 4.5)."""
        position = page.granule // self._per_sample
        if self._offset is None:
            self._offset = 0 if page.ends else max(position - self._decoded, 0)
        too_many = self._decoded - (position - self._offset)
        if not page.ends or too_many <= 0:
            return pcm
        return pcm[: max(len(pcm) - 2 * too_many, 0)]

    def _decode(self, packet: bytes) -> bytes:
        try:
            if len(self._decoders) == 1:
                return self._decoders[0].decode(packet)
            first, second = split(packet)
            return mixed(self._decoders[0].decode(first), self._decoders[1].decode(second))
        except ValueError:
            return b""

    def close(self) -> None:
        self._file.close()


def _length(packet: bytes, at: int) -> tuple[int, int]:
    """A frame's length and where it ends (RFC 6716 3.2.1). Raises `ValueError`."""
    if at >= len(packet):
        raise ValueError("the packet ends too early")
    if packet[at] < 252:
        return packet[at], at + 1
    if at + 1 >= len(packet):
        raise ValueError("the packet ends too early")
    return packet[at] + 4 * packet[at + 1], at + 2


def split(packet: bytes) -> tuple[bytes, bytes]:
    """The packets of two streams: the first says its own length (RFC 6716 B). Raises `ValueError`."""
    if not packet:
        raise ValueError("an empty packet")
    code = packet[0] & 3
    if code == 3:
        return _split_many(packet)
    lengths, at = packet[:1], 1
    size, at = _length(packet, at)
    if code == 1:
        size *= 2
    elif code == 2:
        lengths += packet[1:at]
        second, at = _length(packet, at)
        size += second
    return _halves(packet, lengths, at, size, 0)


def _split_many(packet: bytes) -> tuple[bytes, bytes]:
    """Code 3: a count, padding, and lengths for each frame or one for all; the padding is left out."""
    if len(packet) < 2:
        raise ValueError("the packet ends too early")
    count, at, padding = packet[1] & 0x3F, 2, 0
    if packet[1] & 0x40:
        while at < len(packet) and packet[at] == 255:
            padding, at = padding + 254, at + 1
        if at >= len(packet):
            raise ValueError("the packet ends too early")
        padding, at = padding + packet[at], at + 1
    lengths_at, size = at, 0
    head = bytes([packet[0], packet[1] & ~0x40])
    if packet[1] & 0x80:
        for _ in range(count - 1):
            one, at = _length(packet, at)
            size += one
        head += packet[lengths_at:at]
        one, at = _length(packet, at)
        size += one
    else:
        one, at = _length(packet, at)
        size = one * count
    return _halves(packet, head, at, size, padding)


def _halves(packet: bytes, head: bytes, at: int, size: int, padding: int) -> tuple[bytes, bytes]:
    if at + size + padding > len(packet):
        raise ValueError("the packet ends too early")
    return head + packet[at : at + size], packet[at + size + padding :]
