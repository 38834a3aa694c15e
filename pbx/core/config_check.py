"""What no single setting can know: ports that collide, and settings that need each other."""

from __future__ import annotations

import base64
import binascii
import ipaddress

from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError


def check(config: NodeConfig) -> None:
    """Raises `StartupError` with what to change."""
    if config.rtp_port_max - config.rtp_port_min < 3:
        raise StartupError(
            "the range of audio ports is too small for one call",
            got=f"rtp_port_min {config.rtp_port_min}, rtp_port_max {config.rtp_port_max}",
            needed="rtp_port_max at least 3 above rtp_port_min",
        )
    if config.sip_port and config.sip_port == config.http_port:
        raise StartupError(f"sip_port and http_port are both {config.sip_port}", action="Change one of them")
    if config.rtp_port_min <= config.sip_port <= config.rtp_port_max:
        raise StartupError(f"sip_port {config.sip_port} lies between rtp_port_min and rtp_port_max")
    _check_tls(config)
    _check_servers(config)
    _check_sync(config)
    if config.external_ip != "auto":
        _require_address("external_ip", config.external_ip)
    _require_address("host", config.host)
    for name in ("local_networks", "never_banned"):
        for network in getattr(config, name):
            _require_network(name, network)


def _check_tls(config: NodeConfig) -> None:
    if (config.tls_cert is None) != (config.tls_key is None):
        raise StartupError(
            "tls_cert and tls_key belong together",
            action="Give both, or neither for the node's own certificate",
        )
    _check_acme(config)
    taken = {config.sip_port: "sip_port", config.http_port: "http_port"}
    for name, port in (("sip_tls_port", config.sip_tls_port), ("https_port", config.https_port)):
        if config.tls and port and port in taken:
            raise StartupError(f"{taken[port]} and {name} are both {port}", action="Change one of them")
        taken[port] = name


def _check_acme(config: NodeConfig) -> None:
    if config.acme_domain and config.tls_cert is not None:
        raise StartupError(
            "acme_domain and tls_cert are two ways to a certificate", action="Take one of them away"
        )
    if config.acme_domain and not config.tls:
        raise StartupError("acme_domain needs TLS", action="Take --no-tls away")


def _check_servers(config: NodeConfig) -> None:
    for name in ("speech_url", "chat_url", "sync_url", "push_url"):
        url = getattr(config, name)
        if url and not url.startswith(("http://", "https://")):
            raise StartupError(
                f"{name} is no address of a server", got=url, needed="such as http://127.0.0.1:8000"
            )
    if config.turn_server and not config.turn_secret:
        raise StartupError(
            "turn_server needs the secret that its credentials are made with",
            action="Set PBX_TURN_SECRET (coturn: static-auth-secret), or take --turn-server away",
        )
    if config.chat_url and not config.chat_model:
        raise StartupError("chat_url needs a model", action="Name one with --chat-model")


def _check_sync(config: NodeConfig) -> None:
    if config.sync_url and not config.sync_key:
        raise StartupError(
            "sync_url needs the public key of its bundle",
            action="Name it with --sync-key (see: pbx sync key)",
        )
    for key in config.sync_key:
        try:
            size = len(base64.b64decode(key, validate=True))
        except binascii.Error:
            size = 0
        if size != 32:
            raise StartupError(
                "sync_key is no public key of bundles",
                got=key,
                needed="the line that pbx sync key FILE prints",
            )


def _require_address(name: str, text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise StartupError(
            f"{name} is no IP address", got=text, needed="such as 192.0.2.10 or 2001:db8::10"
        ) from None


def _require_network(name: str, text: str) -> None:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise StartupError(
            f"{name} names no network: {error}", got=text, needed="such as 192.168.0.0/16"
        ) from None
