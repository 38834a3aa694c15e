"""The office's named switches, by code. They are records, so they last, and everybody sees a change at once."""

from __future__ import annotations

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.core.errors import UserError
from pbx.feature.answering import Answering, Phrase, own_extension
from pbx.feature.record_change import change_record
from pbx.model.kinds import OFFICE_FLAG
from pbx.model.office_flag import NIGHT, OfficeFlag
from pbx.store.records import RecordStore

__all__ = ["Flags"]


class Flags:
    """Switches the office's flags."""

    def __init__(self, records: RecordStore, answering: Answering) -> None:
        self._records = records
        self._answering = answering

    async def toggle(self, call: Call, name: str) -> None:
        """Switch the flag of this name, the night mode without one."""
        own_extension(call)
        try:
            flag: OfficeFlag = await change_record(
                self._records, OFFICE_FLAG, name or NIGHT.id, lambda now: replace(now, on=not now.on)
            )
        except UserError:
            await self._answering.say(call, Phrase("flag_unknown", "refused"))
            return
        await self._answering.say(call, Phrase("flag", "on" if flag.on else "off", spoken=flag.name))
