"""What happened to the node itself."""

from __future__ import annotations

import msgspec


class ExternalAddressChanged(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="external_address_changed"
):
    """The Internet sees this node at another address; `before` is "" when none was known."""

    before: str
    now: str
