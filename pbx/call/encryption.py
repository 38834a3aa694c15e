"""One leg's encryption: what our SDP says of it, and what the stream is told when both sides have spoken.

A leg keeps one key of ours for each suite as long as it lives, so that a re-INVITE that changes nothing changes no key
(RFC 4568 7.1.4), and one that does never takes a counter back. What is offered first follows from the node's policy:

  | policy     | a phone that is to be encrypted     | any other | a browser                     |
  |------------|-------------------------------------|-----------|-------------------------------|
  | `off`      | RTP/AVP                             | RTP/AVP   | UDP/TLS/RTP/SAVPF with ICE,   |
  | `optional` | RTP/AVP with a=crypto (RFC 8643)    | RTP/AVP   | whatever the policy: it knows |
  | `required` | RTP/SAVP with both kinds of keys    | the same  | nothing else                  |

A phone that refuses an offer with 488 may be one that takes no call without encryption: it gets another as if that were
required, and then one with UDP/TLS/RTP/SAVP (`insist`); one that is no browser after all gets what any other gets
first. Later offers repeat what was agreed.

ICE (RFC 8445) has a name and a password of ours for as long as the peer keeps its own: new ones of the peer are a
restart, which we join with new ones.
"""

from __future__ import annotations

import secrets
import string

import msgspec
from msgspec.structs import replace

from pbx.call.ports import Stream
from pbx.core.errors import PeerError
from pbx.model.stream import IceCredentials, SrtpKey
from pbx.sip.sdp import crypto
from pbx.sip.sdp.negotiate import AudioSession
from pbx.sip.sdp.security import (
    PLAIN_PROTOCOLS,
    Ours,
    Security,
    SrtpPolicy,
    Way,
    dtls_lines,
    is_active,
    sdes_lines,
)

BROWSER_PROTOCOL = "UDP/TLS/RTP/SAVPF"
BROWSER_TRANSPORTS = ("WS", "WSS")
"""Who comes over these is a page, until it says otherwise."""
SECURE_TRANSPORTS = ("TLS", "WSS")
"""Over these, keys in SDP are nobody else's to read."""


class _Agreed(msgspec.Struct, frozen=True):
    """What both sides have said."""

    way: Way
    protocol: str
    setup: str = ""
    ice: IceCredentials | None = None


class KeptEncryption(msgspec.Struct, frozen=True, array_like=True):
    """For the journal: what was agreed, and our keys."""

    policy: SrtpPolicy
    wanted: bool
    insist: Way | None
    material: dict[str, bytes]
    agreed: tuple[Way, str, str, IceCredentials | None] | None
    browser: bool
    ice: IceCredentials | None
    keys: tuple[SrtpKey, SrtpKey] | None


