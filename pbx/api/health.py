"""The health list: every check of the node, asked now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.api.views import HealthLine

if TYPE_CHECKING:
    from pbx.api.ports.health import HealthCheck

__all__ = ["health_lines"]


def health_lines(checks: Sequence[HealthCheck]) -> tuple[HealthLine, ...]:
    results = (check() for check in checks)
    return tuple(
        HealthLine(
            name=one.name, ok=one.ok, cause=one.cause, action=one.action, code=one.code, facts=dict(one.facts)
        )
        for one in results
    )
