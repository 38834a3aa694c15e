"""The node's own certificate authority and the certificate it signs for this node (RFC 5280).

    data/tls/ca.key  ca.crt      made once, good for ten years: what phones and browsers are told to trust
             node.key node.crt   made again when the node's addresses change or its time runs out
             made.json           for which names and until when, so that looking costs no import

`cryptography` is imported only while something is made, and that in a process of its own (`python -m` this module): it
would cost the node twelve megabytes for as long as it runs.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pbx.core.errors import StartupError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, GeneralName, Name

FOLDER = "tls"
CA_DAYS = 3650
NODE_DAYS = 397
"""Apple refuses certificates that live longer than 398 days, whoever signed them."""
RENEW_BEFORE_S = 30 * 86400.0

_CLOCK_SKEW = timedelta(days=1)
"""A phone whose clock has not been set yet still finds the certificate valid."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What the node's certificate says, beside it. Unix seconds."""

    names: tuple[str, ...]
    expires_at: float


class CertificateFiles(msgspec.Struct, frozen=True):
    """A certificate chain and its key. `ca` is ours to hand out; None when somebody else signed."""

    certificate: Path
    key: Path
    ca: Path | None = None


def own_files(data_dir: Path) -> CertificateFiles:
    """Where the node's own certificate is, or will be."""
    folder = data_dir / FOLDER
    return CertificateFiles(folder / "node.crt", folder / "node.key", folder / "ca.crt")


def made(data_dir: Path) -> Made | None:
    """What the node's certificate says; None when there is none that can be used."""
    files = own_files(data_dir)
    try:
        found = msgspec.json.decode((data_dir / FOLDER / "made.json").read_bytes(), type=Made)
    except (OSError, msgspec.MsgspecError):
        return None
    present = files.ca is not None and all(
        each.is_file() for each in (files.ca, files.certificate, files.key)
    )
    return found if present else None


def is_due(found: Made | None, names: Iterable[str], now: float) -> bool:
    """Whether a new node certificate is needed: none yet, a name it does not say, or soon too old."""
    return found is None or now > found.expires_at - RENEW_BEFORE_S or not set(names) <= set(found.names)


def ensure(data_dir: Path, names: Iterable[str], now: datetime | None = None) -> CertificateFiles:
    """The node's certificate for these names and addresses, made first where it must be. Blocks for a moment.

    Names of the last certificate are kept, up to a few, so that a laptop that moves between networks settles down.
    Raises `StartupError` when the folder cannot be written.
    """
    moment = now if now is not None else datetime.now(UTC)
    files = own_files(data_dir)
    before = made(data_dir)
    if is_due(before, names, moment.timestamp()):
        wanted = tuple(dict.fromkeys([*names, *(before.names if before else ())]))[:32]
        try:
            _make(data_dir / FOLDER, wanted, moment)
        except OSError as error:
            raise StartupError(
                f"the certificate cannot be made in {data_dir / FOLDER}: {error.strerror or error}",
                action="Give this user the right to write there, or name one with --tls-cert and --tls-key",
            ) from error
    return files


def _make(folder: Path, names: tuple[str, ...], now: datetime) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_key, ca = _authority(folder, names[0] if names else "node", now)
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    expires = min(now + timedelta(days=NODE_DAYS), ca.not_valid_after_utc)
    builder = _builder(names[0] if names else "bellwire", now, expires).public_key(key.public_key())
    certificate = (
        builder.issuer_name(ca.subject)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    write_whole(folder / "node.key", _pem_key(key))
    write_whole(folder / "node.crt", _pem(certificate) + _pem(ca), mode=0o644)
    write_whole(
        folder / "made.json",
        msgspec.json.encode(Made(names=names, expires_at=expires.timestamp())),
        mode=0o644,
    )


def _authority(folder: Path, name: str, now: datetime) -> tuple[EllipticCurvePrivateKey, Certificate]:
    """The CA, made on first use. A CA whose end is nearer than a node certificate's is made anew."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key_path, path = folder / "ca.key", folder / "ca.crt"
    if key_path.is_file() and path.is_file():
        loaded = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        known = x509.load_pem_x509_certificate(path.read_bytes())
        if (
            isinstance(loaded, ec.EllipticCurvePrivateKey)
            and known.not_valid_after_utc - now > timedelta(days=60)
            and known.public_key() == loaded.public_key()
        ):
            return loaded, known
    key = ec.generate_private_key(ec.SECP256R1())
    subject = f"Bellwire {name} {secrets.token_hex(3)}"[:64]
    usage = {
        "digital_signature": False, "content_commitment": False, "key_encipherment": False,
        "data_encipherment": False, "key_agreement": False, "key_cert_sign": True, "crl_sign": True,
        "encipher_only": False, "decipher_only": False,
    }  # fmt: skip
    builder = _builder(subject, now, now + timedelta(days=CA_DAYS)).public_key(key.public_key())
    certificate = (
        builder.issuer_name(_name(subject))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_whole(key_path, _pem_key(key))
    write_whole(path, _pem(certificate), mode=0o644)
    return key, certificate


def _builder(subject: str, now: datetime, expires: datetime) -> CertificateBuilder:
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(expires)
    )


def _name(common_name: str) -> Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _general_name(text: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _pem_key(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_whole(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Whole or not at all, and never readable by others for a moment."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


if __name__ == "__main__":  # python -m pbx.transport.certificate DATA_DIR NAME …
    ensure(Path(sys.argv[1]), sys.argv[2:])
