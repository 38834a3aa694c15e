"""By code: an extension has all its calls recorded, or no longer, where the office lets people choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.feature.answering import Answering, Phrase, own_extension
from pbx.feature.features import Feature
from pbx.feature.record_change import change_record
from pbx.model.extension import Extension
from pbx.model.kinds import EXTENSION
from pbx.model.recording import RecordingSettings
from pbx.store.records import RecordStore

__all__ = ["OwnCalls"]


class OwnCalls:
    """Changes extensions in the store. One that says never stays so: that was somebody else's decision."""

    def __init__(
        self, records: RecordStore, answering: Answering, settings: Callable[[], RecordingSettings]
    ) -> None:
        self._records = records
        self._answering = answering
        self._settings = settings

    def features(self) -> Iterator[tuple[str, Feature]]:
        """All of them, with their names."""
        yield "record_calls", self._toggle

    async def _toggle(self, call: Call, _argument: str) -> None:
        number = own_extension(call)
        found = await self._records.get(EXTENSION, number)
        if not self._settings().own_by_code or found is None or found.record.record == "never":
            await self._answering.say(call, Phrase("record_calls_refused", "refused"))
            return

        def edit(now: Extension) -> Extension:
            return replace(now, record="on_demand" if now.record == "always" else "always")

        changed: Extension = await change_record(self._records, EXTENSION, number, edit)
        on = changed.record == "always"
        await self._answering.say(call, Phrase("record_calls", "on" if on else "off"))
