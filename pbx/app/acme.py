"""The certificate of a public CA: ordered at the start, renewed in time, and told about when it cannot be had.

The node serves its own certificate until this one is there, and afterwards to whoever asks for another name.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pbx.model.notice import Post
from pbx.transport.acme import State, Wanted, carry_out, chance, files, load, save
from pbx.transport.acme_answers import PATH, Answers
from pbx.transport.acme_order import Failed, Issued

if TYPE_CHECKING:
    from aiohttp.web import Application, Request, Response

    from pbx.api.ports.health import CheckResult
    from pbx.app.secure import Secure
    from pbx.core.config import NodeConfig
    from pbx.transport.tls import ServerTls

__all__ = ["PublicCertificate"]

log = logging.getLogger(__name__)

LOOK_S = 3600.0
"""The longest sleep: the wall clock may be set meanwhile."""
PORTS = {"http-01": 80, "tls-alpn-01": 443}


class PublicCertificate:
    """Keeps the certificate of `acme_domain`."""

    def __init__(self, config: NodeConfig, secure: Secure, tls: ServerTls, post: Post) -> None:
        self._data_dir: Path = config.data_dir
        self._host = config.host
        self._port = config.acme_port or PORTS[config.acme_challenge]
        self._own_port = config.http_port if config.acme_challenge == "http-01" else config.https_port
        self._wanted = Wanted(
            domains=config.acme_domain,
            directory=config.acme_directory,
            contact=config.acme_contact,
            challenge=config.acme_challenge,
            trust=config.tls_trust,
        )
        self._secure = secure
        self._tls = tls
        self._post = post
        self._answers = Answers(tls if self._port == self._own_port else None)
        self._state = load(self._data_dir, self._wanted).started(time.time())

    @property
    def state(self) -> State:
        return self._state

    async def run(self) -> None:
        """Order and renew for ever."""
        self._tls.also(files(self._data_dir), self._wanted.domains)
        while True:
            now = time.time()
            self._state = self._state.in_time(now)
            wait_s = self._state.due_at - now
            if wait_s > 0:
                await asyncio.sleep(min(wait_s, LOOK_S))
                continue
            await self._order()

    async def _order(self) -> None:
        log.info("a certificate is ordered", extra={"names": ", ".join(self._wanted.domains)})
        try:
            async with self._listening():
                result = await carry_out(self._wanted, self._data_dir, self._answers.place)
        except OSError as error:
            result = Failed(reason=f"port {self._port} cannot be opened: {error.strerror or error}")
        finally:
            self._answers.clear()
        self._note(result)

    def _note(self, result: Issued | Failed) -> None:
        before, now = self._state, time.time()
        if isinstance(result, Issued):
            self._state = before.issued(result, now, chance())
            self._secure.reload()
            log.info("the certificate is there", extra={"until": _day(self._state.expires_at)})
            if before.failures:
                until = _day(result.expires_at)
                self._tell(
                    "certificate_back",
                    "The certificate could be had again",
                    f"It is good until {until}.",
                    {"until": until},
                )
        else:
            self._state = before.failed(result, now, chance())
            log.warning("no certificate could be had", extra={"reason": result.reason})
            if not before.failures or (self._state.is_urgent(now) and not before.is_urgent(before.tried_at)):
                self._tell(
                    "certificate_failed",
                    "The certificate could not be had",
                    f"{self._cause()} {self._action()}",
                    {
                        "why": result.reason,
                        "port": str(PORTS[self._wanted.challenge]),
                        "own_port": str(self._port),
                    },
                )
        try:
            save(self._data_dir, self._state)
        except OSError as error:  # then a restart tries once more
            log.warning("what came of an order cannot be kept", extra={"reason": error.strerror})

    def _tell(self, what: str, title: str, text: str, facts: dict[str, str]) -> None:
        names = ", ".join(self._wanted.domains)
        self._post("certificate", title, text, {"what": what, "names": names, **facts})

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        if self._port == self._own_port:
            yield
            return
        over_tls = self._wanted.challenge == "tls-alpn-01"
        async with self._answers.listening(self._host, self._port, tls=over_tls):
            yield

    # -- what people see -----------------------------------------------------------------------------------------------

    def add_to(self, application: Application) -> None:
        """The answer to HTTP-01 on the node's own HTTP port."""
        from aiohttp.web import HTTPNotFound, Response

        async def answer(request: Request) -> Response:
            text = self._answers.text(request.match_info["token"])
            if text is None:
                raise HTTPNotFound
            return Response(text=text)

        application.router.add_get(PATH + "{token}", answer, name="acme")

    def check(self) -> CheckResult:
        """The line of the health list."""
        from pbx.api.ports.health import CheckResult

        now = time.time()
        if not self._state.failures:
            return CheckResult("certificate", ok=True)
        over = bool(self._state.expires_at) and self._state.expires_at < now
        return CheckResult("certificate", ok=False, cause=self._cause(), action=self._action(), serious=over)

    def _cause(self) -> str:
        what = "renewed" if self._state.expires_at else "had"
        names = ", ".join(self._wanted.domains)
        end = (
            f" It ends on {_day(self._state.expires_at)}."
            if self._state.expires_at
            else " Until then the node's own is served."
        )
        return f"The certificate for {names} could not be {what}: {self._state.error}.{end}"

    def _action(self) -> str:
        port = PORTS[self._wanted.challenge]
        return (
            f"The names must lead to this node, and port {port} from outside to its port {self._port}. "
            f"It is tried again on {_day(self._state.due_at)}."
        )


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
