"""The Reason header (RFC 3326, RFC 6432): why a BYE or CANCEL was sent, in SIP statuses or Q.850 causes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pbx.model.leg_event import LegCause

_VALUE_OF_CAUSE = {
    LegCause.ANSWERED_ELSEWHERE: 'SIP;cause=200;text="Call completed elsewhere"',
    LegCause.DECLINED: 'SIP;cause=603;text="Decline"',
    LegCause.BUSY: 'Q.850;cause=17;text="User busy"',
    LegCause.ACK_MISSING: 'SIP;cause=408;text="ACK missing"',
    LegCause.SESSION_EXPIRED: 'SIP;cause=408;text="Session expired"',
    LegCause.MEDIA_TIMEOUT: 'SIP;cause=408;text="Media timeout"',
    LegCause.LIMIT: 'Q.850;cause=21;text="Limit reached"',
    LegCause.SHUTDOWN: 'SIP;cause=503;text="Shutting down"',
    LegCause.INCOMPATIBLE: 'SIP;cause=488;text="Not acceptable here"',
    LegCause.ERROR: 'SIP;cause=500;text="Server internal error"',
}

_STATUS_OF_Q850 = {
    1: 404,
    16: 200,
    17: 486,
    18: 408,
    19: 480,
    20: 480,
    21: 603,
    22: 410,
    27: 502,
    28: 484,
    31: 480,
    34: 503,
    38: 503,
    41: 503,
    42: 503,
    58: 503,
    88: 488,
    102: 504,
}

_VALUE = re.compile(r"\s*(SIP|Q\.850)\s*;(?:[^,]*;)?\s*cause\s*=\s*(\d{1,3})(?!\d)", re.IGNORECASE)
_TEXT = re.compile(r';\s*text\s*=\s*"((?:[^"\\]|\\.){0,200})"', re.IGNORECASE)


def reason_headers(cause: LegCause) -> tuple[tuple[str, str], ...]:
    """The Reason header for a BYE or CANCEL sent for `cause`; empty when there is nothing to add."""
    value = _VALUE_OF_CAUSE.get(cause)
    return (("Reason", value),) if value else ()


def read_reason(values: Iterable[str]) -> tuple[int, str]:
    """(SIP status, text) of Reason header values; (0, "") without one. Q.850 causes are translated."""
    for value in values:
        found = _VALUE.match(value)
        if found is None:
            continue
        number = int(found[2])
        status = number if found[1].upper() == "SIP" else _STATUS_OF_Q850.get(number, 480)
        text = _TEXT.search(value)
        return status, text[1] if text else ""
    return 0, ""
