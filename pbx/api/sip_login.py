"""What is typed into a phone, or scanned by it, to make it an extension of this node.

Light on imports: the node prints the same logins in its terminal at the first start.
"""

from __future__ import annotations

from urllib.parse import quote

from pbx.api.views import SipLogin, SipTransport
from pbx.model.extension import Extension

__all__ = ["bracketed", "qr_svg", "sip_login"]


def sip_login(extension: Extension, password: str, host: str, sip_port: int, tls_port: int = 0) -> SipLogin:
    """The login of `extension` at the node found at `host` (a name or an address, IPv6 without brackets).

    `tls_port` 0 means that the node speaks no TLS.
    """
    domain = bracketed(host)
    user = extension.number
    return SipLogin(
        username=user,
        password=password,
        display_name=extension.name,
        domain=domain,
        transports=(
            SipTransport(transport="UDP", port=sip_port),
            SipTransport(transport="TCP", port=sip_port),
            *((SipTransport(transport="TLS", port=tls_port),) if tls_port else ()),
        ),
        uri=f"sip:{user}@{domain}:{sip_port}",
        softphone_uri=f"sip:{user}:{quote(password, safe='')}@{domain}:{sip_port};transport=udp",
    )


def bracketed(host: str) -> str:
    """An IPv6 address in brackets, as URIs want it; anything else as it is."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def qr_svg(text: str) -> str:
    """`text` as a QR code: one SVG element without scripts, styles or fixed size."""
    import segno

    return segno.make(text, error="m").svg_inline(omitsize=True, border=2)
