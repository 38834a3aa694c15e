"""The files of recordings: where they lie, how much room they may take, when they go, and what a crash has left.

    <folder>/2026/11/21/142503-+4930123456-101-<call>-<part>.wav        the office's local time

Nothing here waits for a disk on the event loop, and no call waits for anything here.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from pbx.core.clock import Clock
from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.feature.recording.forecast import HORIZON_DAYS, full_in_days
from pbx.feature.told_lately import ToldLately
from pbx.model.notice import Post
from pbx.model.recording import (
    Recording,
    RecordingChanged,
    RecordingSettings,
    RecordingState,
    RecordingStorage,
)
from pbx.model.stream import RecordingEnded
from pbx.store.errors import StoreError
from pbx.store.recordings import RecordingStore

__all__ = ["Disk", "Library", "disk_of", "file_name"]

log = logging.getLogger(__name__)

TOPIC = "recording"
GIB = 1024**3
RESERVE_BYTES = 128 * 1024**2
"""So much is left on the disk for what matters more: the call history, voicemail, the log."""
SWEEP_S = 60.0
PACE = timedelta(days=7)
SPARE = 0.98
"""How full it is after the oldest were deleted to make room."""
QUIET = timedelta(hours=6)
ALARM_QUIET = timedelta(days=1)
ENDS_WELL = ("stopped", "closed", "max_length", "quota")
ENDINGS = {"wav": ".wav", "opus": ".opus"}
_NAME = re.compile(
    r"(\d{4})/(\d\d)/(\d\d)/(\d\d)(\d\d)(\d\d)-([^-/]*)-([^-/]*)-([0-9A-Za-z_-]{1,64})-(\d{1,6})\.(wav|opus)"
)
_ODD = re.compile(r"[^0-9A-Za-z+*#]")


class Disk(NamedTuple):
    """The disk that the recordings lie on."""

    total: int
    free: int


def disk_of(folder: Path) -> Disk:
    found = shutil.disk_usage(folder)
    return Disk(found.total, found.free)


def file_name(at: datetime, left: str, right: str, id_: str, sound_format: str) -> str:
    """The path of a new file below the folder; `at` in the office's time."""
    who = "-".join(_ODD.sub("_", each)[:20] for each in (left, right))
    return f"{at:%Y/%m/%d/%H%M%S}-{who}-{id_}{ENDINGS[sound_format]}"


