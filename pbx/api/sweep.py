"""Lets go, now and then, what is kept for a time only."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from pbx.api.deps import ApiDeps
from pbx.store.errors import StoreError

__all__ = ["sweep", "sweeping"]

log = logging.getLogger(__name__)

EVERY_S = 3600.0


async def sweeping(deps: ApiDeps) -> None:
    """For as long as the API is served."""
    while True:
        try:
            await sweep(deps)
        except StoreError as error:
            log.warning("old entries stay for now", extra={"error": str(error)})
        await asyncio.sleep(EVERY_S)


async def sweep(deps: ApiDeps) -> None:
    """Once."""
    settings = await deps.settings.get()
    await deps.accounts.audit.prune(settings.audit_keep_days)
    await deps.accounts.answers.prune()
    if settings.cdr_keep_days:
        await deps.cdrs.prune(deps.clock.now() - timedelta(days=settings.cdr_keep_days))
