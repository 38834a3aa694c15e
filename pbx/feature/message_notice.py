"""Telling phones that have not asked how many messages wait: an unsolicited NOTIFY to each (RFC 3842 5)."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from pbx.model.binding import Binding
from pbx.sip import message_summary
from pbx.sip.build import request_of
from pbx.sip.hop import Hop, host_port
from pbx.sip.message import Request, Response
from pbx.sip.message_summary import Waiting

__all__ = ["MessageNotice"]

log = logging.getLogger(__name__)

ANSWER_S = 10.0
MOST_AT_ONCE = 100
"""More are not told: they learn of it when they register anew, or subscribe."""


class MessageNotice:
    """`bindings` gives the phones of an extension, `address` is ours as a host sees it; set `spawn` before use."""

    def __init__(
        self,
        bindings: Callable[[str], Sequence[Binding]],
        *,
        ask: Callable[[Request, Hop], Awaitable[Response]],
        address: Callable[[str], str],
    ) -> None:
        self.spawn: Callable[[str, Coroutine[Any, Any, None]], object] | None = None
        self.told = 0
        self._bindings = bindings
        self._ask = ask
        self._address = address
        self._under_way = 0

    def tell(self, extension: str, waiting: Waiting) -> None:
        """Tell each registered phone of an extension."""
        for binding in self._bindings(extension):
            if self.spawn is not None and self._under_way < MOST_AT_ONCE:
                self._under_way += 1
                self.spawn("message notice", self._tell(binding, waiting))

    async def _tell(self, binding: Binding, waiting: Waiting) -> None:
        hop = Hop(binding.transport, binding.source_host, binding.source_port, connection=binding.connection)
        try:
            async with asyncio.timeout(ANSWER_S):
                response = await self._ask(self._notify(binding, waiting), hop)
            self.told += response.status < 300
        except TimeoutError:
            log.debug("a phone did not take the news of its messages", extra={"extension": binding.extension})
        finally:
            self._under_way -= 1

    def _notify(self, binding: Binding, waiting: Waiting) -> Request:
        us = host_port(self._address(binding.source_host), 0)
        account = f"sip:{binding.extension}@{us}"
        return request_of(
            "NOTIFY",
            binding.contact_uri,
            from_=f"<{account}>;tag={secrets.token_hex(6)}",
            to=f"<{account}>",
            call_id=secrets.token_hex(12),
            cseq=1,
            headers=(
                *(("Route", each) for each in binding.path),
                ("Contact", f"<{account}>"),
                ("Event", message_summary.EVENT),
                ("Subscription-State", "terminated"),
                ("Content-Type", message_summary.CONTENT_TYPE),
            ),
            body=message_summary.write(account, waiting),
        )