class Library:
    """`length_s` reads how long the sound of a file is, None for what is no sound; `post` tells the administrator.

    `run` must be running for anything to expire, and for `adopt` to have happened.
    """

    def __init__(
        self,
        store: RecordingStore,
        folder: Path,
        *,
        settings: Callable[[], RecordingSettings],
        clock: Clock,
        bus: EventBus,
        post: Post,
        length_s: Callable[[Path], float | None],
        disk: Callable[[Path], Disk] = disk_of,
    ) -> None:
        self.folder = folder
        self.store = store
        self.failed = 0
        """Recordings that could not be made, or not to their end."""
        self.written = 0
        """Bytes of all that were made since the start."""
        self._settings = settings
        self._clock = clock
        self._bus = bus
        self._post = post
        self._length_s = length_s
        self._look = disk
        self._disk = Disk(0, RESERVE_BYTES * 2)
        self._used = 0
        self._growing: dict[str, int] = {}
        self._folders: set[str] = set()
        self._told: ToldLately[str] = ToldLately()
        self._wake = asyncio.Event()

    # -- room --------------------------------------------------------------------------------------------------------

    @property
    def used(self) -> int:
        """Bytes of all files, those that grow included."""
        return self._used + sum(self._growing.values())

    @property
    def growing(self) -> int:
        """How many recordings go on."""
        return len(self._growing)

    @property
    def quota(self) -> int:
        settings = self._settings()
        part = self._disk.total * settings.quota_percent // 100 or GIB * 1_000_000
        return min(part, round(settings.quota_gib * GIB)) if settings.quota_gib else part

    @property
    def problem(self) -> str:
        """Why nothing can be recorded now; empty when all is well."""
        if self._disk.free < RESERVE_BYTES:
            return "the disk is full"
        if self._settings().when_full == "stop" and self.used >= self.quota:
            return "recordings take all the room they may"
        return ""

    def grows(self, id_: str, size: int) -> bool:
        """A recording has this many bytes by now; False when there is no room for more."""
        if id_ in self._growing:
            self._growing[id_] = size
        if self.used >= self.quota:
            self._wake.set()
        return not self.problem

    # -- one recording -----------------------------------------------------------------------------------------------

    async def place(self, recording: Recording) -> Path:
        """The path of a new file, in a folder that is there. Raises `OSError`."""
        path = self.folder / recording.file
        day = recording.file.rpartition("/")[0]
        self._growing[recording.id] = 0
        if day not in self._folders:
            await asyncio.to_thread(path.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
            self._folders = {day}
        return path

    async def opened(self, recording: Recording) -> None:
        """It has begun."""
        await self._keep(recording)

    def refused(self, recording: Recording, reason: str, detail: str) -> None:
        """It could not begin."""
        self._growing.pop(recording.id, None)
        self._folders.clear()  # somebody may have deleted it
        self.failed_with(reason, detail)

    async def closed(self, recording: Recording, ended: RecordingEnded, *, paused_s: float) -> None:
        """It has ended, in whichever way."""
        size = await asyncio.to_thread(_size, ended.path)
        self._growing.pop(recording.id, None)
        self._used += size
        self.written += size
        well = ended.reason in ENDS_WELL
        if not well:
            self._folders.clear()  # somebody may have deleted it
        await self._keep(
            replace(
                recording,
                state="complete" if well else "failed",
                ended_at=self._clock.now(),
                duration_s=round(ended.duration_ms / 1000, 3),
                paused_s=round(paused_s, 3),
                bytes=size,
                end_reason=ended.reason,
                keep_until=_until(self._clock.now(), recording.keep_days),
            )
        )
        if not well or ended.reason == "quota":
            self.failed_with(ended.reason, ended.detail)

    def failed_with(self, reason: str, detail: str = "") -> None:
        """Something is not recorded, or no longer: count it and tell the administrator, not for every call."""
        self.failed += 1
        log.warning(
            "a call is not recorded", extra={"what": "not_recorded", "reason": reason, "detail": detail}
        )
        words = {
            "quota": self.problem or "recordings take all the room they may",
            "disk_full": "the disk is full",
            "disk_slow": "the disk does not answer in time",
            "disk_failed": f"the disk failed ({detail})" if detail else "the disk failed",
        }.get(reason, detail or reason)
        self._tell(
            f"failed {reason}",
            QUIET,
            "Calls are not recorded",
            f"A call was not recorded, or not to its end: {words}. Calls go on as always. Make room on the disk, let "
            "recordings expire earlier, or raise the quota.",
            {"reason": reason, "detail": detail},
        )

    async def delete(self, id_: str, by: str) -> None:
        """Delete a file; its row says who did. Raises `UserError` 404, and 409 while it goes on."""
        found = await self.store.get(id_)
        if found is None or found.deleted_at is not None:
            raise UserError(f"there is no recording {id_}", http_status=404)
        if found.state == "recording":
            raise UserError(
                f"the recording {id_} goes on", http_status=409, action="Stop it, or wait until the call ends"
            )
        await self._delete(found, by)

    async def _delete(self, recording: Recording, by: str) -> None:
        """The row first: a file without one would be taken in again."""
        await self.store.put(replace(recording, state="deleted", deleted_at=self._clock.now(), deleted_by=by))
        await asyncio.to_thread((self.folder / recording.file).unlink, missing_ok=True)
        self._used = max(0, self._used - recording.bytes)
        log.info("a recording was deleted", extra={"recording": recording.id, "by": by})
        self._publish(recording.id, "deleted")

    async def _keep(self, recording: Recording) -> None:
        try:
            await self.store.put(recording)
        except StoreError as error:  # the file is there, and is taken in at the next start
            log.error(  # noqa: TRY400 - the disk's trouble, without our traceback
                "a recording could not be listed", extra={"recording": recording.id, "reason": str(error)}
            )
        self._publish(recording.id, recording.state)

    def _publish(self, id_: str, state: RecordingState) -> None:
        self._bus.publish(TOPIC, RecordingChanged(recording=id_, state=state))

    # -- after a crash -----------------------------------------------------------------------------------------------

    async def adopt(self) -> int:
        """Take in what the last run left: rows that say it goes on, files without a row. Returns how many.

        Only before, or while, other recordings are made by this node: theirs are known.
        """
        taken = 0
        for row in await self.store.unfinished():
            if row.id not in self._growing:
                await self._keep(await asyncio.to_thread(self._measured, row))
                taken += 1
        files = await asyncio.to_thread(self._files)
        known = await self.store.known(files)
        for file in (each for each in files if each not in known):
            if (found := _row_of(file)) is not None and found.id not in self._growing:
                await self._keep(await asyncio.to_thread(self._measured, found))
                taken += 1
        for file in await self.store.deleted(files):
            await asyncio.to_thread((self.folder / file).unlink, missing_ok=True)
        _, self._used = await self.store.totals()
        return taken

    def _measured(self, row: Recording) -> Recording:
        """What the file of a recording says that nobody ended. Runs in a thread."""
        path = self.folder / row.file
        try:
            size, changed = path.stat().st_size, path.stat().st_mtime
            length = self._length_s(path)
        except OSError:
            size, changed, length = 0, row.started_at.timestamp(), None
        ended = datetime.fromtimestamp(changed, UTC)
        return replace(
            row,
            state="failed" if length is None else "interrupted",
            ended_at=max(ended, row.started_at),
            duration_s=round(length or 0.0, 3),
            bytes=size,
            end_reason="interrupted",
            keep_until=_until(max(ended, row.started_at), row.keep_days or self._settings().keep_days),
        )

    def _files(self) -> list[str]:
        """All files that are named as ours. Runs in a thread."""
        found = (each.relative_to(self.folder).as_posix() for each in self.folder.glob("*/*/*/*"))
        return [each for each in found if _NAME.fullmatch(each)]

    # -- time --------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Take in what a crash left, then let recordings expire, for ever."""
        await asyncio.to_thread(self.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        if taken := await self.adopt():
            log.warning(
                "recordings of the last run were taken in as interrupted", extra={"recordings": taken}
            )
        while True:
            try:
                await self.sweep()
            except (OSError, StoreError) as error:
                log.error("recordings could not be looked after", extra={"reason": str(error)})  # noqa: TRY400
            self._wake.clear()
            try:
                async with asyncio.timeout(SWEEP_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            else:
                await asyncio.sleep(1.0)  # a full disk wakes it for every recording

    async def sweep(self) -> None:
        """Delete what has expired, make room where that is wanted, look at the disk, and warn."""
        self._disk = await asyncio.to_thread(self._look, self.folder)
        now = self._clock.now()
        for each in await self.store.due(now):
            await self._delete(each, "retention")
        if self._settings().when_full == "delete_oldest":
            await self._make_room()
        await self._warn()

    async def _make_room(self) -> None:
        over = self.used - self.quota
        if self._disk.free < RESERVE_BYTES:
            over = max(over, RESERVE_BYTES - self._disk.free)
        if over <= 0:
            return
        over += round(self.quota * (1 - SPARE))
        while over > 0 and (oldest := await self.store.oldest()):
            for each in oldest:
                if over <= 0:
                    break
                await self._delete(each, "quota")
                over -= each.bytes
        self._disk = await asyncio.to_thread(self._look, self.folder)

    async def storage(self) -> RecordingStorage:
        """How full it is, and how long it will do."""
        disk = await asyncio.to_thread(self._look, self.folder) if self._disk.total else self._disk
        now = self._clock.now()
        files, _ = await self.store.totals()
        made, first = await self.store.made_since(now - PACE)
        days = min(PACE, now - first) / timedelta(days=1) if first is not None else 0.0
        per_day = round(made / max(days, 1.0))
        keep = self._settings().keep_days
        expiring = await self.store.expiring(now, HORIZON_DAYS)
        # What grows until the disk is full counts too: others may have filled it.
        quota = min(self.quota, self.used + max(0, disk.free - RESERVE_BYTES))
        return RecordingStorage(
            files=files,
            used_bytes=self.used,
            quota_bytes=self.quota,
            disk_bytes=disk.total,
            disk_free_bytes=disk.free,
            bytes_per_day=per_day,
            full_in_days=full_in_days(self.used, quota, per_day, expiring, keep),
            recording_now=self.growing,
            problem=self.problem,
        )

    async def _warn(self) -> None:
        settings = self._settings()
        if settings.when_full == "delete_oldest" or not settings.warn_days:
            return
        storage = await self.storage()
        left = storage.full_in_days
        if not storage.files or left is None or left > settings.warn_days:
            return
        when = "are full" if left == 0 else f"will be full in {left} day{'s' if left != 1 else ''}"
        self._tell(
            "recordings_full",
            ALARM_QUIET,
            f"Recordings {when}",
            f"Recordings take {storage.used_bytes / GIB:.1f} of {storage.quota_bytes / GIB:.1f} GiB, and "
            f"{storage.bytes_per_day / GIB:.2f} GiB are added each day. When they are full, calls are not recorded. "
            "Let recordings expire earlier, record as Ogg Opus, or raise the quota.",
            {"what": "recordings_full", "full_in_days": str(left), "used_bytes": str(storage.used_bytes)},
        )

    def _tell(self, what: str, quiet: timedelta, title: str, text: str, facts: dict[str, str]) -> None:
        if self._told.is_due(what, self._clock.now(), quiet):
            self._post("recording", title, text, facts)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _until(now: datetime, keep_days: int | None) -> datetime | None:
    return None if keep_days is None else now + timedelta(days=keep_days)


def _row_of(file: str) -> Recording | None:
    """What the name of a file tells that has no row."""
    found = _NAME.fullmatch(file)
    if found is None:
        return None
    *moment, left, right, call, part, ending = found.groups()
    try:
        at = datetime(*(int(each) for each in moment)).astimezone(UTC)  # type: ignore[arg-type]
    except ValueError:
        return None
    return Recording(
        id=f"{call}-{part}",
        chain=f"{call}-{part}",
        call=call,
        part=int(part),
        left=left,
        right=right,
        reasons=("unknown",),
        file=file,
        format=ending,
        started_at=at,
    )
