"""What a later process needs to go on with a stream: plain values, for a journal that holds keys."""

from __future__ import annotations

import struct

import msgspec

from pbx.model.stream import Fingerprint, IceCredentials, RemoteMedia, SrtpKey

_ZEROS = bytes(512)
_PLACES = struct.Struct("=HHH")

__all__ = ["KeptHandshake", "KeptIce", "KeptStream", "packed_state", "unpacked_state"]


class KeptHandshake(msgspec.Struct, frozen=True, array_like=True):
    """A handshake that has given keys: the same roles and certificates ask for no other."""

    active: bool
    fingerprints: tuple[Fingerprint, ...]


class KeptIce(msgspec.Struct, frozen=True, array_like=True):
    """Both sides' credentials, and where the browser was found."""

    ours: IceCredentials
    theirs: IceCredentials | None
    selected: tuple[str, int] | None


class KeptStream(msgspec.Struct, frozen=True, array_like=True):
    """One stream. `state` is the engine's own record, packed; the addresses in `remote` are where the phone was heard
    from, where that is known.
    """

    rtp_port: int
    label: str
    state: bytes
    remote: RemoteMedia | None
    encrypted: bool
    receive: SrtpKey | None = None
    send: SrtpKey | None = None
    handshake: KeptHandshake | None = None
    ice: KeptIce | None = None


def packed_state(state: bytes) -> bytes:
    """The engine's record without its longest row of zeros and those that it ends with: most of it."""
    begins = state.find(_ZEROS)
    if begins < 0:
        begins = len(state)
    rest = state[begins:].lstrip(b"\0")
    return _PLACES.pack(len(state), begins, len(state) - len(rest)) + state[:begins] + rest.rstrip(b"\0")


def unpacked_state(packed: bytes) -> bytes:
    """Raises `ValueError` for what is none."""
    if len(packed) < _PLACES.size:
        raise ValueError("not a packed state")
    size, begins, ends = _PLACES.unpack_from(packed)
    head, tail = packed[_PLACES.size :][:begins], packed[_PLACES.size + begins :]
    return (head.ljust(ends, b"\0") + tail).ljust(size, b"\0")
