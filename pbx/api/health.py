"""The health of the node: what monitors and people are told of it. All checks are asked now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from pbx.model.base import Record

if TYPE_CHECKING:
    from pbx.api.ports.health import HealthCheck

__all__ = ["Health", "HealthLine", "health", "health_lines"]


class Health(Record, frozen=True, kw_only=True):
    """Whether the node is well, for load balancers and monitors. Says nothing that needs a login."""

    status: Literal["ok", "degraded"]
    failing: Annotated[tuple[str, ...], Meta(description="Names of the checks that fail.")] = ()


class HealthLine(Record, frozen=True, kw_only=True):
    """One check: what was looked at and, where it is not well, the cause and what to do."""

    name: str
    ok: bool
    cause: str = ""
    action: str = ""
    code: Annotated[str, Meta(description="The cause for programs; empty while there is none.")] = ""
    facts: Annotated[dict[str, str], Meta(description="What differs from time to time in the cause.")] = (
        msgspec.field(default_factory=dict)
    )


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
