"""What the disk knows of registrations: a phone that stays is written down for longer than it has asked for.

So its next refreshes need no write, and a restart brings it back all the same. The price: a phone that went away just
before a power cut is taken for registered for twice as long as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec.structs import replace

from pbx.model.binding import Binding

__all__ = ["BindingStore", "KeptBindings"]


class BindingStore(Protocol):
    """Where bindings survive a restart."""

    async def load(self) -> list[Binding]: ...

    async def apply(self, put: Sequence[Binding], remove: Sequence[Binding]) -> None:
        """Returns when the change would survive a power cut."""
        ...


class KeptBindings:
    """A store in front of the store, that knows what need not be written. `now` is in Unix seconds."""

    def __init__(self, store: BindingStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._kept: dict[tuple[str, str], Binding] = {}

    async def load(self) -> list[Binding]:
        found = await self._store.load()
        self._kept = {_key(each): each for each in found}
        return found

    def holds(self, binding: Binding) -> bool:
        """Whether a restart now would bring this binding back, for at least as long. Which REGISTER made it last does
        not count: none from before the restart can come again, for its nonce is of no use then."""
        kept = self._kept.get((binding.extension, binding.contact_uri))
        return (
            kept is not None
            and kept.expires_at >= binding.expires_at
            and replace(
                binding, expires_at=kept.expires_at, call_id=kept.call_id, cseq=kept.cseq
            ) == kept
        )  # fmt: skip

    async def apply(self, put: Sequence[Binding], remove: Sequence[Binding]) -> None:
        """Returns when the change would survive a power cut."""
        written = [self._ahead(each) for each in put if not self.holds(each)]
        if not written and not remove:
            return
        for each in (*written, *remove):
            self._kept.pop(_key(each), None)
        await self._store.apply(written, remove)
        self._kept.update({_key(each): each for each in written})

    async def write(self, bindings: Sequence[Binding]) -> None:
        """Write all of them as they are."""
        self._kept.clear()
        await self._store.apply(bindings, ())

    def _ahead(self, binding: Binding) -> Binding:
        """Of a phone that was here before, with the time for its next refreshes."""
        if _key(binding) not in self._kept:
            return binding
        return replace(binding, expires_at=2 * binding.expires_at - self._now())


def _key(binding: Binding) -> tuple[str, str]:
    return binding.extension, binding.contact_uri
