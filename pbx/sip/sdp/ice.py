"""ICE in a description (RFC 8839): who the peer is on its audio ports, and where ours can be found.

We are lite (RFC 8445 2.5): we never check a path, we answer who does. So of the peer's side only its name and password
count, its candidates do not; and another lite agent, which would not check either, is spoken with without ICE.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pbx.model.stream import IceCredentials
from pbx.sip.sdp.model import Media, SessionDescription

__all__ = ["LITE", "ice_lines", "read_ice"]

LITE = "a=ice-lite"
_HOST_PREFERENCE = 126
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")


def read_ice(media: Media, session: SessionDescription) -> IceCredentials | None:
    """What a full agent says of itself, above all streams or of this one; None when it does not, or is lite."""
    ufrag = (media.attribute("ice-ufrag") or session.attribute("ice-ufrag") or "").strip()
    password = (media.attribute("ice-pwd") or session.attribute("ice-pwd") or "").strip()
    if session.attribute("ice-lite") is not None:
        return None
    if _UFRAG.fullmatch(ufrag) is None or _PASSWORD.fullmatch(password) is None:
        return None
    return IceCredentials(ufrag, password)


def ice_lines(ours: IceCredentials, hosts: Sequence[str], port: int) -> list[str]:
    """The a= lines of our stream: name, password, and each host at which its one port is found, best first."""
    lines = [f"a=ice-ufrag:{ours.ufrag}", f"a=ice-pwd:{ours.password}"]
    for index, host in enumerate(hosts):
        priority = (_HOST_PREFERENCE << 24) + ((65535 - index) << 8) + 255  # RFC 8445 5.1.2.1, of component 1
        lines.append(f"a=candidate:{index + 1} 1 udp {priority} {host} {port} typ host")
    return [*lines, "a=end-of-candidates"]
