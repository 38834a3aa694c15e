"""What a later process needs to go on with a stream: plain values, for a journal that holds keys."""

from __future__ import annotations

import struct

import msgspec

from pbx.model.stream import Fingerprint, IceCredentials, RemoteMedia, SrtpKey

_SIZE, _RUN = struct.Struct("=I"), struct.Struct("=HH")
WORD = 8
MOST_STATE = 1 << 20

__all__ = ["KeptHandshake", "KeptIce", "KeptStream", "unpacked_state"]


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


def unpacked_state(packed: bytes) -> bytes:
    """What the engine has packed (`media_ext/sparse.pxd`). Raises `ValueError` for what is none."""
    try:
        (size,) = _SIZE.unpack_from(packed)
        if size > MOST_STATE:
            raise ValueError("not a packed state")
        state, at = bytearray(), _SIZE.size
        while size - len(state) >= WORD:
            zeros, words = _RUN.unpack_from(packed, at)
            at += _RUN.size
            state += bytes(zeros * WORD) + packed[at : at + words * WORD]
            at += words * WORD
            if not zeros and not words:
                raise ValueError("not a packed state")
    except struct.error as error:
        raise ValueError("not a packed state") from error
    state += packed[at:]
    if len(state) != size:
        raise ValueError("not a packed state")
    return bytes(state)
