"""TLS contexts of the node (RFC 3261 26.3.1, RFC 5922): one for whoever connects, one for where we connect to.

The server's context stands for as long as the node runs, and hands every new handshake to the context of the files as
they are now. So a renewed certificate is served at once, and connections that stand are not touched.
"""

from __future__ import annotations

import logging
import os
import ssl
from collections.abc import Collection, Mapping
from pathlib import Path
from weakref import WeakSet

from pbx.core.errors import StartupError
from pbx.transport.certificate import CertificateFiles

log = logging.getLogger(__name__)

Stamp = tuple[tuple[int, int, int], ...]


class ServerTls:
    """The contexts of listeners; `reload` looks at the files again.

    Beside the node's own certificate there may be one that a public CA signed for some names. Who asks for one of them
    gets that. Who asks for no name connects to an address, or is a carrier's old program: over HTTPS (`web_context`)
    it is told the own certificate, over SIP (`context`) the public one.
    """

    def __init__(self, files: CertificateFiles) -> None:
        """Raises `StartupError` when the files cannot be used."""
        self.files = files
        self._stamp = _stamp(files)
        try:
            self._current = server_context(files)
            self.context = server_context(files)
            self.web_context = server_context(files)
        except (OSError, ssl.SSLError) as error:
            raise StartupError(
                f"the certificate {files.certificate} cannot be used: {_reason(error)}",
                path="tls_cert",
                action="Check --tls-cert (the certificate, then its chain, as PEM) and --tls-key",
            ) from error
        self._public: _Public | None = None
        self._answers: Mapping[str, ssl.SSLContext] = {}
        self._asking: WeakSet[ssl.SSLObject] = WeakSet()
        self.context.sni_callback = self.web_context.sni_callback = self._choose

    @property
    def public(self) -> CertificateFiles | None:
        """The files of the public certificate that is served, if there is one."""
        return None if self._public is None or self._public.context is None else self._public.files

    def also(self, files: CertificateFiles, names: Collection[str]) -> None:
        """Serve this certificate for these names, as soon as it is there."""
        self._public = _Public(files, frozenset(each.lower() for each in names))
        self.reload()

    def reload(self) -> bool:
        """Serve the files as they are now, if they have changed; False when not, or when they do not fit."""
        public = self._public is not None and self._public.reload()
        stamp = _stamp(self.files)
        if stamp == self._stamp:
            return public
        self._stamp = stamp
        if (context := _read(self.files)) is None:
            return public
        self._current = context
        return True

    def answer(self, contexts: Mapping[str, ssl.SSLContext]) -> None:
        """Prove names to a CA over HTTPS (TLS-ALPN-01); nobody but the CA sees it."""
        self._answers = contexts
        # The name is told before the protocols are. What the client said is seen only here, and this is in no
        # documented part of Python's ssl; without it, browsers would see the proof too, for these seconds.
        if hasattr(self.web_context, "_msg_callback"):
            self.web_context._msg_callback = self._look if contexts else None

    def _look(self, sock: ssl.SSLObject, direction: str, *rest: object) -> None:
        if direction == "read" and isinstance(rest[-1], bytes) and b"\x0aacme-tls/1" in rest[-1]:
            self._asking.add(sock)

    def _choose(self, sock: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Called in every handshake, whether the client names a server or not."""
        wanted = (name or "").lower()
        if wanted in self._answers and context is self.web_context and self._is_asked(sock):
            sock.context = self._answers[wanted]
        elif self._public is not None and (
            wanted in self._public.names if wanted else context is self.context
        ):
            sock.context = self._public.context or self._current
        else:
            sock.context = self._current

    def _is_asked(self, sock: ssl.SSLObject) -> bool:
        return sock in self._asking or not hasattr(self.web_context, "_msg_callback")


class _Public:
    """The certificate of some names, once there is one."""

    def __init__(self, files: CertificateFiles, names: frozenset[str]) -> None:
        self.files = files
        self.names = names
        self.context: ssl.SSLContext | None = None
        self._stamp: Stamp | None = None

    def reload(self) -> bool:
        stamp = _stamp(self.files)
        if stamp == self._stamp or not self.files.certificate.is_file():
            return False
        self._stamp = stamp
        if (context := _read(self.files)) is None:
            return False
        self.context = context
        return True


def _read(files: CertificateFiles) -> ssl.SSLContext | None:
    """A context of the files as they are now; None when they do not fit."""
    try:
        context = server_context(files)
    except (OSError, ssl.SSLError) as error:
        # Half of the pair has been replaced, most likely; the other half changes the stamp again.
        log.warning(
            "the changed certificate cannot be used, the old one stays",
            extra={"file": str(files.certificate), "error": _reason(error)},
        )
        return None
    log.info("the certificate was read anew", extra={"file": str(files.certificate)})
    return context


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
