"""The part of `pbx doctor` that looks outward: the certificate, and the address the Internet sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pbx.app.secure import own_certificate_fits
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.transport.certificate import CertificateFiles, made, own_files
from pbx.transport.dns import CaresDns
from pbx.transport.external import ExternalAddress
from pbx.transport.interfaces import addresses
from pbx.transport.tls import ServerTls

SOON_S = 14 * 86400.0

Line = tuple[str, str, str, str]
"""Grade ("ok", "warn" or "FAIL"), what was looked at, what was found, what to do."""


def look(config: NodeConfig) -> Iterator[Line]:
    """Both checks."""
    if config.tls:
        yield _certificate(config)
    yield _external(config)


def _certificate(config: NodeConfig) -> Line:
    name = "certificate"
    now = time.time()
    if config.tls_cert is not None and config.tls_key is not None:
        files = CertificateFiles(config.tls_cert, config.tls_key)
        try:
            ServerTls(files)
        except StartupError as error:
            return "FAIL", name, error.message, error.action
        ends = _end(config.tls_cert)
    else:
        found = made(config.data_dir)
        if found is None:
            return "ok", name, "the node's own will be made at the first start", ""
        ends = found.expires_at
        files = own_files(config.data_dir)
        if not own_certificate_fits(config, now):
            return "ok", name, f"{files.certificate} does not fit any more, the node makes another", ""
    until = f"{datetime.fromtimestamp(ends, UTC):%Y-%m-%d}"
    if ends < now:
        return "FAIL", name, f"{files.certificate} ended on {until}", "Renew it: phones refuse to connect"
    if ends - now < SOON_S:
        return (
            "warn",
            name,
            f"{files.certificate} ends on {until}",
            "Renew it; the node reads the new files itself",
        )
    return "ok", name, f"{files.certificate}, good until {until}", ""


def _end(path: Path) -> float:
    from cryptography import x509

    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.timestamp()


def _external(config: NodeConfig) -> Line:
    name = "external address"
    if config.external_ip != "auto":
        return "ok", name, f"{config.external_ip}, as configured", ""
    if config.stun_server in ("", "none"):
        return "ok", name, "not asked for (stun_server is none)", ""
    found = asyncio.run(_ask(config))
    if not found.address:
        return (
            "warn",
            name,
            f"unknown: {found.problem}",
            "Phones outside this network will not hear anything. Set --external-ip, or another --stun-server",
        )
    if found.address in addresses():
        return "ok", name, f"{found.address}, this machine's own", ""
    return (
        "ok",
        name,
        f"{found.address}, behind a router: forward the SIP and audio ports to this machine",
        "",
    )


async def _ask(config: NodeConfig) -> ExternalAddress:
    dns = CaresDns(config.dns_servers)
    found = ExternalAddress(configured="auto", server=config.stun_server, dns=dns)
    await found.check()
    await dns.close()
    return found
