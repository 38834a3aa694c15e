"""Webhooks of flows, over real HTTP."""

from __future__ import annotations

from typing import Any

import msgspec

from pbx.core.clock import Clock
from pbx.flow.node import NodeError
from pbx.flow.ports import WebAnswer, WebRequest
from pbx.notify.errors import SendError
from pbx.notify.http_client import HttpClient
from pbx.notify.webhook import signature

__all__ = ["LiveWeb"]


class LiveWeb:
    """Implements `pbx.flow.ports.Web`; one for all calls."""

    def __init__(self, client: HttpClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def request(self, request: WebRequest) -> WebAnswer:
        """Raises `NodeError` when there is no answer in time, or one that is too large."""
        headers = {"Accept": "application/json", **request.headers}
        body = None
        if request.body is not None:
            body = msgspec.json.encode(request.body)
            headers["Content-Type"] = "application/json"
            if request.signing_key:
                at = int(self._clock.now().timestamp())
                headers["X-Bellwire-Signature"] = signature(request.signing_key, at, body)
        try:
            answer = await self._client.ask(
                request.method, request.url, body=body, headers=headers, timeout_s=request.timeout_s
            )
        except SendError as error:
            raise NodeError(str(error)) from error
        return WebAnswer(answer.status, _fields(answer.body))


def _fields(body: bytes) -> dict[str, Any]:
    """Those of a JSON object; none of anything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
