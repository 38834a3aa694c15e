"""What a later process needs to go on in a dialog: plain values, for the journal."""

from __future__ import annotations

import msgspec

from pbx.model.party import Credentials
from pbx.sip.dialog import Dialog
from pbx.sip.headers import Headers
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.session_timer import SessionTimer

__all__ = [
    "CSEQS_AHEAD",
    "KeptDialog",
    "KeptInvite",
    "decode",
    "decode_invite",
    "encode",
    "encode_invite",
    "placeholder",
]

CSEQS_AHEAD = 64
"""Requests of ours that may have gone out since it was written down: a gap in the numbers is allowed (RFC 3261 12.2.2),
going back is not."""


class KeptDialog(msgspec.Struct, frozen=True, array_like=True):
    """One confirmed dialog. `hop` is where the peer was heard from last; its connection ended with the process."""

    leg_id: str
    direction: str
    contact: str
    dialog: Dialog
    hop: Hop
    natted: bool
    local_sdp: bytes | None
    remote_sdp: bytes | None
    peer_updates: bool
    timer: SessionTimer | None
    credentials: Credentials | None = None


def placeholder(dialog: Dialog) -> Request:
    """Stands for the INVITE of a dialog that was made in an earlier process."""
    headers = Headers()
    headers.add("Call-ID", dialog.call_id)
    return Request("INVITE", dialog.remote_target, headers, b"")


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(KeptDialog).decode


class KeptInvite(msgspec.Struct, frozen=True, array_like=True):
    """An INVITE without a final answer, as it went over this hop: the caller's, or one of ours."""

    leg_id: str
    raw: bytes
    hop: Hop
    natted: bool


encode_invite = msgspec.msgpack.Encoder().encode
decode_invite = msgspec.msgpack.Decoder(KeptInvite).decode
