"""Webhooks of flows, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from pbx.core.clock import Clock
from pbx.core.secret import SealBrokenError
from pbx.flow.node import NodeError
from pbx.flow.ports import WebAnswer, WebRequest
from pbx.notify.errors import SendError
from pbx.notify.http_client import HttpClient
from pbx.notify.webhook import signature

__all__ = ["LiveWeb"]


class LiveWeb:
    """Implements `pbx.flow.ports.Web`; one for all calls. `unseal` opens a signing key as it stands in a flow."""

    def __init__(self, client: HttpClient, clock: Clock, unseal: Callable[[str], str] = str) -> None:
        self._client = client
        self._clock = clock
        self._unseal = unseal

    async def request(self, request: WebRequest) -> WebAnswer:
        """Raises `NodeError` when there is no answer in time, or one that is too large."""
        headers = {"Accept": "application/json", **request.headers}
        body = None
        if request.body is not None:
            body = msgspec.json.encode(request.body)
            headers["Content-Type"] = "application/json"
            if request.signing_key:
                at = int(self._clock.now().timestamp())
                headers["X-Bellwire-Signature"] = signature(self._key(request.signing_key), at, body)
        try:
            answer = await self._client.ask(
                request.method, request.url, body=body, headers=headers, timeout_s=request.timeout_s
            )
        except SendError as error:
            raise NodeError(str(error)) from error
        return WebAnswer(answer.status, _fields(answer.body))

    def _key(self, sealed: str) -> str:
        try:
            return self._unseal(sealed)
        except SealBrokenError as error:
            raise NodeError(f"{error}: type the signing key of this webhook again") from None


def _fields(body: bytes) -> dict[str, Any]:
    """Those of a JSON object; none of anything else."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
