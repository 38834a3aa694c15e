"""Option tags: the words of Supported, Require and their like (RFC 3261 19.2)."""

from __future__ import annotations

from pbx.sip.message import Request, Response


def lists_option(message: Request | Response, option: str, *names: str) -> bool:
    """Whether an option tag (lower case) stands in one of the named headers, by default Supported or Require."""
    return any(
        option == tag.strip().lower()
        for name in names or ("Supported", "Require")
        for value in message.headers.all(name)
        for tag in value.split(",")
    )
