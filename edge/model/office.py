"""An office that an edge works for, and the outside numbers that lead to it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LOCAL", "Number", "Office"]

LOCAL = "local"
"""The id of the one office of an edge that runs inside its node."""


@dataclass(frozen=True, slots=True)
class Office:
    """`name` is for people; the directory it sends says more."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """An outside number (E.164) at Twilio; `sid` is Twilio's name for it, "" where nobody has looked yet."""

    e164: str
    office: str
    sid: str = ""
    label: str = ""
