"""A binding: one contact address of one extension, as a REGISTER made it (RFC 3261 10)."""

from __future__ import annotations

from pbx.model.base import Record


class Binding(Record, frozen=True, kw_only=True):
    """Where a phone can be rung until `expires_at` (Unix seconds).

    `source_host` and `source_port` are where the REGISTER came from, which is where requests go (far-end NAT);
    `connection` is the stream connection it came over, 0 for UDP. `path` are the Route values of RFC 3327.
    `rewritten`: a router on the way changes addresses inside SIP messages.
    """

    extension: str
    contact_uri: str
    transport: str
    source_host: str
    source_port: int
    connection: int = 0
    path: tuple[str, ...] = ()
    expires_at: float
    call_id: str
    cseq: int
    q: float = 1.0
    user_agent: str = ""
    instance_id: str | None = None
    registered_at: float
    rewritten: bool = False
