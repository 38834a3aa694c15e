"""The durations of RFC 3261 table 4 and RFC 6026, all derived from T1, T2 and T4.

Times are seconds. Where the transport is reliable, the waiting timers D, I, J and K are zero and the repeating ones
A, E and G never start; the machines decide that, since they know their hop.
"""

from __future__ import annotations

import msgspec

UDP_LIMIT_BYTES = 1300
"""A larger request needs a transport with congestion control (RFC 3261 18.1.1: 200 below an assumed MTU of 1500)."""


class Timers(msgspec.Struct, frozen=True):
    """`t1` round-trip estimate, `t2` longest pause between repeats, `t4` longest life of a message in the network.

    `trying`: an INVITE unanswered this long gets 100 Trying (RFC 3261 17.2.1). Shorten `t1` and all else follows.
    """

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    trying: float = 0.2

    @property
    def timeout(self) -> float:
        """64·T1: timers B, D, F, H, J, L and M, and how long a 2xx or a CANCEL may stay unanswered.

        Timer D is "at least 32 s" in the RFC, which is 64·T1 of the default T1 and the time a server waits for ACK.
        """
        return 64 * self.t1
