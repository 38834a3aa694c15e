"""An extension: a number of the office, and the phones that register for it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pbx.model.base import Record
from pbx.model.scalars import DisplayName, ExtensionNumber, RingSeconds, SipPassword


class Extension(Record, frozen=True, kw_only=True):
    """An extension as it is read; the SIP password is never part of it."""

    number: ExtensionNumber
    name: DisplayName
    enabled: Annotated[
        bool, Meta(title="Enabled", description="Off: its phones can neither register nor call.")
    ] = True
    ring_timeout_s: RingSeconds = 30


class ExtensionWrite(Record, frozen=True, kw_only=True):
    """An extension as it is written.

    Without `sip_password` an existing extension keeps the one it has; a new one needs it.
    """

    number: ExtensionNumber
    name: DisplayName
    enabled: Annotated[
        bool, Meta(title="Enabled", description="Off: its phones can neither register nor call.")
    ] = True
    ring_timeout_s: RingSeconds = 30
    sip_password: SipPassword | None = None

    def extension(self) -> Extension:
        """The same without the password."""
        return Extension(
            number=self.number, name=self.name, enabled=self.enabled, ring_timeout_s=self.ring_timeout_s
        )
