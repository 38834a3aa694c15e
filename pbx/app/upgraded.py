"""What was different after the last upgrade: found at the first start of a version, told once, shown for two weeks."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from pbx.app.installed import program_version
from pbx.core.clock import Clock
from pbx.feature.self_call import SelfCallResult
from pbx.model.notice import Post
from pbx.store.migrate import heading, steps

if TYPE_CHECKING:
    from pbx.feature.self_call import SelfCall
    from pbx.store.database import Database
    from pbx.store.state import StateStore

__all__ = ["Change", "Upgraded"]

log = logging.getLogger(__name__)

PROGRAM = "program"
SELF_CALL = "self call"
CALL_AFTER_S = (3.0, 15.0, 30.0)
SHOWN_FOR = timedelta(days=14)


class Change(msgspec.Struct, kw_only=True, frozen=True):
    """From which version and layout to which, and when."""

    at: datetime
    from_version: str
    to_version: str
    from_layout: int
    to_layout: int
    kept: str = ""

    def words(self) -> str:
        parts = [f"version {self.from_version} → {self.to_version}"] * (self.from_version != self.to_version)
        if self.from_layout != self.to_layout:
            parts.append(f"layout {self.from_layout} → {self.to_layout}")
        return ", ".join(parts)


class _Program(msgspec.Struct, kw_only=True):
    """What ran last here."""

    version: str
    layout: int
    change: Change | None = None


class Upgraded:
    """`look` at the start; `change` is what the last upgrade was, None when it is long ago."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._change: Change | None = None
        self.call: SelfCallResult | None = None
        """How the call to itself went after it."""

    @property
    def change(self) -> Change | None:
        found = self._change
        return found if found is not None and self._clock.now() - found.at < SHOWN_FOR else None

    async def look(
        self,
        state: StateStore,
        database: Database,
        post: Post,
    ) -> bool:
        """Compare with the last run, and note this one; whether this is the first start of it. Going back to an older
        version is a change, too."""
        version, layout = program_version(), len(steps())
        before = await state.get(PROGRAM, _Program)
        from_layout = (
            database.kept.layout if database.kept is not None else before.layout if before else layout
        )
        from_version = before.version if before is not None else "?" if from_layout != layout else version
        self._change = before.change if before is not None else None
        self.call = await state.get(SELF_CALL, SelfCallResult)
        fresh = (from_version, from_layout) != (version, layout)
        if fresh:
            self._change = Change(
                at=self._clock.now(),
                from_version=from_version,
                to_version=version,
                from_layout=from_layout,
                to_layout=layout,
                kept=str(database.kept.path) if database.kept is not None else "",
            )
            self._tell(self._change, post)
        if before is None or (before.version, before.layout) != (version, layout):
            await state.put(PROGRAM, _Program(version=version, layout=layout, change=self._change))
        return fresh

    async def try_calls(self, calls: SelfCall, state: StateStore, post: Post) -> None:
        """Soon after the first start: whether calls work. A machine that is busy gets more than one chance."""
        for pause_s in CALL_AFTER_S:
            await asyncio.sleep(pause_s)
            self.call = await calls.run(program_version())
            if self.call.ok:
                break
        await state.keep(SELF_CALL, lambda: self.call)
        if self.call is not None and not self.call.ok:
            post(
                "alarm",
                "Calls do not work after the upgrade",
                f"The node has called itself, and {self.call.why}. Try a call between two phones. If it fails, go "
                "back: stop the node, run `pbx rollback`, and install the version of before.",
                {"what": "self_call_failed", "why": self.call.why},
            )

    @staticmethod
    def _tell(change: Change, post: Post) -> None:
        new = [heading(sql) for number, sql in steps() if number > change.from_layout]
        log.warning("upgraded", extra={"what": change.words(), "kept": change.kept or "-"})
        for line in new:
            log.info("new in the database", extra={"what": line})
        kept = (
            f" The database of before is kept in {change.kept}; `pbx rollback` puts it back."
            if change.kept
            else ""
        )
        news = "".join(f"\n- {line}" for line in new)
        post(
            "alarm",
            f"Upgraded: {change.words()}",
            f"The node has started after an upgrade: {change.words()}.{kept}{news}",
            {"what": "upgraded", "from": change.from_version, "to": change.to_version, "kept": change.kept},
        )
