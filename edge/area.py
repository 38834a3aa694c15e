"""What each area of the edge (calls, texts, campaigns …) brings along, for `edge.app` to put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp.web import RouteDef

from edge.api.operation import Operation
from edge.twilio.webhooks import Webhook

__all__ = ["Area"]


async def _nothing() -> None:
    """For an area that holds nothing open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """`operations` are asked by the offices, `webhooks` by Twilio, `routes` by anybody else (they let in whom they
    know). `work` runs as long as the edge, by name; `close` comes after it has ended."""

    operations: Sequence[Operation] = ()
    webhooks: Sequence[Webhook] = ()
    routes: Sequence[RouteDef] = ()
    work: Mapping[str, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    close: Callable[[], Awaitable[None]] = _nothing
