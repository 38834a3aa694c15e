"""The node's own certificate authority: what is made, when it is made again, and who may read it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from pbx.core.errors import StartupError
from pbx.transport.certificate import CertificateFiles, ensure, made
from pbx.transport.tls import ServerTls

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = ["office", "office.local", "192.0.2.10", "2001:db8::10"]


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def said(path: Path) -> set[str]:
    names = read(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {
        *names.get_values_for_type(x509.DNSName),
        *map(str, names.get_values_for_type(x509.IPAddress)),
    }


def test_it_says_every_name_and_its_authority_signed_it(tmp_path: Path) -> None:
    files = ensure(tmp_path, NAMES, NOW)
    assert files.ca is not None
    assert said(files.certificate) == set(NAMES)
    read(files.certificate).verify_directly_issued_by(read(files.ca))
    assert len(x509.load_pem_x509_certificates(files.certificate.read_bytes())) == 2
    basic = read(files.ca).extensions.get_extension_for_class(x509.BasicConstraints).value
    assert basic.ca
    assert basic.path_length == 0


def test_keys_are_for_the_nodes_user_only(tmp_path: Path) -> None:
    ensure(tmp_path, NAMES, NOW)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").iterdir()}
    assert modes["ca.key"] == modes["node.key"] == 0o600
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700


def test_nothing_is_made_while_it_fits(tmp_path: Path) -> None:
    files = ensure(tmp_path, NAMES, NOW)
    before = files.certificate.read_bytes()
    ensure(tmp_path, NAMES[:2], NOW + timedelta(days=300))
    assert files.certificate.read_bytes() == before


@pytest.mark.parametrize("why", ["a new address", "old age", "a lost file"])
def test_a_new_one_keeps_the_authority(tmp_path: Path, why: str) -> None:
    files = ensure(tmp_path, NAMES, NOW)
    assert files.ca is not None
    serial, authority = read(files.certificate).serial_number, files.ca.read_bytes()
    names, now = NAMES, NOW
    if why == "a new address":
        names = ["198.51.100.7"]
    elif why == "old age":
        now += timedelta(days=370)
    else:
        files.key.unlink()
    ensure(tmp_path, names, now)
    assert read(files.certificate).serial_number != serial
    assert files.ca.read_bytes() == authority
    assert said(files.certificate) >= {*names, *NAMES}, "a laptop that comes back finds its old address"


def test_it_never_lives_longer_than_apple_allows(tmp_path: Path) -> None:
    files = ensure(tmp_path, NAMES, NOW)
    found = read(files.certificate)
    assert found.not_valid_after_utc - found.not_valid_before_utc <= timedelta(days=398)
    assert made(tmp_path) is not None


def test_files_that_do_not_fit_together_are_named(tmp_path: Path) -> None:
    one, other = ensure(tmp_path / "one", NAMES, NOW), ensure(tmp_path / "other", NAMES, NOW)
    with pytest.raises(StartupError) as error:
        ServerTls(CertificateFiles(one.certificate, other.key))
    assert str(one.certificate) in str(error.value)
    assert "--tls-key" in str(error.value)


def test_half_a_replacement_keeps_the_old_certificate(tmp_path: Path) -> None:
    one, other = ensure(tmp_path / "one", NAMES, NOW), ensure(tmp_path / "other", NAMES, NOW)
    tls = ServerTls(one)
    assert not tls.reload()
    one.certificate.write_bytes(other.certificate.read_bytes())
    assert not tls.reload()
    one.key.write_bytes(other.key.read_bytes())
    assert tls.reload()
