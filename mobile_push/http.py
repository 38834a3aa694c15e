"""The gateway's HTTP: `/v1` for offices with their key, `/health` and `/metrics` for who operates it."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from mobile_push.app import PushParts
from mobile_push.errors import PushError
from mobile_push.metrics import CONTENT_TYPE
from mobile_push.model import DeliveryList, DeviceList, DeviceWrite, Push, PushAnswer

log = logging.getLogger(__name__)

MOST_BODY = 1 << 20
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ENCODER = msgspec.json.Encoder()


def build_http(parts: PushParts) -> web.Application:
    app = web.Application(client_max_size=MOST_BODY, middlewares=[_problems])
    routes = _Routes(parts)
    app.router.add_post("/v1/push", routes.push)
    app.router.add_get("/v1/status", routes.status)
    app.router.add_get("/v1/devices", routes.devices)
    app.router.add_put("/v1/devices/{id}", routes.put_device)
    app.router.add_delete("/v1/devices/{id}", routes.delete_device)
    app.router.add_get("/v1/deliveries", routes.deliveries)
    app.router.add_get("/health", routes.health)
    app.router.add_get("/metrics", routes.metrics)
    return app


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals as RFC 9457 has them."""
    try:
        return await handler(request)
    except PushError as error:
        headers = {}
        if error.retry_after_s is not None:
            headers["Retry-After"] = str(math.ceil(error.retry_after_s))
        if error.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        return _problem(error.status, error.detail, headers)
    except web.HTTPException as error:
        return _problem(error.status, error.reason, {})


def _problem(status: int, detail: str, headers: dict[str, str]) -> web.Response:
    body = _ENCODER.encode({"type": "about:blank", "status": status, "detail": detail})
    return web.Response(status=status, body=body, content_type="application/problem+json", headers=headers)


class _Routes:
    def __init__(self, parts: PushParts) -> None:
        self._parts = parts

    async def push(self, request: web.Request) -> web.Response:
        office = await self._office(request)
        push = read_body(await request.read(), Push)
        return _answer(PushAnswer(outcomes=await self._parts.gateway.push(office, push)))

    async def status(self, request: web.Request) -> web.Response:
        return _answer(await self._parts.status(await self._office(request)))

    async def devices(self, request: web.Request) -> web.Response:
        found = await self._parts.devices.of(await self._office(request))
        return _answer(DeviceList(items=tuple(found), total=len(found)))

    async def put_device(self, request: web.Request) -> web.Response:
        office = await self._office(request)
        id = request.match_info["id"]
        if len(id) > 100 or not all(each.isalnum() or each in "._~-" for each in id):
            raise PushError(422, "An id is up to 100 letters, digits and . _ ~ -")
        return _answer(
            await self._parts.devices.put(office, id, read_body(await request.read(), DeviceWrite))
        )

    async def delete_device(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        if not await self._parts.devices.remove(await self._office(request), id):
            raise PushError(404, f"There is no device {id}.")
        return web.Response(status=204)

    async def deliveries(self, request: web.Request) -> web.Response:
        office = await self._office(request)
        limit = request.query.get("limit", "100")
        if not limit.isdecimal() or not 1 <= int(limit) <= 1000:
            raise PushError(422, "limit is a number from 1 to 1000.")
        call_id = request.query.get("call_id", "")
        found = await self._parts.deliveries.of(office, call_id=call_id, limit=int(limit))
        return _answer(DeliveryList(items=tuple(found)))

    async def health(self, _request: web.Request) -> web.Response:
        return _answer({"status": "ok"})

    async def metrics(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=self._parts.metrics.expose().encode(), headers={"Content-Type": CONTENT_TYPE}
        )

    async def _office(self, request: web.Request) -> str:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key or not key.isascii():
            raise PushError(401, "Authorization: Bearer with the key of an office is needed.")
        return await self._parts.offices.of_key(key.strip())


def read_body(body: bytes, kind: type[T]) -> T:
    """Raises `PushError` 400, 422."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise PushError(422, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PushError(400, f"The body is no JSON: {error}") from error


def _answer(document: object) -> web.Response:
    return web.Response(body=_ENCODER.encode(document), content_type="application/json")
