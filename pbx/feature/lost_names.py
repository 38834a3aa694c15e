"""Host names that the DNS does not give: told when it lasts, and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pbx.core.clock import Clock
    from pbx.model.notice import Post
    from pbx.transport.known_names import NameTrouble

__all__ = ["LostNames"]

TELL_S = 30.0


class LostNames:
    """`trouble` says what is wrong now."""

    def __init__(self, post: Post, *, clock: Clock, trouble: Callable[[], NameTrouble | None]) -> None:
        self._post = post
        self._clock = clock
        self._trouble = trouble
        self._since: float | None = None
        self._told = False

    def tick(self) -> None:
        """Called about once a second."""
        found, now = self._trouble(), self._clock.monotonic()
        if found is None:
            if self._told:
                self._post(
                    "alarm",
                    "Host names are found again",
                    "The name servers answer again.",
                    {"what": "names_back"},
                )
            self._since, self._told = None, False
            return
        self._since = now if self._since is None else self._since
        if not self._told and now - self._since >= TELL_S:
            self._told = True
            cause, action = words(found)
            self._post(
                "alarm",
                title(found),
                f"{cause} {action}",
                {"what": f"names_{found.kind}", "about": shown(found.names), "since": f"{found.since:%H:%M}"},
            )


def title(found: NameTrouble) -> str:
    """In one line."""
    return "No name server answers" if found.kind == "gone" else "Host names are not found"


def words(found: NameTrouble) -> tuple[str, str]:
    """What is wrong, and what to do."""
    since, names = f"{found.since:%H:%M} UTC", shown(found.names)
    known = "What was found before goes on working for a day: lines, edges, calls. New names are not found."
    if found.kind == "gone":
        how = "answers" if found.reason == "silent" else f"has an answer ({found.reason})"
        return (
            f"No name server {how} since {since}. {known}",
            "Look at the router and the Internet. Other name servers can be set with --dns-servers.",
        )
    if found.kind == "failing":
        return (
            f"The name servers do not say since {since} where {names} is. {known}",
            "Ask whoever keeps these names, or set other name servers with --dns-servers.",
        )
    return (
        f"The name servers say since {since} that there is no {names}. The addresses of before are used for an hour.",
        "Look whether the name is still right, and whether these name servers can be trusted.",
    )


def shown(names: tuple[str, ...]) -> str:
    """The first few."""
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
