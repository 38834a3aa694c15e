"""What came of a test call over a trunk, for somebody who is no engineer."""

from __future__ import annotations

from pbx.model.party import DialTarget
from pbx.model.stream import StreamStats
from pbx.model.trunk_test import TrunkTestStep

__all__ = ["answered_words", "refused_words"]

THERE = frozenset({480, 486, 600, 603})
"""Somebody is there, who is busy, away, or does not want the call: the way works."""


def refused_words(status: int, reason: str, target: DialTarget, codecs: tuple[str, ...]) -> TrunkTestStep:
    """A test call that was not answered."""
    said = f"{status} {reason}".strip()
    number = target.uri.partition(":")[2].partition("@")[0]
    caller = target.caller.number if target.caller is not None else ""
    if status in THERE:
        return TrunkTestStep(
            name="call",
            outcome="ok",
            text=f"The way to {number} works, but nobody picked up there ({said}).",
            sip_status=status,
        )
    text, action = _words(status, said, number, caller or "nobody", ", ".join(codecs) or "all of the node's")
    return TrunkTestStep(name="call", outcome="failed", text=text, action=action, sip_status=status)


def _words(status: int, said: str, number: str, caller: str, codecs: str) -> tuple[str, str]:
    for statuses, text, action in _MEANINGS:
        if status in statuses:
            return text.format(said=said, number=number, caller=caller, codecs=codecs), action
    return f"The provider answers: {said}.", "Ask the provider what this means for your account."


_MEANINGS: tuple[tuple[tuple[int, ...], str, str], ...] = (
    (
        (401, 407),
        "The provider asks for a password and refuses ours ({said}).",
        "Check user name, authentication name and password.",
    ),
    (
        (402, 403),
        "The provider does not allow this call ({said}). It was made as {caller}.",
        "Check that this caller ID is yours; ask the provider whether the account may call there, and has credit.",
    ),
    (
        (404, 410, 484, 604),
        "The provider does not know the number {number} ({said}).",
        "Check the number, the trunk's number format, and the digits that it takes away or puts before.",
    ),
    (
        (415, 488, 606),
        "The provider accepts none of the codecs that were offered ({said}); offered: {codecs}.",
        "Choose codecs that the provider knows (PCMA and PCMU are known everywhere), or another --srtp.",
    ),
    (
        (408, 504),
        "The call was not answered at all ({said}).",
        "Check that a firewall lets SIP through, and try the transport TCP: long messages may get lost over UDP.",
    ),
    ((482, 483), "The call goes round in a circle ({said}).", "Check the routes of both sides."),
)


def answered_words(stats: StreamStats, listened_s: float, rtp_range: tuple[int, int]) -> TrunkTestStep:
    """Whether anything was heard."""
    if stats.packets_in:
        loss = f", {stats.lost} lost" if stats.lost > 0 else ""
        text = f"Sound came back: {stats.packets_in} packets in {listened_s:g} s{loss}."
        return TrunkTestStep(name="sound", outcome="ok", text=text)
    return TrunkTestStep(
        name="sound",
        outcome="failed",
        text=f"No sound came back in {listened_s:g} s.",
        action=f"Let UDP ports {rtp_range[0]} to {rtp_range[1]} through the router and the firewall to this node, "
        "switch off the router's SIP ALG, and check --external-ip.",
    )
