"""The path of one stream that ICE finds: answers checks, tells the engine where the browser is, and when it is gone.

A browser repeats its check of the path in use every few seconds (RFC 7675); that is its consent to be sent audio. After
`CONSENT_S` without any nothing is sent, and it counts as silent, until it checks again, from wherever that is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.media.ice import Fate, IceLite
from pbx.media.kept import KeptIce
from pbx.model.stream import IceCredentials, Resumed, WentSilent

if TYPE_CHECKING:
    from pbx.media.keying import Address, Keying

log = logging.getLogger(__name__)

CONSENT_S = 30.0


class IcePath:
    """Of one stream. `refused` is told what was refused."""

    def __init__(self, stream: Keying, refused: Callable[[str], None]) -> None:
        self._stream = stream
        self._refused = refused
        self._lite = IceLite()
        self._credentials: tuple[IceCredentials, IceCredentials | None] | None = None
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._consented_at = 0.0
        self._lost = False
        self.selected: Address | None = None
        """Where audio goes; None: nobody was there yet, or is there any more."""
        self.was_found = False
        self._last: Address | None = None
        self._stream.point_to(None)

    def use(self, ours: IceCredentials, theirs: IceCredentials | None) -> None:
        self._lite.use(ours, theirs)
        self._credentials = (ours, theirs)

    def kept(self) -> KeptIce | None:
        """For a later process."""
        return None if self._credentials is None else KeptIce(*self._credentials, self.selected)

    def resume(self, selected: Address | None) -> None:
        """Where an earlier process had found the browser, which is to check again in time."""
        if selected is not None:
            self._select(selected)

    @property
    def reply_to(self) -> Address | None:
        """Where DTLS goes: audio's way, or whence the browser spoke last."""
        return self.selected or self._last

    def take_stun(self, data: bytes, source: Address) -> None:
        taken = self._lite.take(data, source)
        if taken.answer is not None:
            with contextlib.suppress(PeerError):
                self._stream.send_datagram(taken.answer, source)
        if not taken.fate.good:
            self._refused(f"ice_{taken.fate.value}")
            return
        self._last = source
        if taken.fate is Fate.NOMINATED and source != self.selected:
            self._select(source)
        if source == self.selected:
            self._consented_at = self._loop.time()

    def is_known(self, source: Address) -> bool:
        """Whether DTLS from there may be the browser's."""
        if self._lite.knows(source):
            self._last = source
            return True
        self._refused("dtls_stranger")
        return False

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _select(self, source: Address) -> None:
        if self.was_found:
            log.info("a browser is at another address", extra={"stream": self._stream.label})
        self.selected, self.was_found = source, True
        self._stream.point_to(source)
        self._consented_at = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(CONSENT_S, self._look)
        if self._lost:
            self._lost = False
            self._stream.on_event(Resumed())

    def _look(self) -> None:
        """Whether the browser still consents."""
        left_s = self._consented_at + CONSENT_S - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
            return
        self._timer = None
        self.selected, self._lost = None, True
        self._stream.point_to(None)
        self._stream.on_event(WentSilent(round(CONSENT_S * 1000)))
