"""The features that codes lead to, and the table of codes: what is dialled → a feature and what it is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from pbx.call.call import Call
from pbx.core.errors import PeerError
from pbx.feature.code_pattern import CodePattern, pattern_of
from pbx.model.call_event import CallRouted
from pbx.model.feature import FeatureInfo, feature_named
from pbx.model.feature_code import DEFAULT_CODES, FeatureCode

__all__ = ["Dialled", "Feature", "Features"]

MOST_CODES = 5
"""In one call: a speed dial may be a code, which dials again."""

Feature = Callable[[Call, str], Awaitable[None]]
"""Runs a call to its end; the text is the feature's argument, "" without one."""


class Dialled(msgspec.Struct, frozen=True):
    """A feature that was dialled."""

    info: FeatureInfo
    dialled: str
    argument: str
    run: Feature

    async def __call__(self, call: Call) -> None:
        """Note where the call went, and run the feature. Raises `PeerError` 482 when codes lead to codes for ever."""
        codes = [each for each in call.events if isinstance(each, CallRouted) and each.kind == "feature"]
        if len(codes) >= MOST_CODES:
            raise PeerError(482, "Feature Codes In A Circle")
        call.record(
            CallRouted(call=call.id, at=call.now(), kind="feature", to=self.dialled, to_name=self.info.title)
        )
        await self.run(call, self.argument)


class Features:
    """Every feature by its name, and the codes of the office. The longest code that fits is meant."""

    def __init__(self) -> None:
        self._features: dict[str, Feature] = {}
        self._exact: dict[str, FeatureCode] = {}
        self._patterns: list[tuple[CodePattern, FeatureCode]] = []
        self.use(DEFAULT_CODES)

    def register(self, name: str, feature: Feature) -> None:
        """Raises `KeyError` for a name that `pbx.model.feature` does not have."""
        self._features[feature_named(name).name] = feature

    @property
    def names(self) -> frozenset[str]:
        """The features that are registered."""
        return frozenset(self._features)

    def use(self, codes: Iterable[FeatureCode]) -> None:
        """From now on these are the codes of the office."""
        enabled = [(pattern_of(each.code), each) for each in codes if each.enabled]
        self._exact = {each.code: each for pattern, each in enabled if not pattern.takes}
        self._patterns = [(pattern, each) for pattern, each in enabled if pattern.takes]
        self._patterns.sort(key=lambda pair: pair[0].rank, reverse=True)

    def code_of(self, feature: str) -> str | None:
        """What is dialled for it, where that is nothing but a code."""
        return next((code for code, each in self._exact.items() if each.feature == feature), None)

    def find(self, dialled: str) -> Dialled | None:
        """What the code runs; None when it is no code, or its feature is not there."""
        code, argument = self._code(dialled)
        feature = self._features.get(code.feature) if code is not None else None
        if code is None or feature is None:
            return None
        return Dialled(feature_named(code.feature), dialled, argument or code.argument, feature)

    def _code(self, dialled: str) -> tuple[FeatureCode | None, str]:
        exact = self._exact.get(dialled)
        if exact is not None:
            return exact, ""
        for pattern, code in self._patterns:
            if (argument := pattern.argument(dialled)) is not None:
                return code, argument
        return None, ""
