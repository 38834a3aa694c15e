"""What an extension wishes for its own calls, by code: do not disturb, and where they are forwarded to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec.structs import replace

from pbx.call.call import Call
from pbx.feature.answering import Answering, Phrase, own_extension
from pbx.feature.features import Feature
from pbx.feature.record_change import change_record
from pbx.model.extension import Extension
from pbx.model.forwarding import Forwarding
from pbx.model.kinds import EXTENSION
from pbx.store.records import RecordStore

__all__ = ["Wishes"]

When = Literal["always", "busy", "no_answer", "unreachable"]
WHENS: tuple[When, ...] = ("always", "busy", "no_answer", "unreachable")


class Wishes:
    """Changes extensions in the store. `reaches` says whether an extension would reach something by dialling it."""

    def __init__(
        self, records: RecordStore, answering: Answering, reaches: Callable[[str, Extension], bool]
    ) -> None:
        self._records = records
        self._answering = answering
        self._reaches = reaches

    def features(self) -> Iterator[tuple[str, Feature]]:
        """All of them, with their names."""
        yield "do_not_disturb_on", self._do_not_disturb(lambda _: True)
        yield "do_not_disturb_off", self._do_not_disturb(lambda _: False)
        yield "do_not_disturb", self._do_not_disturb(lambda now: not now)
        for when in WHENS:
            yield f"forward_{when}", self._forward(when)
            yield f"forward_{when}_off", self._no_forward(when)
        yield "forward_off", self._no_forward(*WHENS)

    def _do_not_disturb(self, wanted: Callable[[bool], bool]) -> Feature:
        async def run(call: Call, _argument: str) -> None:
            changed = await self._change(
                call, lambda now: replace(now, do_not_disturb=wanted(now.do_not_disturb))
            )
            await self._answering.say(
                call, Phrase("do_not_disturb", "on" if changed.do_not_disturb else "off")
            )

        return run

    def _forward(self, when: When) -> Feature:
        async def run(call: Call, to: str) -> None:
            number = own_extension(call)
            found = await self._records.get(EXTENSION, number)
            if found is None or to == number or not self._reaches(to, found.record):
                await self._answering.say(call, Phrase("forward_refused", "refused", to))
                return
            await self._change(call, lambda now: replace(now, forward=replace(now.forward, **{when: to})))
            await self._answering.say(call, Phrase(f"forward_{when}", "on", to))

        return run

    def _no_forward(self, *whens: When) -> Feature:
        nowhere = dict.fromkeys(whens)

        async def run(call: Call, _argument: str) -> None:
            def edit(now: Extension) -> Extension:
                forward: Forwarding = replace(now.forward, **nowhere)
                return replace(now, forward=forward)

            await self._change(call, edit)
            await self._answering.say(call, Phrase("forward", "off"))

        return run

    async def _change(self, call: Call, edit: Callable[[Extension], Extension]) -> Extension:
        changed: Extension = await change_record(self._records, EXTENSION, own_extension(call), edit)
        return changed
