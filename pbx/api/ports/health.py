"""What the API asks of the parts of the node: whether they are well."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

__all__ = ["CheckResult", "HealthCheck"]


class CheckResult(msgspec.Struct, frozen=True):
    """One line of the health list: what was looked at, whether it is well, and if not, why and what to do.

    What is not `serious` is shown to the administrator, but does not make the node unhealthy. `code` names the cause
    for programs and translations, `facts` are what differs from time to time in it.
    """

    name: str
    ok: bool
    cause: str = ""
    action: str = ""
    serious: bool = True
    code: str = ""
    facts: Mapping[str, str] = msgspec.field(default_factory=dict)


HealthCheck = Callable[[], CheckResult]
"""Looks at one part of the node. Called on the event loop: it must not block or raise."""
