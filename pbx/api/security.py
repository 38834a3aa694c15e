"""Puts the headers that make a browser careful on every answer."""

from __future__ import annotations

from aiohttp import web

from pbx.api.auth import is_secure
from pbx.api.careful import SERVER, careful

__all__ = ["secure_headers"]


async def secure_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Where the answer does not bring its own. An `on_response_prepare` signal."""
    for name, value in careful(request.path, secure=is_secure(request)).items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = SERVER
