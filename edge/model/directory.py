"""The office's directory as the edge keeps it: whom callers can reach, and how, while the office cannot be asked.

The node writes it and the edge reads it. What a newer node adds is passed over, so fields are only ever added.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = [
    "E164",
    "Clock",
    "DirectoryExtension",
    "DirectoryNumber",
    "Kept",
    "OfficeDirectory",
    "OpenHours",
    "Spot",
]

E164 = Annotated[
    str,
    Meta(
        pattern=r"^\+[1-9][0-9]{4,14}$(?!\n)",
        description="An outside number with its country code (E.164).",
        examples=["+12025550123"],
    ),
]
Clock = Annotated[str, Meta(pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", examples=["08:30"])]
Spot = Annotated[str, Meta(pattern=r"^[0-9]{1,12}$(?!\n)", description="The number of an extension.")]


class OpenHours(msgspec.Struct, frozen=True, kw_only=True):
    """Hours of one day, 0 is Monday. Hours that end at or before their start go on past midnight."""

    day: Annotated[int, Meta(ge=0, le=6)]
    from_: Clock = msgspec.field(name="from")
    to: Clock


class DirectoryExtension(msgspec.Struct, frozen=True, kw_only=True):
    """`mailbox`: it takes messages. `listed`: callers may ask for it by name."""

    number: Spot
    name: Annotated[str, Meta(max_length=200)] = ""
    department: Annotated[str, Meta(max_length=200)] = ""
    forward_to: Annotated[
        E164 | None, Meta(description="Where its calls go while the office is offline.")
    ] = None
    mailbox: bool = False
    listed: bool = True
    email: str | None = None


class DirectoryNumber(msgspec.Struct, frozen=True, kw_only=True):
    """An outside number of the office, and what the office would dial for its calls."""

    number: E164
    name: Annotated[str, Meta(max_length=200)] = ""
    destination: Annotated[str, Meta(max_length=64)] = ""


class OfficeDirectory(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Without `opening` nobody knows whether the office is open; an empty one is always closed."""

    office_name: Annotated[str, Meta(max_length=200)] = ""
    language: Annotated[str, Meta(max_length=20)] = "en"
    country: Annotated[str, Meta(max_length=2)] = "US"
    time_zone: Annotated[str, Meta(max_length=64)] = ""
    opening: tuple[OpenHours, ...] | None = None
    closed_on: Annotated[
        tuple[str, ...], Meta(description="Days on which the office is closed all day: 2026-12-25.")
    ] = ()
    fallback_number: E164 | None = None
    extensions: tuple[DirectoryExtension, ...] = ()
    numbers: tuple[DirectoryNumber, ...] = ()

    def extension(self, number: str) -> DirectoryExtension | None:
        return next((each for each in self.extensions if each.number == number), None)

    def number(self, called: str) -> DirectoryNumber | None:
        return next((each for each in self.numbers if each.number == called), None)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A directory, and when the office sent it (ms since 1970)."""

    directory: OfficeDirectory
    synced_at: int
