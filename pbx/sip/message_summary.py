"""The body of the message-summary event package: whether messages wait (RFC 3842)."""

from __future__ import annotations

from typing import Final

import msgspec

CONTENT_TYPE: Final = "application/simple-message-summary"
EVENT: Final = "message-summary"


class Waiting(msgspec.Struct, frozen=True):
    """What a mailbox holds; the urgent ones are counted in the others too. `account` is what is dialled for them."""

    new: int = 0
    old: int = 0
    new_urgent: int = 0
    old_urgent: int = 0
    account: str = ""


def write(account: str, waiting: Waiting) -> bytes:
    """`account` is the URI to call for the messages, unless `waiting` says what to dial at that host."""
    if waiting.account:
        scheme, _, rest = account.partition(":")
        account = f"{scheme}:{waiting.account}@{rest.rpartition('@')[2]}"
    counts = f"{waiting.new}/{waiting.old} ({waiting.new_urgent}/{waiting.old_urgent})"
    lines = (
        f"Messages-Waiting: {'yes' if waiting.new else 'no'}",
        f"Message-Account: {account}",
        f"Voice-Message: {counts}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()
