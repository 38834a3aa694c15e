"""A client that sends what no HTTP library would."""

from __future__ import annotations

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestServer

__all__ = ["status_of", "status_of_routes"]


async def status_of(host: str, port: int, request: bytes) -> int:
    """Send these bytes on a connection of their own; the status of what comes back."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        async with asyncio.timeout(10):
            writer.write(request)
            return int((await reader.readuntil(b"\r\n")).split()[1])
    finally:
        writer.close()


async def status_of_routes(routes: list[web.RouteDef], request: bytes) -> int:
    """The same, to an application that has only these routes."""
    application = web.Application()
    application.add_routes(routes)
    async with TestServer(application) as server:
        return await status_of(server.host, server.port or 0, request)