class Encryption:
    """Of one leg. `wanted`: a first offer of ours asks for encryption; `insist`: in this way, and no other will do.

    `browser`: the phone is a page, unless something else is insisted on.
    """

    def __init__(
        self,
        stream: Stream,
        policy: SrtpPolicy,
        *,
        wanted: bool = False,
        insist: Way | None = None,
        browser: bool = False,
    ) -> None:
        self.policy: SrtpPolicy = policy
        self._wanted = wanted
        self._browser = browser and insist is None
        insist = None if insist is Way.PLAIN else insist
        self._insist = insist or (Way.SDES if policy == "required" else None)
        self._stream = stream
        self._material: dict[str, bytes] = {}
        self._agreed: _Agreed | None = None
        self._offered: tuple[crypto.Crypto, ...] = ()
        self._offered_setup = ""
        self._offered_ice = False
        self._ice: IceCredentials | None = None
        self._keys: tuple[SrtpKey, SrtpKey] | None = None

    def kept(self) -> KeptEncryption:
        """For a later process."""
        agreed = self._agreed
        return KeptEncryption(
            self.policy,
            self._wanted,
            self._insist,
            self._material,
            None if agreed is None else (agreed.way, agreed.protocol, agreed.setup, agreed.ice),
            self._browser,
            self._ice,
            self._keys,
        )

    @classmethod
    def revived(cls, stream: Stream, kept: KeptEncryption) -> Encryption:
        """Go on with what an earlier process had agreed on; the stream has its keys already."""
        encryption = cls(stream, kept.policy, wanted=kept.wanted, insist=kept.insist)
        encryption._material = dict(kept.material)
        encryption._agreed = None if kept.agreed is None else _Agreed(*kept.agreed)
        encryption._browser, encryption._ice, encryption._keys = kept.browser, kept.ice, kept.keys
        return encryption

    @property
    def name(self) -> str:
        """How audio travels, in the words of a record; empty before both sides have spoken."""
        return self._agreed.way.value if self._agreed is not None else ""

    @property
    def next_way(self) -> Way | None:
        """What to insist on in another offer, to a phone that has refused ours; None: there is none left."""
        if self._browser:
            return Way.PLAIN
        if self.policy == "off" or self._insist is Way.DTLS:
            return None
        return Way.SDES if self._insist is None else Way.DTLS

    # -- our offer -------------------------------------------------------------------------------------------------

    def offer(self, *, secure: bool | None = None) -> Ours:
        """What our offer says. `secure` None: what was agreed, or what policy and `wanted` make of a first offer."""
        self._offered, self._offered_setup, self._offered_ice = (), "", False
        agreed = self._agreed
        if agreed is not None and (secure is None or agreed.ice is not None):
            way, protocol = agreed.way, agreed.protocol
        elif agreed is None and self._browser:
            way, protocol = Way.DTLS, BROWSER_PROTOCOL
        elif self.policy == "off":
            way, protocol = Way.PLAIN, "RTP/AVP"
        elif self._insist is not None:
            way, protocol = self._insist, "RTP/SAVP" if self._insist is Way.SDES else "UDP/TLS/RTP/SAVP"
        else:
            way, protocol = Way.SDES if (self._wanted if secure is None else secure) else Way.PLAIN, "RTP/AVP"
        return self._say(way, protocol)

    def _say(self, way: Way, protocol: str) -> Ours:
        if way is Way.PLAIN:
            return Ours(protocol)
        lines: tuple[str, ...] = ()
        if way is Way.SDES:
            self._offered = tuple(
                self._crypto(tag, suite) for tag, suite in enumerate(crypto.SUITES, start=1)
            )
            lines = sdes_lines(self._offered)
        if way is Way.DTLS or (self._agreed is None and self._insist is Way.SDES):
            self._offered_setup = "actpass"
            lines += dtls_lines(self._stream.fingerprint, "actpass")
        return Ours(protocol, lines, self._offer_ice() if way is Way.DTLS else None)

    def _offer_ice(self) -> IceCredentials | None:
        """Ours for an offer, to whom ICE was agreed with or is expected of."""
        theirs = self._agreed.ice if self._agreed is not None else None
        if theirs is None and (self._agreed is not None or not self._browser):
            return None
        self._offered_ice = True
        ours = self._ice = self._ice or _new_ice()
        self._stream.ice(ours, theirs)
        return ours

    def offer_to_browser(self) -> Ours:
        """The same for a page, beside what `offer` said for others; whichever is answered counts."""
        self._offered_setup = "actpass"
        self._browser = True
        return Ours(BROWSER_PROTOCOL, dtls_lines(self._stream.fingerprint, "actpass"), self._offer_ice())

    def repeated(self, ours: AudioSession) -> None:
        """An SDP of ours, offer or answer, went out again as an offer: `take_answer` follows."""
        self._offered, self._offered_setup = ours.security.cryptos, ours.security.setup
        self._offered_ice = self._agreed is not None and self._agreed.ice is not None

    def take_answer(self, answer: AudioSession) -> None:
        """The phone's answer. Raises `PeerError` 488 when it is not what we offered; nothing has changed then."""
        theirs = answer.security
        if self._offered and theirs.crypto_lines:
            pair = crypto.accepted(self._offered, answer.media[answer.media_index].all("crypto"))
            self._agree(_Agreed(Way.SDES, theirs.protocol), answer, pair=pair)
        elif self._offered_setup and theirs.fingerprints:
            active = is_active(theirs.setup, offered=self._offered_setup)
            if active is None:
                raise PeerError(488, "Unusable DTLS Setup")
            if self._offered_ice and theirs.ice is None:
                raise PeerError(488, "Answer Without ICE")
            self._agree(_Agreed(Way.DTLS, theirs.protocol, ice=theirs.ice), answer, active=active)
        elif self._insist is not None or theirs.protocol not in PLAIN_PROTOCOLS:
            raise PeerError(488, "Answer Without Keys")
        else:
            self._agree(_Agreed(Way.PLAIN, theirs.protocol), answer)

    # -- our answer ------------------------------------------------------------------------------------------------

    def answer(self, offer: AudioSession) -> Ours:
        """What our answer to this offer says; the stream is ready for it. Raises `PeerError` 488."""
        theirs = offer.security
        way = theirs.allowed(self.policy)
        if way is None:
            raise PeerError(488, "Encryption Required" if theirs.way is Way.PLAIN else "Not Acceptable Here")
        if way is Way.PLAIN:
            self._agree(_Agreed(way, theirs.protocol), offer)
            return Ours(theirs.protocol)
        if way is Way.SDES:
            chosen = crypto.choose(theirs.cryptos)
            if chosen is None:
                raise PeerError(488, "Not Acceptable Here")
            ours = self._crypto(chosen.tag, chosen.suite)
            self._agree(_Agreed(way, theirs.protocol), offer, pair=(ours, chosen))
            return Ours(theirs.protocol, sdes_lines((ours,)))
        setup = self._setup_for(theirs)
        self._join_ice(theirs.ice)
        self._agree(_Agreed(way, theirs.protocol, setup, theirs.ice), offer, active=setup == "active")
        return Ours(theirs.protocol, dtls_lines(self._stream.fingerprint, setup), self._ice)

    def _join_ice(self, theirs: IceCredentials | None) -> None:
        """Ours for an answer: those that the peer knows, or new ones when it has new ones (RFC 8445 9)."""
        before = self._agreed.ice if self._agreed is not None else None
        if theirs is not None and (self._ice is None or theirs != before):
            self._ice = _new_ice()

    def _setup_for(self, theirs: Security) -> str:
        """Passive where we may choose: a phone behind NAT can only begin itself. A role once taken stays."""
        if theirs.setup == "passive":
            return "active"
        if theirs.setup == "actpass" and self._agreed is not None and self._agreed.setup:
            return self._agreed.setup
        if theirs.setup in ("active", "actpass", ""):
            return "passive"
        raise PeerError(488, "Unusable DTLS Setup")

    # -- both ------------------------------------------------------------------------------------------------------

    def _crypto(self, tag: int, suite: crypto.Suite) -> crypto.Crypto:
        if suite.name not in self._material:
            self._material[suite.name] = secrets.token_bytes(suite.material_bytes)
        return crypto.Crypto(tag, suite, self._material[suite.name])

    def _agree(
        self,
        agreed: _Agreed,
        session: AudioSession,
        *,
        pair: tuple[crypto.Crypto, crypto.Crypto] | None = None,
        active: bool = False,
    ) -> None:
        """Tell the stream; an agreement that changes nothing tells it nothing."""
        if pair is not None:
            ours, theirs = pair
            keys = (_srtp_key(theirs), _srtp_key(ours))
            if keys != self._keys:
                self._stream.secure(*keys)
            self._keys = keys
        elif agreed.way is Way.DTLS:
            self._keys = None
            if agreed.ice is not None and self._ice is not None:
                self._stream.ice(self._ice, agreed.ice)
            self._stream.handshake(
                active=active,
                fingerprints=session.security.fingerprints,
                host=session.host,
                port=session.rtp_port,
            )
            agreed = replace(agreed, setup="active" if active else "passive")
        elif self._agreed is not None and self._agreed.way is not Way.PLAIN:
            self._keys = None
            self._stream.secure(None, None, required=False)
        if agreed.ice is None and self._ice is not None:
            self._ice = None
            self._stream.ice(None, None)
            if agreed.way is Way.PLAIN:
                self._stream.secure(None, None, required=False)
        self._agreed = agreed


def _new_ice() -> IceCredentials:
    """RFC 8445 5.3: at least 24 and 128 bits at random."""
    letters = string.ascii_letters + string.digits
    ufrag, password = ("".join(secrets.choice(letters) for _ in range(count)) for count in (8, 24))
    return IceCredentials(ufrag, password)


def _srtp_key(of: crypto.Crypto) -> SrtpKey:
    return SrtpKey(of.suite.profile, of.key, of.salt)
