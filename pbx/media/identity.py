"""The certificate that phones know this node by in DTLS-SRTP: self-signed, ECDSA on P-256, made once and kept.

Who it belongs to is not said in it: signalling carries its fingerprint (RFC 8122), and that is what is checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from pbx.core.errors import StartupError
from pbx.model.stream import Fingerprint

log = logging.getLogger(__name__)

HASH = "sha-256"
_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280 4.1.2.5


@dataclass(frozen=True, slots=True)
class Identity:
    """Key and certificate as PEM."""

    key_pem: bytes = field(repr=False)
    certificate_pem: bytes

    @property
    def fingerprint(self) -> Fingerprint:
        """What our SDP says about the certificate."""
        from ssl import PEM_cert_to_DER_cert  # not at the node's start

        der = PEM_cert_to_DER_cert(self.certificate_pem.decode())
        return Fingerprint(HASH, hashlib.sha256(der).digest())


class Certificate:
    """A node's identity, kept in `path`; without a path, each run has another."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def check(self) -> None:
        """At the start: raises `StartupError` when the file is there and is something else."""
        if self._path is not None and self._path.exists():
            _split(self._path)

    @cached_property
    def identity(self) -> Identity:
        """The first to ask waits until it is read, or made."""
        try:
            return load_identity(self._path)
        except OSError as error:
            log.warning("the certificate of encrypted audio is not kept", extra={"reason": str(error)})
            return new_identity()


def load_identity(path: Path | None) -> Identity:
    """The one that is kept in `path`, made on first use; without a path, a new one.

    Raises `StartupError` when the file is something else, `OSError` when it can be neither read nor written.
    """
    if path is None:
        return new_identity()
    try:
        return _split(path)
    except FileNotFoundError:
        identity = new_identity()
        _keep(path, identity)
        return identity


def new_identity() -> Identity:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(8))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(_NEVER)
        .sign(key, hashes.SHA256())
    )
    return Identity(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


def _split(path: Path) -> Identity:
    """Key and certificate stand in one file, the key first."""
    text = path.read_bytes()
    key, mark, certificate = text.partition(b"-----BEGIN CERTIFICATE-----")
    if b"PRIVATE KEY-----" not in key or b"-----END CERTIFICATE-----" not in certificate:
        raise StartupError(
            f"{path} does not hold a key and a certificate",
            action="Move it away: a new one is made, and phones learn of it in the next call",
        )
    return Identity(key, mark + certificate)


def _keep(path: Path, identity: Identity) -> None:
    """Written beside and moved into place, so that a power cut leaves a whole file or none."""
    beside = path.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(identity.key_pem + identity.certificate_pem)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
