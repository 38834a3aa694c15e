"""Follow-me on and off, by code."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.feature.answering import Answering, Phrase, own_extension
from pbx.feature.features import Feature
from pbx.feature.record_change import change_record
from pbx.model.extension import Extension
from pbx.model.kinds import EXTENSION
from pbx.store.records import RecordStore

__all__ = ["FollowMeCodes"]


class FollowMeCodes:
    """Changes extensions in the store. Without numbers there is nothing to follow, and it stays off."""

    def __init__(self, records: RecordStore, answering: Answering) -> None:
        self._records = records
        self._answering = answering

    def features(self) -> Iterator[tuple[str, Feature]]:
        """All of them, with their names."""
        yield "follow_me", self._switch(lambda now: not now)
        yield "follow_me_on", self._switch(lambda _: True)
        yield "follow_me_off", self._switch(lambda _: False)

    def _switch(self, wanted: Callable[[bool], bool]) -> Feature:
        def edit(now: Extension) -> Extension:
            on = wanted(now.follow_me.enabled) and bool(now.follow_me.numbers)
            return replace(now, follow_me=replace(now.follow_me, enabled=on))

        async def run(call: Call, _argument: str) -> None:
            number = own_extension(call)
            before = await self._records.get(EXTENSION, number)
            changed: Extension = await change_record(self._records, EXTENSION, number, edit)
            asked_for = before is not None and wanted(before.record.follow_me.enabled)
            if asked_for and not changed.follow_me.enabled:
                await self._answering.say(call, Phrase("follow_me_has_no_numbers", "refused"))
            else:
                await self._answering.say(
                    call, Phrase("follow_me", "on" if changed.follow_me.enabled else "off")
                )

        return run
