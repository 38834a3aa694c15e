"""Puts together what wakes phones: the node's own push gateway, or one elsewhere that serves several offices.

The gateway is imported when there is something to send, or at the start where it has keys of Apple or Google.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Collection
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import StartupError
from pbx.core.imports import imported
from pbx.core.names import Lookup, http_names, system_lookup
from pbx.core.tasks import Supervisor
from pbx.feature.push_news import PushNews
from pbx.feature.push_phones import PushPhones
from pbx.feature.wake import Wake
from pbx.model.kinds import EXTENSION
from pbx.model.push_phone import PushNotice, PushResult
from pbx.model.text_message import TextMessage

if TYPE_CHECKING:
    import aiohttp

    from mobile_push.app import PushParts
    from mobile_push.config import PushConfig
    from pbx.app.ground import Ground, Stores
    from pbx.core.config import NodeConfig
    from pbx.core.metrics import Registry
    from pbx.feature.office import Office
    from pbx.feature.registrar import Registrar

__all__ = ["build_wake", "news_of", "start_push"]

log = logging.getLogger(__name__)

FOLDER = "push"
LOCAL_OFFICE = "local"
ASK_AGAIN_S = 60.0
WAKE_S = 15.0
WAKE_BUCKETS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0)
SOON_S = 10.0
"""How much longer than its own time a request to another gateway may take."""


def build_wake(ground: Ground, office: Office, registrar: Registrar) -> Wake:
    """Without a gateway, which comes later, no phone can be woken."""

    def deadline_s(number: str) -> float:
        extension = office.get(EXTENSION, number)
        return WAKE_S if extension is None else float(extension.wake_timeout_s)

    def name_of(number: str) -> str:
        extension = office.get(EXTENSION, number)
        return number if extension is None else extension.name or number

    phones = PushPhones(ground.stores.push_phones, ground.clock)
    _measure(ground.metrics, phones)
    return Wake(
        phones,
        registrar,
        clock=ground.clock,
        deadline_s=deadline_s,
        tasks=ground.supervisor,
        name_of=name_of,
    )


def _measure(metrics: Registry, phones: PushPhones) -> None:
    metrics.gauge("pbx_push_phones", "Phones that can be woken.", read=lambda: len(phones.all()))
    metrics.counter(
        "pbx_push_wakes_total",
        "Phones that were woken for a call, and those that did not wake.",
        labels=("result",),
        read=lambda: {(result,): float(count) for result, count in phones.told.items()},
    )
    took = metrics.histogram(
        "pbx_push_wake_seconds", "From a push to the phone's REGISTER.", buckets=WAKE_BUCKETS
    )
    phones.on_woke = took.observe


def news_of(wake: Wake, office: Office, registrar: Registrar, stores: Stores, clock: Clock) -> PushNews:
    """What sleeping phones are told of besides calls."""

    async def text(id_: str, number: str) -> TextMessage | None:
        waiting = await stores.messages.waiting(number, clock.now())
        return next((each for each in waiting if each.id == id_), None)

    return PushNews(
        wake,
        registrar,
        owners=lambda box: [each.number for each in office.all(EXTENSION) if each.mailbox == box],
        voicemail=stores.voicemail.get,
        text=text,
    )


async def start_push(
    config: NodeConfig,
    wake: Wake,
    supervisor: Supervisor,
    stack: AsyncExitStack,
    lookup: Lookup = system_lookup,
) -> None:
    """Give `wake` its gateway. Raises `StartupError` for keys that cannot be used."""
    if config.push_url:
        remote = RemoteGateway(config.push_url, _key(config.push_key_file), lookup)
        stack.push_async_callback(remote.close)
        wake.gateway = remote
        supervisor.spawn("push gateway", remote.follow())
        return
    from mobile_push.config import PushConfig, check
    from mobile_push.errors import SetupError

    settings = PushConfig(
        data_dir=config.data_dir / FOLDER,
        rate=0,
        apns_key=config.push_apns_key,
        apns_key_id=config.push_apns_key_id,
        apns_team=config.push_apns_team,
        apns_apps=config.push_apns_apps,
        apns_sandbox=config.push_apns_sandbox,
        apns_url=config.push_apns_url,
        apns_sandbox_url=config.push_apns_url,
        apns_trust=config.push_apns_trust,
        fcm_account=config.push_fcm_account,
        fcm_url=config.push_fcm_url,
        webpush_contact=config.push_contact or _contact(config),
        webpush_hosts=config.push_webpush_hosts,
    )
    local = LocalGateway(settings, stack, lookup)
    try:
        check(settings)
        if local.is_warm:  # a connection to Apple, and keys that are wrong are told at once
            await local.start()
        else:
            supervisor.spawn("web push key", local.prepare())
    except SetupError as error:
        raise StartupError(f"pushes cannot be sent: {error}") from error
    wake.gateway = local


class LocalGateway:
    """The node's own gateway. Implements `pbx.feature.wake.PushGateway`.

    With keys for browsers alone, which every node has, it starts when there is something to send: what it imports takes
    ten megabytes, and most offices never push.
    """

    def __init__(self, settings: PushConfig, stack: AsyncExitStack, lookup: Lookup = system_lookup) -> None:
        self._settings = settings
        self._lookup = lookup
        self._stack = stack
        self._parts: PushParts | None = None
        self.vapid_key = ""
        """What browsers subscribe with; "" until it is there, and then they cannot be pushed to."""
        self._starting = asyncio.Lock()

    @property
    def services(self) -> Collection[str]:
        keys = {
            "webpush": self.vapid_key,
            "apns": self._settings.apns_key,
            "fcm": self._settings.fcm_account,
        }
        return [name for name, key in keys.items() if key]

    @property
    def is_warm(self) -> bool:
        """Whether it starts with the node."""
        return self._settings.apns_key is not None or self._settings.fcm_account is not None

    async def prepare(self) -> None:
        """See to the key of browsers, which is made at the first start."""
        from mobile_push.errors import SetupError
        from mobile_push.vapid import FILE_NAME, publish, published

        path = self._settings.data_dir / FILE_NAME
        async with self._starting:
            if not (text := published(path)):
                # In a process of its own: what it imports would stay in this one.
                command = [sys.executable, "-m", "mobile_push.vapid", str(path)]
                await asyncio.to_thread(subprocess.run, command, check=False, capture_output=True, timeout=60)
                try:
                    text = published(path) or await asyncio.to_thread(publish, path)
                except SetupError as error:
                    log.error("browsers cannot be pushed to", extra={"reason": str(error)})  # noqa: TRY400
            self.vapid_key = text

    async def start(self) -> PushParts:
        """The gateway, made when it is first needed. Raises `SetupError` for keys that cannot be used."""
        async with self._starting:
            if self._parts is None:
                from mobile_push.app import running

                self._parts = await self._stack.enter_async_context(
                    running(self._settings, names=http_names(self._lookup))
                )
                self.vapid_key = self._parts.vapid_key
            return self._parts

    async def send(self, notice: PushNotice) -> PushResult:
        from mobile_push.errors import PushError, SetupError
        from mobile_push.model import Push

        push = msgspec.convert(document_of(notice), Push)
        try:
            parts = await self.start()
            (outcome,) = await parts.gateway.push(LOCAL_OFFICE, push)
        except (PushError, SetupError) as error:
            return PushResult(state="failed", reason=str(error))
        return _result(outcome.state, outcome.reason)


class _Outcome(msgspec.Struct):
    state: str
    reason: str = ""


class _Answer(msgspec.Struct):
    outcomes: tuple[_Outcome, ...]


class _Platform(msgspec.Struct):
    configured: bool


class _Status(msgspec.Struct):
    platforms: dict[str, _Platform]
    vapid_key: str


class RemoteGateway:
    """A gateway elsewhere, by its HTTP. Implements `pbx.feature.wake.PushGateway`."""

    def __init__(self, url: str, key: str, lookup: Lookup = system_lookup) -> None:
        self._url = url.rstrip("/")
        self._lookup = lookup
        self._headers = {"Authorization": f"Bearer {key}"}
        self._http: aiohttp.ClientSession | None = None
        self._status = _Status({}, "")
        self.fault = ""

    @property
    def services(self) -> Collection[str]:
        return [name for name, platform in self._status.platforms.items() if platform.configured]

    @property
    def vapid_key(self) -> str:
        return self._status.vapid_key

    async def follow(self) -> None:
        """Ask what it can send to, again and again."""
        while True:
            fault = await self._ask()
            if fault != self.fault:
                log.log(logging.WARNING if fault else logging.INFO, "push gateway", extra={"fault": fault})
            self.fault = fault
            await asyncio.sleep(ASK_AGAIN_S if not fault else ASK_AGAIN_S / 6)

    async def _ask(self) -> str:
        await imported("aiohttp")
        import aiohttp

        try:
            async with asyncio.timeout(SOON_S), self._session().get(f"{self._url}/v1/status") as reply:
                body = await reply.read()
                if reply.status != 200:
                    return f"the push gateway answers with status {reply.status}"
            self._status = msgspec.json.decode(body, type=_Status)
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError) as error:
            return f"the push gateway cannot be reached: {str(error) or 'no answer'}"
        return ""

    async def send(self, notice: PushNotice) -> PushResult:
        """Asked again when the connection breaks: the gateway sends nothing twice."""
        await imported("aiohttp")
        import aiohttp

        body = msgspec.json.encode(document_of(notice))
        fault = "no answer"
        try:
            async with asyncio.timeout(notice.good_for_s):
                while True:
                    try:
                        async with self._session().post(f"{self._url}/v1/push", data=body) as reply:
                            said = await reply.read()
                            if reply.status == 200:
                                (outcome,) = msgspec.json.decode(said, type=_Answer).outcomes
                                return _result(outcome.state, outcome.reason)
                            fault = f"the push gateway answers with status {reply.status}"
                            if reply.status < 500 and reply.status != 429:
                                break
                    except (aiohttp.ClientError, OSError) as error:
                        fault = f"the push gateway cannot be reached: {error}"
                    await asyncio.sleep(0.5)
        except (TimeoutError, msgspec.MsgspecError, ValueError) as error:
            fault = str(error) or fault
        return PushResult(state="failed", reason=fault)

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            import aiohttp

            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=http_names(self._lookup)),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._http

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()


def document_of(notice: PushNotice) -> dict[str, object]:
    """The body of `POST /v1/push`."""
    phone = notice.phone
    target = {"platform": phone.service, "token": notice.token, "app": phone.app, "sandbox": phone.sandbox}
    return {
        "kind": notice.kind,
        "targets": [target],
        "call_id": notice.call_id,
        "caller": notice.caller[:200],
        "caller_name": notice.caller_name[:200],
        "extension": phone.extension,
        "title": notice.title[:200],
        "text": notice.text[:1000],
        "decline": notice.decline,
        "reason": notice.reason,
        "by": notice.by[:200],
        "good_for_s": notice.good_for_s,
    }


def _result(state: str, reason: str) -> PushResult:
    if state in ("sent", "gone"):
        return PushResult(state="sent" if state == "sent" else "gone", reason=reason)
    return PushResult(state="failed", reason=reason or state)


def _key(path: Path | None) -> str:
    if path is None:
        raise StartupError(
            "push_url needs the key of the office", action="Name its file with --push-key-file"
        )
    try:
        return path.read_text().strip()
    except OSError as error:
        raise StartupError(f"push_key_file {path} cannot be read: {error.strerror}") from error


def _contact(config: NodeConfig) -> str:
    """Whom push services may write to: the address that notices come from."""
    return f"mailto:{config.smtp_from}" if "@" in config.smtp_from else "mailto:postmaster@example.org"
