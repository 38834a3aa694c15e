"""What a later process needs to go on with a stream: plain values, for a journal that holds keys."""

from __future__ import annotations

import zlib

import msgspec

from pbx.model.stream import Fingerprint, IceCredentials, RemoteMedia, SrtpKey

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
    """The engine's record is mostly zeros."""
    return zlib.compress(state, 1)


def unpacked_state(packed: bytes) -> bytes:
    """Raises `ValueError` for what is none."""
    try:
        return zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError("not a packed state") from error
