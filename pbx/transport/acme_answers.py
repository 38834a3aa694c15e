"""Answers a CA's question whether a name leads here: HTTP-01 (RFC 8555 8.3) and TLS-ALPN-01 (RFC 8737).

The question comes to port 80 or 443. Where that is a port of the node anyway, the node answers there; else a port is
opened for as long as the order takes, and whatever else is asked there is told 404.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pbx.transport.acme_order import Answer
from pbx.transport.tls import ServerTls

__all__ = ["PATH", "Answers"]

PATH = "/.well-known/acme-challenge/"
ALPN = "acme-tls/1"
_ASK_S = 10.0


class Answers:
    """What is answered right now. `tls` is the node's own, for when the question comes to its HTTPS port."""

    def __init__(self, tls: ServerTls | None = None) -> None:
        self._tls = tls
        self._texts: dict[str, str] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}

    def text(self, token: str) -> str | None:
        """What is to be answered for this token."""
        return self._texts.get(token)

    def place(self, answer: Answer) -> None:
        """Answer so from now on. Raises `OSError` for a certificate that cannot be read."""
        if answer.token:
            self._texts[answer.token] = answer.text
            return
        self._contexts[answer.domain.lower()] = _context(Path(answer.file))
        if self._tls is not None:
            self._tls.answer(self._contexts)

    def clear(self) -> None:
        """The order has ended."""
        self._texts.clear()
        self._contexts.clear()
        if self._tls is not None:
            self._tls.answer(self._contexts)

    @asynccontextmanager
    async def listening(self, host: str, port: int, *, tls: bool) -> AsyncIterator[None]:
        """A port for the question alone. Raises `OSError`."""
        server = await asyncio.start_server(
            self._answer, host, port, ssl=self._choosing() if tls else None, limit=8192, reuse_address=True
        )
        try:
            async with server:
                yield
        finally:
            self.clear()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, HTTP/1. Over TLS the handshake has said everything."""
        try:
            async with asyncio.timeout(_ASK_S):
                head = await reader.readuntil(b"\r\n\r\n")
                method, path, *_ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
                text = self.text(path.removeprefix(PATH)) if path.startswith(PATH) else None
                found = method in ("GET", "HEAD") and text is not None
                body = (text or "").encode() if found else b"nothing here\n"
                writer.write(
                    f"HTTP/1.1 {'200 OK' if found else '404 Not Found'}\r\nContent-Type: text/plain\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
                    + (b"" if method == "HEAD" else body)
                )
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        except asyncio.LimitOverrunError:
            pass
        finally:
            writer.close()

    def _choosing(self) -> ssl.SSLContext:
        """The context of a port for TLS-ALPN-01 alone: who asks for no name of the order gets no handshake."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols([ALPN])

        def choose(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            found = self._contexts.get((name or "").lower())
            if found is None:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            sock.context = found
            return None

        context.sni_callback = choose
        return context


def _context(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(file)
    context.set_alpn_protocols([ALPN])
    return context
