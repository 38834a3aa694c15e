"""Who may be sent a text. STOP holds for the number it was sent to; campaigns ask about all of the office's numbers.

    texts       ours → theirs is silent after STOP from theirs to ours, until START from theirs to ours
    campaigns   nobody who is opted out of any number of the office gets one

A person who stopped one number of an office wants no advertising of that office from another; who stopped a clinic's
reminders may go on texting with its front desk. Twilio blocks by pair of numbers too (error 21610).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

__all__ = ["Consent"]


class Consent(Protocol):
    """What senders ask. The answer is the store's at this moment; the outbox asks once more in its claim."""

    async def opted_out(self, office: str, ours: str, theirs: str) -> bool:
        """Whether this number of the office may send nothing to that number."""
        ...

    async def opted_out_of_any(self, office: str, theirs: Collection[str]) -> frozenset[str]:
        """Those that are opted out of at least one number of the office: what campaigns skip."""
        ...
