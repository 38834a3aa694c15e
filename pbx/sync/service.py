"""The node that follows a bundle: looks, verifies, applies, tells what it did, and can go back.

    look ─ signature ─ sequence ─ office ─ document (hash) ─ plan ─► one transaction: records, flows, sequence, undo
      │        │           │         │            │            │
      └────────┴───────────┴─────────┴────────────┴────────────┴──► nothing changes, and it is shown

A sequence that was applied is never applied again, also not after it was rolled back: a host that is made to show an
old bundle cannot lead the office back.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from pbx.core.clock import Clock
from pbx.core.errors import PbxError, UserError
from pbx.core.metrics import Registry
from pbx.feature.document_view import fault_view, plan_view
from pbx.feature.documents import Documents, Options, Plan, Undo
from pbx.model.notice import Post
from pbx.model.sync import SyncRevision, SyncState
from pbx.store.audit import acting
from pbx.store.sync import SyncStore
from pbx.store.thread import Work
from pbx.sync.bundle import Manifest, OfficeEntry, entry_for
from pbx.sync.errors import SyncError

__all__ = ["Following", "Sync", "pause_s"]

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 3600.0
TOLD_AFTER = 3
"""Looks in a row at which a host that does not answer, or is in the middle of being replaced, is told as a notice."""


class Source(Protocol):
    """`pbx.sync.source.BundleSource`."""

    async def manifest(self) -> Manifest | None: ...
    async def document(self, entry: OfficeEntry) -> bytes: ...
    def dealt_with(self) -> None: ...
    def forget(self) -> None: ...


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """Which bundle a node follows, as which office, and how often it looks."""

    source: Source
    url: str
    office: str
    interval_s: float
    random: Callable[[], float]


class Sync:
    """`following` None: the node follows none, but what a bundle has changed can still be put back."""

    def __init__(
        self,
        documents: Documents,
        store: SyncStore,
        clock: Clock,
        *,
        new_secret: Callable[[], str],
        following: Following | None = None,
        post: Post | None = None,
        metrics: Registry | None = None,
    ) -> None:
        self._documents = documents
        self._store = store
        self._clock = clock
        self._new_secret = new_secret
        self._following = following
        self._post = post
        self._busy = asyncio.Lock()
        self._checked_at: datetime | None = None
        self._failed: SyncError | None = None
        self._failures = 0
        self._told = ""
        self._sequence = 0
        self._results = None
        if metrics is not None and following is not None:
            self._results = metrics.counter(
                "pbx_sync_checks_total", "Looks for a configuration bundle, by result.", ("result",)
            )
            metrics.gauge(
                "pbx_sync_sequence",
                "Sequence of the newest configuration bundle that was applied.",
                read=lambda: float(self._sequence),
            )

    @property
    def problem(self) -> str:
        """Why the node does not have the newest bundle; "" while all is well."""
        return str(self._failed) if self._failed is not None else ""

    async def state(self) -> SyncState:
        standing, undoable = await self._store.standing()
        following, failed = self._following, self._failed
        return SyncState(
            url=following.url if following else "",
            office=following.office if following else "",
            interval_s=following.interval_s if following else 0,
            sequence=standing[0].sequence if standing else None,
            applied_at=standing[0].applied_at if standing else None,
            checked_at=self._checked_at,
            trouble=failed.trouble if failed is not None else "",
            error=self.problem,
            faults=tuple(fault_view(each) for each in failed.faults) if failed is not None else (),
            previous=standing[1] if len(standing) > 1 else None,
            can_roll_back=undoable,
            revisions=tuple(await self._store.latest()),
        )

    async def run(self) -> None:
        """Look at once, and then again and again. Runs until it is cancelled."""
        following = self._following
        while following is not None:
            await self.check()
            await asyncio.sleep(pause_s(self._waiting, following.interval_s, following.random()))

    async def check(self) -> SyncState:
        """Look now, and apply what is new. Raises `UserError` 409 when the node follows no bundle."""
        if self._following is None:
            raise UserError(
                "this node follows no bundle",
                http_status=409,
                action="Start it with --sync-url and --sync-key",
            )
        async with self._busy:
            try:
                result = await self._look(self._following)
            except SyncError as error:
                self._went_wrong(error)
            except PbxError as error:
                self._went_wrong(SyncError("incomplete", f"It could not be stored: {error}."))
            except Exception as error:
                log.exception("following a bundle failed")
                self._went_wrong(SyncError("refused", f"A fault of this node: {error}"))
            else:
                self._went_well(result)
        return await self.state()

    async def roll_back(self) -> SyncState:
        """Put back what the last bundle has changed.

        Raises `UserError`: 409 when there is nothing to put back, 422 when the office would not be whole.
        """
        async with self._busy:
            standing, _ = await self._store.standing()
            kept = await self._store.undo(standing[0].sequence) if standing else None
            if kept is None:
                raise UserError("there is no bundle that can be rolled back", http_status=409)
            sequence = standing[0].sequence
            work = self._store.rolling_back(sequence, self._clock.now())
            try:
                await self._documents.undo(msgspec.json.decode(kept, type=Undo), also=lambda _, __: [work])
            except UserError as error:
                if not error.problems:
                    raise
                raise UserError(
                    f"bundle {sequence} cannot be rolled back: the office would not be whole",
                    http_status=422,
                    action="Change what is named first",
                    problems=error.problems,
                ) from None
            log.info("a bundle was rolled back", extra={"sequence": sequence})
            self._tell(
                f"Configuration bundle {sequence} was rolled back",
                "The office is as it was before. A newer bundle will be applied when there is one.",
                {"sequence": str(sequence), "result": "rolled back"},
            )
        return await self.state()

    # -- below ---------------------------------------------------------------------------------------------------------

    @property
    def _waiting(self) -> int:
        """Failures in a row that time may mend."""
        return self._failures if self._failed is not None and self._failed.trouble != "refused" else 0

    async def _look(self, following: Following) -> str:
        source = following.source
        manifest = await source.manifest()
        if manifest is None:
            return "unchanged"
        self._sequence = newest = await self._store.newest()
        if manifest.sequence < newest:
            raise SyncError(
                "refused",
                f"The bundle offered ({manifest.sequence}) is older than the one applied ({newest}).",
            )
        if manifest.sequence == newest:
            source.dealt_with()
            return "unchanged"
        entry = entry_for(manifest, following.office)
        document = await source.document(entry)
        await self._apply(manifest, entry, document)
        source.dealt_with()
        return "applied"

    async def _apply(self, manifest: Manifest, entry: OfficeEntry, document: bytes) -> None:
        def also(changes: Plan, undo: Undo) -> Sequence[Work[None]]:
            revision = SyncRevision(
                sequence=manifest.sequence,
                office=entry.office,
                created=manifest.created,
                applied_at=self._clock.now(),
                changes=plan_view(changes).changes,
            )
            return [self._store.applying(revision, msgspec.json.encode(undo).decode())]

        options = Options(prune=manifest.prune, new_secret=self._new_secret)
        try:
            with acting(f"bundle {manifest.sequence}", "configuration bundle"):
                changes = await self._documents.apply(document, options, also=also)
        except UserError as error:
            raise SyncError(
                "refused",
                f"Bundle {manifest.sequence} cannot be applied here: {_first(error)}.",
                faults=error.problems or (error,),
            ) from None
        self._sequence = manifest.sequence
        count = plan_view(changes).changes
        log.info("a bundle was applied", extra={"sequence": manifest.sequence, "changes": count})
        self._tell(
            f"Configuration bundle {manifest.sequence} was applied",
            _done(changes),
            {
                "sequence": str(manifest.sequence),
                "office": entry.office,
                "changes": str(count),
                "what": "bundle_applied",
                "result": "applied",
            },
        )

    def _went_well(self, result: str) -> None:
        self._checked_at = self._clock.now()
        self._failed, self._failures, self._told = None, 0, ""
        self._count(result)

    def _went_wrong(self, error: SyncError) -> None:
        self._checked_at = self._clock.now()
        self._failed = error
        self._failures += 1
        self._count(error.trouble)
        text = str(error)
        if self._told == text or (error.trouble != "refused" and self._failures < TOLD_AFTER):
            return
        self._told = text
        log.warning("a bundle was not applied", extra={"trouble": error.trouble, "reason": text})
        faults = "\n".join(str(each) for each in error.faults[:10])
        self._tell(
            "The configuration bundle was not applied",
            f"{text} Nothing was changed.{chr(10) + faults if faults else ''}",
            {"what": "bundle_failed", "result": error.trouble, "why": text},
        )

    def _tell(self, title: str, text: str, facts: dict[str, str]) -> None:
        if self._post is not None:
            self._post("sync", title, text, facts)

    def _count(self, result: str) -> None:
        if self._results is not None:
            self._results.inc(result)


def pause_s(failures: int, interval_s: float, random: float) -> float:
    """Until the next look; after failures longer and longer. Nodes that start together drift apart (± 10 %)."""
    longest = max(LONGEST_PAUSE_S, interval_s)
    wait_s = min(interval_s * float(2 ** min(failures, 10)), longest)
    return wait_s * (0.9 + 0.2 * random)


def _first(error: UserError) -> str:
    """The first fault as a part of a sentence."""
    problems = error.problems
    if not problems:
        return error.message
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"{problems[0].path}: {problems[0].message}{more}"


def _done(changes: Plan) -> str:
    view = plan_view(changes)
    words = [
        f"{len(keys)} {word}"
        for word, keys in (
            ("created", [key for each in view.sections for key in each.create]),
            ("changed", [one.key for each in view.sections for one in each.change]),
            ("deleted", [key for each in view.sections for key in each.remove]),
            ("flows published", view.publish),
            ("flows unpublished", view.unpublish),
        )
        if keys
    ]
    return f"{', '.join(words)}." if words else "The office was like that already."
