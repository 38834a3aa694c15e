"""What this node can do in SIP, and reading what a peer can do (Allow, Supported, Require)."""

from __future__ import annotations

from functools import lru_cache

from pbx.sip.headers import Headers

DIALOG_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO", "UPDATE", "PRACK", "REFER")
ALLOW = ", ".join(DIALOG_METHODS)
SUPPORTED = "100rel, timer, replaces, norefersub"
UNDERSTOOD = frozenset({"100rel", "timer", "replaces", "norefersub"})
"""Option tags a peer may put into Require."""

SDP = "application/sdp"
DTMF_RELAY = "application/dtmf-relay"
DTMF = "application/dtmf"
ACCEPT = SDP
ACCEPT_INFO = f"{DTMF_RELAY}, {DTMF}"


def tokens(values: list[str]) -> frozenset[str]:
    """The members of comma-separated header values, in lower case, without parameters."""
    if not values:
        return frozenset()
    return _tokens(values[0] if len(values) == 1 else ",".join(values))


@lru_cache(maxsize=512)  # an office has a few makes of phones, and each always says the same
def _tokens(text: str) -> frozenset[str]:
    return frozenset(word for part in text.split(",") if (word := part.partition(";")[0].strip().lower()))


def supports(headers: Headers, option: str) -> bool:
    """Whether a message's Supported or Require names an option tag."""
    return option in tokens(headers.all("Supported")) or option in tokens(headers.all("Require"))


def allows(headers: Headers, method: str) -> bool | None:
    """Whether a message's Allow names a method; None when it has no Allow (then nothing is known)."""
    values = headers.all("Allow")
    return method.lower() in tokens(values) if values else None


def content_type(headers: Headers) -> str:
    """The media type of the body in lower case, without parameters; "" when none is given."""
    return (headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def missing_options(headers: Headers) -> str:
    """The option tags of Require that we do not understand, as an Unsupported value; "" when all is well."""
    return ", ".join(sorted(tokens(headers.all("Require")) - UNDERSTOOD))
