"""What Asterisk 22 (chan_pjsip, UDP) was measured at: ranges as they were seen; bars are drawn to the middle."""

from __future__ import annotations

from bench.figure import Peer

__all__ = [
    "CALL_AT_50",
    "CALL_AT_350",
    "CALL_MEMORY",
    "CALL_RATE",
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

CALL_AT_350 = Peer(name="Asterisk", value=2.9, low=2.6, high=3.2)
"""The same at 200 to 350 calls/s."""

CALL_RATE = Peer(name="Asterisk", value=350)
"""Calls a second on one core without a failure; at 375 it takes 0.3 s to set one up."""

REGISTER = Peer(name="Asterisk", value=367, low=336, high=398)
"""Microseconds of CPU for a REGISTER (401, then 200), the binding stored, at 500/s."""

REGISTER_RATE = Peer(name="Asterisk", value=3600)
"""Registrations per second of CPU, at best."""
