"""What an operation is: method, path, the scope it demands, and the Structs that go in and out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from edge.model.base import Record

__all__ = ["JSON", "Asked", "Handler", "ListQuery", "Operation", "Problem", "ProblemField", "Reply", "Scope"]

JSON = "application/json"
MOST_BYTES = 64 << 10

Scope = Literal[
    "texts:read",
    "texts:write",
    "campaigns:read",
    "campaigns:write",
    "numbers:read",
    "numbers:write",
    "receptionist:read",
    "receptionist:write",
]

_IN_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks: the office is certain, `actor` is whom its node says it to be."""

    office: str
    actor: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as bytes: a file, or JSON that is made already."""

    status: int
    body: bytes = b""
    type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[..., Awaitable[msgspec.Struct | Reply | None]]
"""Called with `Asked`, then by name: each path parameter (text), `query` and `body` where the operation has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`path` is written as OpenAPI writes it. `upload_types` are those of a body that the handler gets as bytes, by the
    name `upload`, together with its `type`."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    name: str
    summary: str
    scope: Scope
    handler: Handler
    tag: str
    description: str = ""
    request: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    response: type[msgspec.Struct] | None = None
    response_type: str = JSON
    upload_types: tuple[str, ...] = ()
    status: int = 200
    errors: tuple[int, ...] = ()
    most_bytes: int = MOST_BYTES

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path's braces."""
        return tuple(_IN_BRACES.findall(self.path))

    def pattern(self) -> re.Pattern[str]:
        """Matches the paths that mean this operation."""
        escaped = "".join(
            f"(?P<{piece[1:-1]}>[^/]+)" if piece.startswith("{") else re.escape(piece)
            for piece in re.split(r"(\{\w+\})", self.path)
        )
        return re.compile(escaped)


class ListQuery(Record, frozen=True, kw_only=True):
    """What every list takes; one that takes more inherits it."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    q: Annotated[str, Meta(max_length=100, description="Words to look for.")] = ""


class ProblemField(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong with what was sent."""

    path: Annotated[str, Meta(description="JSON path of the field: $.name, or query.limit for ?limit=.")]
    message: str


class Problem(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every answer with an error status (RFC 9457)."""

    type: Annotated[str, Meta(description="A stable name of the kind of problem.")]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str = ""
    errors: tuple[ProblemField, ...] = ()
