"""One DTLS 1.2 association for SRTP keys (RFC 5763, RFC 5764), without sockets and without a clock of its own.

OpenSSL does the protocol over memory. Datagrams go in by `take` and come out of `pending`; when `done`, `keys` are
what the exporter gave. The peer's certificate counts only by its fingerprint (RFC 8122), checked inside the handshake,
so that a stranger is refused with an alert.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL, crypto

from pbx.media.identity import Identity
from pbx.model.stream import Fingerprint, SrtpKey

MTU = 1200
PROFILES = {
    b"SRTP_AEAD_AES_256_GCM": (8, 32, 12),
    b"SRTP_AEAD_AES_128_GCM": (7, 16, 12),
    b"SRTP_AES128_CM_SHA1_80": (1, 16, 14),
}
"""use_srtp's names by preference, with our number and the lengths of key and salt."""
HASHES = {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
_LABEL = b"EXTRACTOR-dtls_srtp"
_DTLS_1_2 = 0xFEFD
_RECORD_HEADER = 13


class DtlsError(Exception):
    """The handshake cannot succeed any more. `stranger`: because of whose certificate it was."""

    def __init__(self, reason: str, *, stranger: bool = False) -> None:
        super().__init__(reason)
        self.stranger = stranger


def context(identity: Identity) -> SSL.Context:
    """For all associations of a node."""
    made = SSL.Context(SSL.DTLS_METHOD)
    made.set_min_proto_version(_DTLS_1_2)
    made.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET)
    made.set_cipher_list(_CIPHERS)
    key = serialization.load_pem_private_key(identity.key_pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError("the node's certificate is neither ECDSA nor RSA")
    made.use_privatekey(key)
    made.use_certificate(x509.load_pem_x509_certificate(identity.certificate_pem))
    made.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _verify)
    made.set_tlsext_use_srtp(b":".join(PROFILES))
    return made


def _verify(connection: SSL.Connection, certificate: crypto.X509, _error: int, depth: int, _ok: int) -> bool:
    """Who signed it does not matter; whose it is, signalling has said."""
    peer = connection.get_app_data()
    return depth > 0 or (isinstance(peer, DtlsPeer) and peer.recognises(certificate))


class DtlsPeer:
    """One peer. `active`: we send the ClientHello."""

    def __init__(self, made: SSL.Context, *, active: bool, fingerprints: Sequence[Fingerprint]) -> None:
        self.done = False
        self.keys: tuple[SrtpKey, SrtpKey] | None = None
        """(what it sends with, what we send with), once done."""
        self._active = active
        self._fingerprints = tuple(fingerprints)
        self._recognised = False
        self._connection = SSL.Connection(made)
        self._connection.set_app_data(self)
        self._connection.set_ciphertext_mtu(MTU)
        if active:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def recognises(self, certificate: crypto.X509) -> bool:
        """Whether one of the fingerprints is the certificate's."""
        der = crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)  # a stranger's need not be readable
        self._recognised = any(
            each.algorithm in HASHES
            and hmac.compare_digest(HASHES[each.algorithm](der).digest(), each.digest)
            for each in self._fingerprints
        )
        return self._recognised

    def start(self) -> None:
        """Make the first flight of an active side."""
        self._step()

    def take(self, datagram: bytes) -> None:
        """A datagram of the peer. Raises `DtlsError`; garbage is passed over, as DTLS does (RFC 6347 4.1.2.7)."""
        self._connection.bio_write(datagram)
        self._step()

    def wait_s(self) -> float | None:
        """When `expired` is to be called, None for never."""
        return None if self.done else self._connection.DTLSv1_get_timeout()

    def expired(self) -> None:
        """Send the last flight again. Raises `DtlsError` when that was done too often."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise DtlsError("the peer does not answer") from error

    def close(self) -> None:
        """Let go of OpenSSL's memory now, not when the collector comes by."""
        self._connection.set_app_data(None)

    def pending(self) -> Iterator[bytes]:
        """What is to be sent, as datagrams of whole records, none above the MTU."""
        try:
            waiting = self._connection.bio_read(65536)
        except SSL.WantReadError:
            return
        datagram = b""
        while waiting:
            size = _RECORD_HEADER + int.from_bytes(waiting[11:13], "big")
            if datagram and len(datagram) + size > MTU:
                yield datagram
                datagram = b""
            datagram += waiting[:size]
            waiting = waiting[size:]
        yield datagram

    def _step(self) -> None:
        try:
            if self.done:
                self._connection.recv(MTU)  # a flight of the peer that came again is answered in here
            else:
                self._connection.do_handshake()
                self._finish()
        except (SSL.WantReadError, SSL.ZeroReturnError):
            pass
        except SSL.Error as error:
            if not self.done:
                raise _failure(error, recognised=self._recognised) from error

    def _finish(self) -> None:
        """RFC 5764 4.2: client key, server key, client salt, server salt."""
        profile = PROFILES.get(self._connection.get_selected_srtp_profile())
        if profile is None or not self._recognised:
            raise DtlsError("no SRTP profile in common")
        number, key_bytes, salt_bytes = profile
        material = self._connection.export_keying_material(_LABEL, 2 * (key_bytes + salt_bytes))
        keys, salts = material[: 2 * key_bytes], material[2 * key_bytes :]
        client = SrtpKey(number, keys[:key_bytes], salts[:salt_bytes])
        server = SrtpKey(number, keys[key_bytes:], salts[salt_bytes:])
        self.keys = (server, client) if self._active else (client, server)
        self.done = True


def _failure(error: SSL.Error, *, recognised: bool) -> DtlsError:
    """OpenSSL's own words; a fingerprint that did not fit is what matters most."""
    said = error.args[0] if error.args and isinstance(error.args[0], list) else []
    words = "; ".join(str(each[-1]) for each in said) or "no reason given"
    if recognised or "certificate" not in words:
        return DtlsError(words)
    return DtlsError(f"the certificate is not the one of SDP ({words})", stranger=True)
