"""The health of the node: every check of it, asked now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pbx.api.views import Health, HealthLine

if TYPE_CHECKING:
    from pbx.api.ports.health import HealthCheck

__all__ = ["health", "health_lines"]


def health(checks: Sequence[HealthCheck]) -> tuple[int, Health]:
    """Status and body for monitors: 503 while a check fails that is serious."""
    failing = tuple(one.name for one in (check() for check in checks) if one.serious and not one.ok)
    return (503, Health(status="degraded", failing=failing)) if failing else (200, Health(status="ok"))


def health_lines(checks: Sequence[HealthCheck]) -> tuple[HealthLine, ...]:
    results = (check() for check in checks)
    return tuple(
        HealthLine(
            name=one.name, ok=one.ok, cause=one.cause, action=one.action, code=one.code, facts=dict(one.facts)
        )
        for one in results
    )
