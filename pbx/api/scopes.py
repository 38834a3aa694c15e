"""What a credential may do. Every route names the one scope it needs; `Scope.OPEN` needs none.

A new scope is the owner's and the administrators' at once; supervisors and users get what is listed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from pbx.model.token import EVERYTHING

if TYPE_CHECKING:
    from pbx.model.user import Role

__all__ = ["ALL_SCOPES", "APP_SCOPES", "Scope", "named_scopes", "scopes_of"]


class Scope(Enum):
    """The value is the word that stands in a token's scope list and in the OpenAPI document."""

    OPEN = "open"  # nobody has to say who they are
    SESSION = "session"  # any signed-in user or valid token; no further right
    EXTENSIONS_READ = "extensions:read"
    EXTENSIONS_WRITE = "extensions:write"
    SIP_LOGIN_READ = "sip-login:read"  # the only scope that shows a SIP password
    OFFICE_READ = "office:read"  # trunks, numbers, routes, groups …
    OFFICE_WRITE = "office:write"
    DOCUMENTS_READ = "documents:read"  # the whole office, without passwords
    DOCUMENTS_WRITE = "documents:write"  # change any of it at once, and take bundles back
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
    TEXTS_READ = "texts:read"  # what people outside have written, and what was answered
    TEXTS_WRITE = "texts:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"  # costs money
    NUMBERS_READ = "numbers:read"  # of the Twilio account
    NUMBERS_WRITE = "numbers:write"  # costs money
    RECEPTIONIST_READ = "receptionist:read"  # what the assistant knows and how it speaks
    RECEPTIONIST_WRITE = "receptionist:write"
    EVENTS_READ = "events:read"
    STATUS_READ = "status:read"
    METRICS_READ = "metrics:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"  # but nobody gives rights that they lack
    OWNERS_WRITE = "owners:write"  # what an owner may and an administrator may not: change owners
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    AUDIT_READ = "audit:read"
    BACKUP = "backup"  # the whole office in one file, with what people have said and written
    APP = "app"  # one's own phone: do not disturb, forwarding, history, messages


ALL_SCOPES = frozenset(Scope)
APP_SCOPES = frozenset({Scope.SESSION, Scope.APP})
"""What an app on a phone may do, whoever's it is."""

_SUPERVISOR = APP_SCOPES | {
    Scope.EXTENSIONS_READ,
    Scope.OFFICE_READ,
    Scope.REGISTRATIONS_READ,
    Scope.CALLS_READ,
    Scope.CALLS_WRITE,
    Scope.CALLS_SUPERVISE,
    Scope.CDRS_READ,
    Scope.RECORDINGS_READ,
    Scope.RECORDINGS_CONTROL,
    Scope.CALLS_SUPERVISE,
    Scope.TEXTS_READ,
    Scope.TEXTS_WRITE,
    Scope.CAMPAIGNS_READ,
    Scope.NUMBERS_READ,
    Scope.RECEPTIONIST_READ,
    Scope.EVENTS_READ,
    Scope.STATUS_READ,
}
# These count for what is theirs alone: at a route without `own` they open nothing.
_USER = APP_SCOPES | {
    Scope.EXTENSIONS_READ,
    Scope.CALLS_READ,
    Scope.CALLS_WRITE,
    Scope.CDRS_READ,
    Scope.EVENTS_READ,
    Scope.RECORDINGS_READ,
    Scope.MESSAGES_READ,
    Scope.MESSAGES_SEND,
    Scope.VOICEMAIL_READ,
    Scope.VOICEMAIL_WRITE,
}
_OF: dict[Role, frozenset[Scope]] = {
    "owner": ALL_SCOPES,
    "admin": ALL_SCOPES - {Scope.OWNERS_WRITE},
    "supervisor": _SUPERVISOR,
    "user": _USER,
}
_BY_NAME = {each.value: each for each in Scope}


def scopes_of(role: Role) -> frozenset[Scope]:
    """What somebody with this role may do."""
    return _OF[role]


def named_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """What a token's words mean. Those that this program does not know open nothing."""
    names = tuple(names)
    if EVERYTHING in names:
        return ALL_SCOPES
    return frozenset(_BY_NAME[name] for name in names if name in _BY_NAME) | {Scope.OPEN, Scope.SESSION}
