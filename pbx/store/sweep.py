"""Lets go, now and then, what is kept for a time only."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import msgspec

from pbx.core.clock import Clock
from pbx.store.accounts import Accounts
from pbx.store.cdrs import CdrStore
from pbx.store.errors import StoreError
from pbx.store.settings import SettingStore

__all__ = ["Sweep"]

log = logging.getLogger(__name__)

EVERY_S = 3600.0


class Sweep(msgspec.Struct, frozen=True):
    """What it goes through: notes of who did what, answers to requests that may be repeated, and records of calls."""

    settings: SettingStore
    accounts: Accounts
    cdrs: CdrStore
    clock: Clock

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.once()
            except StoreError as error:
                log.warning("old entries stay for now", extra={"error": str(error)})
            await asyncio.sleep(EVERY_S)

    async def once(self) -> None:
        settings = await self.settings.get()
        await self.accounts.audit.prune(settings.audit_keep_days)
        await self.accounts.answers.prune()
        if settings.cdr_keep_days:
            await self.cdrs.prune(self.clock.now() - timedelta(days=settings.cdr_keep_days))
