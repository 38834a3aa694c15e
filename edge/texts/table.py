"""Rows of the table of operations: what all that read, and all that do something, have in common."""

from __future__ import annotations

from typing import Literal

import msgspec

from edge.api.operation import Handler, Operation

__all__ = ["TAG", "does", "reads"]

TAG = "Texts"


def reads(
    path: str,
    name: str,
    summary: str,
    handler: Handler,
    *,
    response: type[msgspec.Struct],
    query: type[msgspec.Struct] | None = None,
) -> Operation:
    return Operation(
        method="GET", path=path, name=name, summary=summary, scope="texts:read", tag=TAG, handler=handler,
        query=query, response=response,
    )  # fmt: skip


def does(
    path: str,
    name: str,
    summary: str,
    handler: Handler,
    *,
    response: type[msgspec.Struct],
    method: Literal["POST", "PUT"] = "POST",
    request: type[msgspec.Struct] | None = None,
    status: int = 200,
    errors: tuple[int, ...] = (),
    description: str = "",
) -> Operation:
    return Operation(
        method=method, path=path, name=name, summary=summary, scope="texts:write", tag=TAG, handler=handler,
        request=request, response=response, status=status, errors=errors, description=description,
    )  # fmt: skip
