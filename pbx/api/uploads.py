"""Files that are sent to the API: taken as they come, so that none has to fit into memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from pbx.api.exchange import Exchange
from pbx.api.problem import plain_error

__all__ = ["pieces_of", "small_upload"]

PIECE_S = 20.0
"""Who sends nothing for so long has given up."""
PIECE_BYTES = 256 * 1024


async def pieces_of(request: web.Request, largest: int) -> AsyncIterator[bytes]:
    """The body. Raises `ApiError` 413 for one that says that it is larger, 408 when it does not come."""
    if (request.content_length or 0) > largest:
        raise plain_error(413, f"The file may have {largest >> 20} MB at most.")
    while True:
        try:
            async with asyncio.timeout(PIECE_S):
                piece = await request.content.read(PIECE_BYTES)
        except TimeoutError:
            raise plain_error(408, f"Nothing has come for {PIECE_S:.0f} s.") from None
        if not piece:
            return
        yield piece


async def small_upload(exchange: Exchange, largest: int) -> bytes:
    """The whole body, of something that fits into memory. Raises `ApiError` 413, 408."""
    body = bytearray()
    async for piece in pieces_of(exchange.request, largest):
        body += piece
        if len(body) > largest:
            raise plain_error(413, f"The file may have {largest >> 20} MB at most.")
    return bytes(body)
