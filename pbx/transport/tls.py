"""TLS contexts of the node (RFC 3261 26.3.1, RFC 5922): one for whoever connects, one for where we connect to.

The server's context stands for as long as the node runs, and hands every new handshake to the context of the files as
they are now. So a renewed certificate is served at once, and connections that stand are not touched.
"""

from __future__ import annotations

import logging
import os
import ssl
from pathlib import Path

from pbx.core.errors import StartupError
from pbx.transport.certificate import CertificateFiles

log = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


class ServerTls:
    """The context of listeners; `reload` looks at the files again."""

    def __init__(self, files: CertificateFiles) -> None:
        """Raises `StartupError` when the files cannot be used."""
        self.files = files
        self._stamp = _stamp(files)
        try:
            self._current = server_context(files)
            self.context = server_context(files)
        except (OSError, ssl.SSLError) as error:
            raise StartupError(
                f"the certificate {files.certificate} cannot be used: {_reason(error)}",
                path="tls_cert",
                action="Check --tls-cert (the certificate, then its chain, as PEM) and --tls-key",
            ) from error
        self.context.sni_callback = self._choose

    def reload(self) -> bool:
        """Serve the files as they are now, if they have changed; False when not, or when they do not fit."""
        stamp = _stamp(self.files)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._current = server_context(self.files)
        except (OSError, ssl.SSLError) as error:
            # Half of the pair has been replaced, most likely; the other half changes the stamp again.
            log.warning(
                "the changed certificate cannot be used, the old one stays",
                extra={"file": str(self.files.certificate), "error": _reason(error)},
            )
            return False
        log.info("the certificate was read anew", extra={"file": str(self.files.certificate)})
        return True

    def _choose(self, sock: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Called in every handshake, whether the client names a server or not."""
        sock.context = self._current


def server_context(files: CertificateFiles) -> ssl.SSLContext:
    """TLS 1.2 and newer, with these files. Raises `OSError` or `ssl.SSLError`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(files.certificate, files.key)
    return context


def client_context(own: CertificateFiles | None, trust: Path | None) -> ssl.SSLContext:
    """For connections we open: the peer proves its name to a CA of the system, our own, or one in `trust`.

    Ours is shown when the peer asks for one (mutual TLS). Takes a few milliseconds and the system's list of CAs, so
    it is made when the first connection is opened.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust is not None:
        context.load_verify_locations(trust)
    if own is not None:
        if own.ca is not None:
            context.load_verify_locations(own.ca)
        context.load_cert_chain(own.certificate, own.key)
    return context


def _stamp(files: CertificateFiles) -> Stamp:
    return tuple(_of_file(path) for path in (files.certificate, files.key))


def _of_file(path: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    return error.strerror or str(error)
