"""What the API asks of the recordings of calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pbx.core.errors import UserError
from pbx.model.recording import RecordingStorage

if TYPE_CHECKING:
    from pbx.model.recording import Recording, RecordingDo
    from pbx.store.recordings import RecordingFilter

__all__ = ["NoRecordings", "RecordingDesk"]


class RecordingDesk(Protocol):
    """The recordings of calls."""

    async def page(
        self, wanted: RecordingFilter, limit: int, offset: int
    ) -> tuple[Sequence[Recording], int]: ...

    async def get(self, id_: str) -> Recording | None: ...

    def path(self, recording: Recording) -> Path: ...

    async def delete(self, id_: str, by: str) -> None:
        """Raises `UserError` 404, and 409 while it goes on."""
        ...

    def control(self, call_id: str, do: RecordingDo, by: str) -> None:
        """Raises `UserError` 404 without such a call, 409 when that cannot be done with it."""
        ...

    async def storage(self) -> RecordingStorage: ...


class NoRecordings:
    """A place where nothing is recorded."""

    async def page(self, wanted: RecordingFilter, limit: int, offset: int) -> tuple[Sequence[Recording], int]:
        return (), 0

    async def get(self, id_: str) -> Recording | None:
        return None

    def path(self, recording: Recording) -> Path:
        return Path(recording.file)

    async def delete(self, id_: str, _by: str) -> None:
        raise UserError(f"there is no recording {id_}", http_status=404)

    def control(self, call_id: str, _do: RecordingDo, _by: str) -> None:
        raise UserError(f"there is no call {call_id} going on", http_status=404)

    async def storage(self) -> RecordingStorage:
        return RecordingStorage(
            files=0,
            used_bytes=0,
            quota_bytes=0,
            disk_bytes=0,
            disk_free_bytes=0,
            bytes_per_day=0,
            full_in_days=None,
            recording_now=0,
        )
