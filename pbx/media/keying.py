"""The part of a stream that encryption needs: keys from signalling or from a handshake, and what shares its port.

SRTP itself is the compiled engine's. STUN and DTLS come up here, told apart by their first byte (RFC 7983).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pbx.media.host_address import packed, readable
from pbx.media.kept import KeptHandshake, KeptIce
from pbx.model.stream import Fingerprint, IceCredentials, Keyed, KeyingFailed, SrtpKey, StreamEvent

if TYPE_CHECKING:
    from media_ext.leg_handle import Leg
    from pbx.media.dtls import Handshake
    from pbx.media.engine import MediaEngine
    from pbx.media.ice_path import IcePath

Address = tuple[str, int]
BROWSER: Address = ("", 0)
"""In a handshake: wherever ICE says the browser is, which may change meanwhile."""


def unheard(_event: StreamEvent) -> None:
    """Nobody listens to this stream yet."""


class KeptRoles:
    """Stands for a handshake of an earlier process: its keys hold, and packets of its end are not answered."""

    __slots__ = ("kept",)

    def __init__(self, kept: KeptHandshake) -> None:
        self.kept = kept

    def same(self, active: bool, fingerprints: Sequence[Fingerprint]) -> bool:
        return self.kept.active == active and set(self.kept.fingerprints) == set(fingerprints)

    def take(self, data: bytes, address: Address) -> None:
        """Late packets of the handshake."""

    def close(self) -> None:
        """Nothing runs."""


class Keying:
    """What `pbx.media.stream.Stream` is made on. `keying_failed` says why a handshake gave no keys."""

    __slots__ = (
        "_encrypted",
        "_engine",
        "_handshake",
        "_ice",
        "_keys",
        "_on_datagram",
        "closed",
        "keying_failed",
        "label",
        "native",
        "on_event",
    )

    def __init__(self, engine: MediaEngine, native: Leg, label: str) -> None:
        self.label = label
        self.native = native
        self.on_event: Callable[[StreamEvent], None] = unheard
        self.closed = False
        self.keying_failed = ""
        self._engine = engine
        self._encrypted = False
        self._keys: tuple[SrtpKey | None, SrtpKey | None] = (None, None)
        self._handshake: Handshake | KeptRoles | None = None
        self._ice: IcePath | None = None
        self._on_datagram: Callable[[bytes, Address], None] | None = None

    def secure(self, receive: SrtpKey | None, send: SrtpKey | None, *, required: bool = True) -> None:
        """Take and send only SRTP, with these keys; None leaves what is there, and without a key nothing passes.

        New keys go on with roll-over counters and replay windows. `required` False: plain RTP again. Raises
        `ValueError` for keys that do not fit their profile.
        """
        if not self.closed:
            self.end_handshake()
            self._secure(receive, send, required)
            self.told_keys()

    @property
    def fingerprint(self) -> Fingerprint:
        """Of the certificate that this node shows in a DTLS handshake."""
        return self._engine.certificate.identity.fingerprint

    def handshake(self, *, active: bool, fingerprints: Sequence[Fingerprint], host: str, port: int) -> None:
        """Agree on keys by DTLS-SRTP with who has a certificate of one of these fingerprints.

        `active`: we begin, towards `host` and `port`. Until then nothing passes. Ends with `Keyed` or `KeyingFailed`.
        An earlier handshake with the same fingerprints and roles goes on, or stays done.
        """
        if self.closed or (self._handshake is not None and self._handshake.same(active, fingerprints)):
            return
        from pbx.media.dtls import Handshake  # costs memory that nodes without DTLS need not spend

        self.end_handshake()
        self.keying_failed = ""
        self._handshake = Handshake(
            self._engine.certificate.identity, self, active=active, fingerprints=fingerprints
        )
        self._secure(None, None, True)
        self._handshake.start((host, port) if self._ice is None else BROWSER)

    def ice(self, ours: IceCredentials | None, theirs: IceCredentials | None) -> None:
        """From now on only checks that are signed with `ours` say where the phone is, and nothing is sent before.

        `theirs` None: signalling has not said it yet. Other credentials are a restart. `ours` None: no ICE any more.
        """
        if self.closed:
            return
        if ours is None:
            self._end_ice()
            self._engine.native.set_path(self.native, False)
            self._secure(None, None, self._encrypted)
            return
        if self._ice is None:
            from pbx.media.ice_path import IcePath

            self._ice = IcePath(self, self._engine.refused.count)
            self._secure(None, None, True)
        self._ice.use(ours, theirs)

    def point_to(self, address: Address | None) -> None:
        """For the stream's ICE: where audio goes, None for nowhere."""
        host = b"" if address is None else packed(address[0], ipv6=self._engine.ipv6)
        self._engine.native.set_path(self.native, True, host, 0 if address is None else address[1])
        self.told_keys()

    def take_keys(self, receive: SrtpKey, send: SrtpKey) -> None:
        """What the stream's handshake has found."""
        self._secure(receive, send, True)
        self.told_keys()
        self.on_event(Keyed())

    def told_keys(self) -> None:
        """There are keys, or a path, that a later process would need."""

    def kept_ice(self) -> KeptIce | None:
        """For a later process, of a stream whose path ICE finds."""
        return None if self._ice is None else self._ice.kept()

    def resume_ice(self, kept: KeptIce) -> None:
        """Go on with it."""
        self.ice(kept.ours, kept.theirs)
        if self._ice is not None:
            self._ice.resume(kept.selected)

    def miss_keys(self, reason: str) -> None:
        """The stream's handshake has failed for good."""
        if self._ice is not None and not self._ice.was_found:
            reason = (
                "the browser does not reach this node's audio port: look at firewalls, or use a TURN server"
            )
        self.keying_failed = reason
        self.on_event(KeyingFailed(reason))

    def listen(self, listener: Callable[[bytes, Address], None] | None) -> None:
        """Get the STUN packets that come to the RTP and RTCP ports, with their sources; None: no more."""
        if not self.closed:
            self._on_datagram = listener
            self._secure(None, None, self._encrypted)

    def send_datagram(self, data: bytes, address: Address) -> bool:
        """Send STUN or DTLS from the RTP port; False when it did not go."""
        if address == BROWSER:
            found = self._ice.reply_to if self._ice is not None else None
            if found is None:
                return False
            address = found
        host = packed(address[0], ipv6=self._engine.ipv6)
        return not self.closed and self._engine.native.send_datagram(self.native, data, host, address[1])

    def take_datagram(self, data: bytes, host: bytes, port: int) -> None:
        """STUN or DTLS that came to this stream."""
        address = (readable(host), port)
        if data[0] >= 20:
            self._take_dtls(data, address)
        elif self._ice is not None:
            self._ice.take_stun(data, address)
        elif self._on_datagram is not None:
            self._on_datagram(data, address)

    def _take_dtls(self, data: bytes, address: Address) -> None:
        if self._handshake is None:
            return
        if self._ice is None:
            self._handshake.take(data, address)
        elif self._ice.is_known(address):
            self._handshake.take(data, BROWSER)

    def refuse(self, what: str) -> None:
        """Count what was refused of somebody at this port."""
        self._engine.refused.count(what)

    def _end_ice(self) -> None:
        if self._ice is not None:
            self._ice.close()
            self._ice = None

    def end_handshake(self) -> None:
        """Stop trying, and answer nothing any more; keys that were found stay."""
        if self._handshake is not None:
            self._handshake.close()
            self._handshake = None

    def remember_keys(
        self,
        receive: SrtpKey | None,
        send: SrtpKey | None,
        handshake: KeptHandshake | None,
        *,
        encrypted: bool,
    ) -> None:
        """The keys that the stream had in an earlier process, and the handshake that they came from."""
        self._handshake = None if handshake is None else KeptRoles(handshake)
        self._keys, self._encrypted = (receive, send), encrypted

    def resume_keys(self, *, encrypted: bool) -> None:
        """Go on with them."""
        self._secure(*self._keys, encrypted)

    def kept_handshake(self) -> KeptHandshake | None:
        """The roles of a handshake that has given keys."""
        handshake = self._handshake
        if handshake is None or self._keys[0] is None:
            return None
        return handshake.kept

    def _secure(self, receive: SrtpKey | None, send: SrtpKey | None, encrypted: bool) -> None:
        listening = self._handshake is not None or self._ice is not None or self._on_datagram is not None
        self._engine.native.secure(self.native, _material(receive), _material(send), encrypted, listening)
        self._encrypted = encrypted
        self._keys = (receive or self._keys[0], send or self._keys[1])


def _material(key: SrtpKey | None) -> tuple[int, bytes, bytes] | None:
    return None if key is None else (key.profile, key.key, key.salt)
