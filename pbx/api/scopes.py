"""What a credential may do. Every route names the one scope it needs; `Scope.OPEN` needs none."""

from __future__ import annotations

from enum import Enum

__all__ = ["ALL_SCOPES", "Scope"]


class Scope(Enum):
    """The value is the word that stands in a token's scope list and in the OpenAPI document."""

    OPEN = "open"  # nobody has to say who they are
    SESSION = "session"  # any signed-in administrator or valid token; no further right
    EXTENSIONS_READ = "extensions:read"
    EXTENSIONS_WRITE = "extensions:write"
    SIP_LOGIN_READ = "sip-login:read"  # the only scope that shows a SIP password
    OFFICE_READ = "office:read"  # trunks, numbers, routes, groups …
    OFFICE_WRITE = "office:write"
    REGISTRATIONS_READ = "registrations:read"
    BANS_READ = "bans:read"  # who is kept out at the door, and whose sign-ins are refused
    BANS_WRITE = "bans:write"
    SIP_TRACES_READ = "sip-traces:read"  # who talks with whom, and what phones say about themselves
    CALLS_READ = "calls:read"
    CALLS_WRITE = "calls:write"  # call, hang up, transfer, hold, park
    CALLS_SUPERVISE = "calls:supervise"  # listen to what people say, and talk into it
    CDRS_READ = "cdrs:read"
    RECORDINGS_READ = "recordings:read"  # what people have said
    RECORDINGS_CONTROL = "recordings:control"  # start, stop and pause them in calls
    RECORDINGS_DELETE = "recordings:delete"
    MESSAGES_READ = "messages:read"  # what people have written
    MESSAGES_SEND = "messages:send"
    VOICEMAIL_READ = "voicemail:read"  # what people have said
    VOICEMAIL_WRITE = "voicemail:write"
    EVENTS_READ = "events:read"
    STATUS_READ = "status:read"
    METRICS_READ = "metrics:read"


ALL_SCOPES = frozenset(Scope)
