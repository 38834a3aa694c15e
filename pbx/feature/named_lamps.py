"""Lamps that are no extensions: parking slots, night mode, one's own do not disturb and forwarding.

A key watches what it dials: the lamp of `*681` shows whether somebody waits in slot 1, and pressing it fetches them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from pbx.feature.directory import Directory
from pbx.feature.extension_fold import ExtensionFold
from pbx.feature.features import Features
from pbx.feature.office import Office
from pbx.model.extension import Extension
from pbx.model.kinds import OFFICE_FLAG
from pbx.model.office_flag import NIGHT
from pbx.model.party import Party

__all__ = ["CodeLamps", "Lamp", "LampSource", "NamedLamps"]


class Lamp(msgspec.Struct, frozen=True):
    """`remote` is who is behind it: the caller who waits. `blinks`: somebody is to do something about it."""

    on: bool
    title: str = ""
    remote: Party | None = None
    blinks: bool = False


class LampSource(Protocol):
    """Knows some lamps by name. Whoever has one says when it changes: `Lamps.named_changed`."""

    def lamp(self, name: str, subscriber: str) -> Lamp | None:
        """The lamp as this extension sees it; None when there is none of that name."""
        ...


class NamedLamps:
    """All sources; the first that knows a name is asked."""

    def __init__(self, sources: Sequence[LampSource]) -> None:
        self._sources = list(sources)

    def add(self, source: LampSource) -> None:
        self._sources.append(source)

    def lamp(self, name: str, subscriber: str) -> Lamp | None:
        for source in self._sources:
            found = source.lamp(name, subscriber)
            if found is not None:
                return found
        return None


class CodeLamps:
    """The lamps of feature codes: what a code switches or fetches."""

    def __init__(self, features: Features, office: Office, directory: Directory, fold: ExtensionFold) -> None:
        self._features = features
        self._office = office
        self._directory = directory
        self._fold = fold

    def lamp(self, name: str, subscriber: str) -> Lamp | None:
        found = self._features.find(name)
        if found is None:
            return None
        feature, title = found.info.name, found.info.title
        if feature == "park_slot":
            who = self._fold.parked(found.argument)
            return Lamp(who is not None, f"{title} {found.argument}", who)
        if feature == "night_mode":
            flag = self._office.get(OFFICE_FLAG, found.argument or NIGHT.id)
            return None if flag is None else Lamp(flag.on, flag.name)
        own = self._own(feature)
        entry = self._directory.find(subscriber)
        return None if own is None or entry is None else Lamp(own(entry.extension, found.argument), title)

    def _own(self, feature: str) -> Callable[[Extension, str], bool] | None:
        return {
            "do_not_disturb": lambda me, _: me.do_not_disturb,
            "do_not_disturb_on": lambda me, _: me.do_not_disturb,
            "follow_me": lambda me, _: me.follow_me.enabled,
            "follow_me_on": lambda me, _: me.follow_me.enabled,
            "forward_always": lambda me, to: me.forward.always == to,
            "forward_busy": lambda me, to: me.forward.busy == to,
            "forward_no_answer": lambda me, to: me.forward.no_answer == to,
            "forward_unreachable": lambda me, to: me.forward.unreachable == to,
        }.get(feature)
