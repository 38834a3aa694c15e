"""The way from this API to the office's edge: one request in, one answer out.

The edge checks what is asked as the node checks its own: it knows its records, this side does not. What the node
vouches for is the office and who of it asks. `pbx.app` gives the door: into the same process, or through the tunnel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from pbx.api.problem import ApiError, FieldProblem

__all__ = ["EdgeDoor", "EdgeReply", "NoEdge"]

MISSING = "This office has no edge, which texts, campaigns and outside numbers need."
WHAT_TO_DO = (
    "Set the Twilio account (PBX_TWILIO_ACCOUNT_SID, PBX_TWILIO_AUTH_TOKEN) and start the node again, or add the "
    "address of an edge in the settings."
)


class EdgeReply(msgspec.Struct, frozen=True, kw_only=True):
    """What the edge answered. A body that is refused is a problem document (RFC 9457), as everywhere."""

    status: int
    content_type: str = "application/json"
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""


class EdgeDoor(Protocol):
    """Where the edge is asked."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        actor: str = "",
        content_type: str = "",
        body: bytes = b"",
    ) -> EdgeReply:
        """`path` is the edge's own, as it came (percent-encoded, without /api/v1), `query` what stood behind the `?`.

        Raises `UserError` 503 when none can be reached, 504 when it does not answer in time.
        """
        ...


class NoEdge:
    """The door of an office that has no edge. Raises `ApiError` 503 `no-edge`, which the site knows."""

    async def request(
        self,
        _method: str,
        _path: str,
        *,
        query: str = "",
        actor: str = "",
        content_type: str = "",
        body: bytes = b"",
    ) -> EdgeReply:
        raise ApiError(
            503,
            "no-edge",
            errors=(FieldProblem(path="$", message=MISSING, action=WHAT_TO_DO),),
            detail=MISSING,
        )
