"""The SIP messages of a call, as a ladder: who said what to whom, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record


class SipMessage(Record, frozen=True, kw_only=True):
    """One step of the ladder."""

    at: datetime
    after_ms: Annotated[
        float, Meta(description="Since the first message shown.", extra_json_schema={"x-unit": "ms"})
    ]
    source: Annotated[str, Meta(description="Address and port it came from.", examples=["192.168.1.20:5060"])]
    destination: Annotated[str, Meta(description="Address and port it went to.")]
    outgoing: Annotated[bool, Meta(description="Whether this node sent it.")]
    transport: Annotated[str, Meta(examples=["UDP"])]
    method: Annotated[str, Meta(description="Of a request; of a response, that of its request.")]
    status: Annotated[int | None, Meta(description="Of a response.")] = None
    summary: Annotated[str, Meta(examples=["INVITE sip:102@192.168.1.10", "200 OK (INVITE)"])]
    call_id: str
    cseq: str = ""
    repeated: Annotated[bool, Meta(description="Whether it is a repetition of an earlier message.")] = False
    raw: Annotated[str, Meta(description="The message as it was, its secrets crossed out.")] = ""


class SipTrace(Record, frozen=True, kw_only=True):
    """All messages of a call that are still kept."""

    call: Annotated[str | None, Meta(description="The call's id in the history; null for what is no call.")]
    call_ids: Annotated[tuple[str, ...], Meta(description="The SIP Call-IDs of its legs.")]
    participants: Annotated[tuple[str, ...], Meta(description="Addresses, in the order they appear.")]
    messages: tuple[SipMessage, ...]
    truncated: Annotated[bool, Meta(description="Whether there were more messages than are shown.")] = False


class SipTraceSummary(Record, frozen=True, kw_only=True):
    """One call, or one conversation that is none, such as a registration."""

    id: Annotated[str, Meta(description="What to ask for: the call's id, else the SIP Call-ID.")]
    call: Annotated[str | None, Meta(description="The call's id in the history.")]
    call_ids: tuple[str, ...]
    method: Annotated[str, Meta(description="Of the first request.")]
    from_uri: str
    to_uri: str
    status: Annotated[int | None, Meta(description="Of the last final response to that method.")]
    messages: int
    first_at: datetime
    last_at: datetime
    peers: Annotated[tuple[str, ...], Meta(description="Addresses of the other sides.")]
