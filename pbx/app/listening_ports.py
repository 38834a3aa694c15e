"""What a node listens on: bound before anything else, so that a port in use stops a start that has done nothing yet."""

from __future__ import annotations

import socket

import msgspec

from pbx.app.secure import Secure
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError
from pbx.core.service import Service
from pbx.transport.guard import Guard
from pbx.transport.sockets import SipSockets

__all__ = ["Ports", "take_ports"]


class Ports(msgspec.Struct, frozen=True):
    """The sockets a node listens on, bound before it starts."""

    sip: SipSockets
    http: socket.socket
    guard: Guard
    secure: Secure
    service: Service
    https: socket.socket | None = None

    def web_ports(self) -> dict[str, int]:
        """The ports of SIP over WebSocket, by transport."""
        ports = {"WS": int(self.http.getsockname()[1])}
        return ports if self.https is None else {**ports, "WSS": int(self.https.getsockname()[1])}

    def close_http(self) -> None:
        """Give back the HTTP ports."""
        self.http.close()
        if self.https is not None:
            self.https.close()


def take_ports(config: NodeConfig) -> Ports:
    """Bind everything the node listens on. Raises `StartupError` naming the setting to change."""
    guard, service = Guard(), Service()
    secure = Secure(config)
    sip = SipSockets(
        config.host,
        config.sip_port,
        tls_port=config.sip_tls_port if config.tls else None,
        client_tls=secure.client,
        origins=config.ws_origins,
        guard=guard,
    )
    sip.bind(service)
    for name, fd in sip.udp.sockets().items():
        service.store(name, [fd])
    http = _bind_http(config, "HTTP", config.http_port, "http_port")
    https = _bind_http(config, "HTTPS", config.https_port, "https_port") if config.tls else None
    return Ports(sip, http, guard, secure, service, https)


def _bind_http(config: NodeConfig, what: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((config.host, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise StartupError(
            f"{what} port {port} on {config.host} cannot be opened: {error.strerror}",
            path=setting,
            action=f"Stop the other program, or choose another port with --{setting.replace('_', '-')}",
        ) from error
    return listener
