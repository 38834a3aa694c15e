"""What Asterisk 22 (chan_pjsip, UDP) was measured at: ranges as they were seen; bars are drawn to the middle."""

from __future__ import annotations

from bench.figure import Peer

__all__ = [
    "CALL_AT_50",
    "CALL_MEMORY",
    "IDLE_MEMORY",
    "REGISTER",
    "REGISTER_RATE",
    "START",
]

START = Peer(name="Asterisk", value=445, low=418, high=501)
"""Milliseconds from the start of the process to its first SIP answer."""

IDLE_MEMORY = Peer(name="Asterisk", value=57.8)
"""Megabytes resident with 20 extensions and nothing to do."""

CALL_MEMORY = Peer(name="Asterisk", value=297, low=280, high=314)
"""Kilobytes per active call, 200 calls up."""

CALL_AT_50 = Peer(name="Asterisk", value=3.55, low=3.4, high=3.7)
"""Milliseconds of CPU for a call: authenticated INVITE to BYE and CDR, 0.5 s hold, 50 calls/s."""

REGISTER = Peer(name="Asterisk", value=367, low=336, high=398)
"""Microseconds of CPU for a REGISTER (401, then 200), the binding stored, at 500/s."""

REGISTER_RATE = Peer(name="Asterisk", value=3600)
"""Registrations per second of CPU, at best."""
