"""A phone with a lamp, written from the RFCs: it subscribes, answers NOTIFYs, and keeps what they say."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.live.node import Node
from tests.live.raw import Answer, Peer

__all__ = ["Watcher", "watching"]

STATE = re.compile(r"<state>(\w+)</state>")


class Watcher:
    """One subscription. `told` are its NOTIFYs, in the order they came; a repeated one counts once."""

    def __init__(self, node: Node, number: str, resource: str, event: str) -> None:
        self.told: list[Answer] = []
        self._peer = Peer(node.sip_port)
        self._stop = threading.Event()
        self.answer = self._peer.request(
            "SUBSCRIBE",
            number,
            node.password(number),
            to=resource,
            headers=(f"Event: {event}", "Expires: 600"),
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(3)
        self._peer.socket.close()

    @property
    def lamp(self) -> str:
        """The state of the first dialog; "off" when it is over, "?" while nothing is known."""
        if not self.told:
            return "?"
        found = STATE.search(self.told[-1].body.decode())
        state = found[1] if found is not None else "?"
        return "off" if state == "terminated" else state

    @property
    def body(self) -> str:
        return self.told[-1].body.decode() if self.told else ""

    async def shows(self, lamp: str, *, within_s: float = 8.0) -> None:
        await self.until(lambda: self.lamp == lamp, lamp, within_s=within_s)

    async def until(self, is_so: Callable[[], bool], what: str, *, within_s: float = 8.0) -> None:
        try:
            async with asyncio.timeout(within_s):
                while not is_so():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(
                f"the lamp was never {what}; told {[each.body for each in self.told]}"
            ) from None

    def _listen(self) -> None:
        while not self._stop.is_set():
            message = self._peer.receive(0.2)
            if message is None or message.method != "NOTIFY":
                continue
            known = {each.header("cseq") for each in self.told}
            if message.header("cseq") not in known:
                self.told.append(message)
            copied = [f"Via: {via}" for via in message.headers["via"]]
            copied += [f"{name}: {message.header(name)}" for name in ("From", "To", "Call-ID", "CSeq")]
            self._peer.send("\r\n".join(["SIP/2.0 200 OK", *copied, "Content-Length: 0", "", ""]).encode())


@contextmanager
def watching(node: Node, number: str, resource: str, event: str = "dialog") -> Iterator[Watcher]:
    """A subscription of `number` to `resource`, which the node accepted."""
    watcher = Watcher(node, number, resource, event)
    try:
        assert watcher.answer.status == 200, watcher.answer
        yield watcher
    finally:
        watcher.close()
