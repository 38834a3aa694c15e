"""Puts a gateway together, alone or inside a node, and runs it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver

from mobile_push.apns import Apns
from mobile_push.apns_token import ProviderToken, read_key
from mobile_push.clock import Clock, SystemClock
from mobile_push.config import PushConfig
from mobile_push.deliveries import Deliveries
from mobile_push.devices import Devices
from mobile_push.errors import SetupError
from mobile_push.fcm import Fcm, read_account
from mobile_push.gateway import Gateway
from mobile_push.limits import Limits
from mobile_push.metrics import Metrics
from mobile_push.model import PLATFORMS, PlatformStatus, Status
from mobile_push.offices import Offices
from mobile_push.provider import Provider
from mobile_push.store import Store, open_store
from mobile_push.tasks import Tasks
from mobile_push.vapid import FILE_NAME, vapid_key
from mobile_push.webpush import WebPush

DATABASE = "push.sqlite3"


@dataclass(frozen=True, slots=True)
class PushParts:
    """A gateway that runs."""

    gateway: Gateway
    offices: Offices
    devices: Devices
    deliveries: Deliveries
    metrics: Metrics
    limits: Limits
    vapid_key: str

    async def status(self, office: str) -> Status:
        platforms: dict[str, PlatformStatus] = {
            name: self.gateway.providers[name].status()
            if name in self.gateway.providers
            else PlatformStatus(configured=False, detail=f"this gateway has no key for {name}")
            for name in PLATFORMS
        }
        last_day = await self.deliveries.last_day(office)
        return Status(
            office=office,
            platforms=platforms,
            vapid_key=self.vapid_key,
            pushes_per_second=self.limits.rate,
            devices=await self.devices.count(office),
            last_day={str(state): count for state, count in last_day.items()},
        )


@asynccontextmanager
async def running(
    config: PushConfig, clock: Clock | None = None, *, names: AbstractResolver | None = None
) -> AsyncIterator[PushParts]:
    """A gateway, until the block ends. Raises `SetupError` for keys that cannot be used. `names` finds the push
    services, in place of the system.
    """
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        store: Store = await open_store(config.db_dsn or config.data_dir / DATABASE)
        stack.push_async_callback(store.aclose)
        connector = aiohttp.TCPConnector(resolver=names) if names is not None else None
        http = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        )
        web = WebPush(
            vapid_key(config.data_dir / FILE_NAME),
            config.webpush_contact,
            http,
            clock,
            hosts=config.webpush_hosts,
        )
        providers: dict[str, Provider] = {"webpush": web}
        if config.apns_key is not None:
            providers["apns"] = _apns(config, clock, names)
        if config.fcm_account is not None:
            providers["fcm"] = Fcm(read_account(config.fcm_account), http, clock, url=config.fcm_url)
        metrics = Metrics()
        devices, deliveries = Devices(store, clock), Deliveries(store, clock, metrics)
        limits = Limits(config.rate, clock.monotonic)
        gateway = Gateway(
            providers, devices=devices, deliveries=deliveries, limits=limits, metrics=metrics, clock=clock
        )
        stack.push_async_callback(deliveries.flush)
        tasks = await stack.enter_async_context(Tasks())
        tasks.spawn("delivery log", deliveries.run())
        for name, provider in providers.items():
            stack.push_async_callback(provider.aclose)
            tasks.spawn(name, provider.run())
        yield PushParts(gateway, Offices(store, clock), devices, deliveries, metrics, limits, web.public_key)


def _apns(config: PushConfig, clock: Clock, names: AbstractResolver | None) -> Apns:
    assert config.apns_key is not None
    try:
        tls = ssl.create_default_context(cafile=config.apns_trust)
    except OSError as error:
        raise SetupError(f"apns_trust {config.apns_trust} cannot be read: {error}") from error
    token = ProviderToken(read_key(config.apns_key), config.apns_key_id, config.apns_team, clock.time)
    return Apns(
        token,
        config.apns_apps,
        clock,
        url=config.apns_url,
        sandbox_url=config.apns_sandbox_url,
        sandbox_only=config.apns_sandbox,
        tls=tls,
        names=names,
    )
