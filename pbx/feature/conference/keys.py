"""What a member presses in a conference. Pure: keys go in, wishes come out.

    *          begins; without another key for a while, or with 0, the menu is said
    *1 *2      at once
    *5 12 #    with a number: of a member, or one to call; silence ends it as # does

What is no part of it is no one's: a member may play with its keys.
"""

from __future__ import annotations

from enum import Enum

import msgspec

__all__ = ["Keys", "Wish", "Wished"]

PATIENCE_S = 3.0
FOR_EVER_S = 3600.0
MOST_DIGITS = 32


class Wish(Enum):
    """What is wished for; the value is the key after the star."""

    MENU = "0"
    MUTE = "1"
    WHO = "2"
    LOCK = "3"
    MUTE_ALL = "4"
    MUTE_ONE = "5"
    REMOVE = "6"
    RECORD = "7"
    CALL = "8"
    END = "9"

    @property
    def for_moderators(self) -> bool:
        return self not in (Wish.MENU, Wish.MUTE, Wish.WHO)

    @property
    def takes_number(self) -> bool:
        return self in (Wish.MUTE_ONE, Wish.REMOVE, Wish.CALL)


class Wished(msgspec.Struct, frozen=True):
    """`number` is what was typed with it."""

    wish: Wish
    number: str = ""


class Keys:
    """One member's keys. `wait_s` is how long to wait for the next one; "" says that none came."""

    def __init__(self) -> None:
        self._begun = False
        self._collecting: Wish | None = None
        self._number = ""

    @property
    def wait_s(self) -> float:
        return PATIENCE_S if self._begun or self._collecting is not None else FOR_EVER_S

    def press(self, key: str) -> Wished | None:
        if self._collecting is not None:
            return self._collect(self._collecting, key)
        if not self._begun:
            self._begun = key == "*"
            return None
        self._begun = False
        if key in ("", "*"):
            return Wished(Wish.MENU)
        if not key.isdecimal():
            return None
        wish = Wish(key)
        if not wish.takes_number:
            return Wished(wish)
        self._collecting, self._number = wish, ""
        return None

    def _collect(self, wish: Wish, key: str) -> Wished | None:
        if key.isdecimal() and len(self._number) < MOST_DIGITS:
            self._number += key
            return None
        self._collecting = None
        if key == "*":
            self._begun = True
            return None
        return Wished(wish, self._number) if key in ("", "#") else None
