"""Who may call in: the office's rules for callers from outside, and blocking the one who called last.

A caller from a trunk is whom the provider says it is. Rules for the called extension go before those of the office; on
each level `allow` and `vip` go before `block`. Callers from inside are nobody's business here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec

from pbx.call.call import Call
from pbx.core.errors import PeerError
from pbx.feature.answering import Answering, Phrase, own_extension
from pbx.feature.number_class import class_of
from pbx.model.caller_rule import CallerPattern, CallerRule
from pbx.model.extension import Extension
from pbx.model.party import Party

__all__ = ["BlockLists", "CallerRules", "blocked_id"]

MOST_BLOCKED = 1000
"""Numbers in the rule of one extension; the oldest make room."""


class CallerRules:
    """`rules` are the office's, `country` that of numbers without a country code; `colleague` tells calls of another
    office, which are let in like those from inside.
    """

    def __init__(
        self,
        rules: Callable[[], Sequence[CallerRule]],
        *,
        country: str,
        colleague: Callable[[Call], bool] = lambda _: False,
    ) -> None:
        self._colleague = colleague
        self._rules = rules
        self._country = country

    def at_the_door(self, call: Call, extension: Extension | None) -> None:
        """Let a call from outside in; `extension` is whose number was called, if any's. Raises as `at_extension`."""
        if self._is_stranger(call):
            own = self._actions(call.party, extension) if extension is not None else set()
            self._refuse_blocked(call, own or self._actions(call.party, None))

    def at_extension(self, call: Call, extension: Extension) -> None:
        """Whether an extension itself wants a call from outside, by whatever way it comes. Raises `PeerError` 433 (RFC
        5079) for a caller who hides the number and is blocked for it, 603 for one who is blocked.
        """
        if self._is_stranger(call):
            self._refuse_blocked(call, self._actions(call.party, extension))

    def verdict(self, number: str) -> Literal["vip", "allow", "block", ""]:
        """What the office's own rules say of a caller; "" is nobody in particular."""
        actions = self._actions(Party(number), None)
        return next((each for each in ("vip", "allow", "block") if each in actions), "")

    def is_vip(self, call: Call, extension: Extension) -> bool:
        """Whether a caller from outside rings this extension whatever it wishes."""
        if not self._is_stranger(call):
            return False
        return "vip" in self._actions(call.party, extension) | self._actions(call.party, None)

    def _is_stranger(self, call: Call) -> bool:
        """Whether the call came from outside, and still runs for who called."""
        return call.trunk is not None and call.party.extension is None and not self._colleague(call)

    def _refuse_blocked(self, call: Call, actions: set[str]) -> None:
        if actions != {"block"}:
            return
        if is_anonymous(call.party):
            raise PeerError(433, "Anonymity Disallowed")
        raise PeerError(603, "Decline")

    def _actions(self, caller: Party, extension: Extension | None) -> set[str]:
        """What the extension's own rules say about a caller, or those of the office."""
        return {
            rule.action
            for rule in self._rules()
            if rule.enabled
            and (extension.number in rule.extensions if extension is not None else not rule.extensions)
            and self._is_for(rule, caller)
        }

    def _is_for(self, rule: CallerRule, caller: Party) -> bool:
        if is_anonymous(caller):
            return rule.anonymous or "*" in rule.numbers
        return any(_is_number(each, caller.number) for each in rule.numbers) or (
            bool(rule.countries) and class_of(caller.number, self._country).region in rule.countries
        )


class BlockLists:
    """What a feature code does: `last_caller(extension)` finds who called last from outside, `save` keeps a rule."""

    def __init__(
        self,
        rules: Callable[[], Sequence[CallerRule]],
        *,
        last_caller: Callable[[str], Awaitable[str | None]],
        save: Callable[[CallerRule], Awaitable[None]],
    ) -> None:
        self._rules = rules
        self._last_caller = last_caller
        self._save = save

    async def block_last(self, call: Call) -> str | None:
        """Block whoever called this caller's extension last from outside: their number, None when there is nobody.

        Raises `PeerError` 403 for a caller who is no extension.
        """
        extension = own_extension(call)
        number = await self._last_caller(extension)
        return number if number is not None and await self.block(extension, number) else None

    async def dialled(self, call: Call, answering: Answering) -> None:
        """The same by code: says whether somebody is blocked now."""
        number = await self.block_last(call)
        phrase = Phrase("caller_blocked", "on", number) if number else Phrase("no_caller", "refused")
        await answering.say(call, phrase)

    async def block(self, extension: str, number: str) -> bool:
        """Add a number to those that the extension has blocked by itself; False for what is no number."""
        name = blocked_id(extension)
        rule = next((each for each in self._rules() if each.id == name), None)
        if rule is None:
            rule = CallerRule(id=name, name=f"Blocked by {extension}", extensions=(extension,))
        try:
            number = msgspec.convert(number, CallerPattern)
        except msgspec.ValidationError:
            return False
        if number not in rule.numbers:
            numbers = (*rule.numbers, number)[-MOST_BLOCKED:]
            await self._save(msgspec.structs.replace(rule, numbers=numbers))
        return True


def blocked_id(extension: str) -> str:
    """The rule that holds what an extension has blocked from its phone."""
    return f"blocked-by-{extension}"


def is_anonymous(caller: Party) -> bool:
    return not caller.number


def _is_number(pattern: str, number: str) -> bool:
    if pattern.endswith("*"):
        return number.startswith(pattern[:-1])
    return number == pattern
