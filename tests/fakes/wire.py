"""A network in memory that loses, delays, reorders and duplicates datagrams, the same way for the same seed.

`Network` knows addresses. `Network.plug` gives an address to somebody and returns what sends from there; it fits
`pbx.transport.sockets.Wire`, and calls the same three methods as real sockets do. Datagrams ("UDP") suffer;
streams ("TCP") arrive whole and in order, and are refused at once where nobody listens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from msgspec.structs import replace

from pbx.sip.framer import KeepAlive
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse

Address = tuple[str, int]


class Listener(Protocol):
    """Who sits at an address: `pbx.transport.driver.Driver`, or a test."""

    def received(self, data: bytes, hop: Hop) -> None: ...

    def received_message(self, message: Any, hop: Hop, raw: bytes = b"") -> None: ...

    def undeliverable(self, hop: Hop) -> None: ...


@dataclass(frozen=True)
class Weather:
    """How bad the network is. Shares are 0 to 1; delays are seconds, chosen evenly, so they also reorder.

    `late` datagrams take `late_s` instead: they come after others have been repeated.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    delay_min_s: float = 0.005
    delay_max_s: float = 0.005
    late: float = 0.0
    late_s: float = 1.5


CALM = Weather()
STORM = Weather(loss=0.2, duplicate=0.1, delay_min_s=0.002, delay_max_s=0.08, late=0.05)


@dataclass(frozen=True)
class Passed:
    """One message that was handed to the network, for the log of a test."""

    at: float
    source: Address
    target: Address
    transport: str
    data: bytes
    lost: bool

    def __str__(self) -> str:
        line = self.data.split(b"\r\n", 1)[0].decode("utf-8", "replace")
        return (
            f"{self.at:9.3f} {self.source[1]:5} → {self.target[1]:5} {line}{'   (lost)' if self.lost else ''}"
        )


class Network:
    """Addresses and the weather between them.

    `call_later(delay, callback)` is `loop.call_later` of a virtual loop, or `Timeline.call_later`; `time()` says when.
    """

    def __init__(
        self,
        call_later: Callable[[float, Callable[[], None]], Any],
        time: Callable[[], float],
        *,
        seed: int = 0,
        weather: Weather = CALM,
    ) -> None:
        self.weather = weather
        self.log: list[Passed] = []
        self.counts: Counter[str] = Counter()
        self.unheard: Callable[[bytes, str], bool] | None = None
        """Which datagrams are lost beside what the weather takes, by what is in them and who sends them."""
        self.unreachable: set[Address] = set()
        """Addresses nobody gets through to, silently: a pulled cable."""
        self._call_later = call_later
        self._time = time
        self._random = Random(seed)
        self._plugs: dict[Address, Plug] = {}

    def plug(self, host: str, port: int, listener: Listener | None = None) -> Plug:
        """Take an address. Without a listener yet, set `Plug.listener` before the first packet."""
        assert (host, port) not in self._plugs, f"{host}:{port} is taken"
        made = self._plugs[host, port] = Plug(self, (host, port), listener)
        return made

    def unplug(self, plug: Plug) -> None:
        self._plugs.pop(plug.address, None)

    def transcript(self) -> str:
        """Everything that was sent, one line each."""
        return "\n".join(str(passed) for passed in self.log)

    def carry(self, data: bytes, hop: Hop, source: Plug) -> bool:
        """Send one message from a plug; what `Wire.send` wants to know."""
        target = (hop.remote_host, hop.remote_port)
        cut = target in self.unreachable or source.address in self.unreachable
        if hop.transport != "UDP":
            return self._carry_stream(data, hop, source, cut=cut)
        lost = cut or self._random.random() < self.weather.loss
        lost = lost or (self.unheard is not None and self.unheard(data, source.address[0]))
        self.log.append(Passed(self._time(), source.address, target, "UDP", data, lost))
        self.counts["lost" if lost else "sent"] += 1
        if lost:
            return True
        copies = 2 if self._random.random() < self.weather.duplicate else 1
        self.counts["duplicated"] += copies - 1
        back = Hop("UDP", *source.address)
        for _ in range(copies):
            self._call_later(self._delay(), lambda: self._arrive(data, target, back))
        return True

    def _carry_stream(self, data: bytes, hop: Hop, source: Plug, *, cut: bool) -> bool:
        target = source.peers.get(hop.connection) or (hop.remote_host, hop.remote_port)
        plug = self._plugs.get(target)
        if plug is None or cut:
            return False
        self.log.append(Passed(self._time(), source.address, target, hop.transport, data, lost=False))
        self.counts["streamed"] += 1
        back = Hop(hop.transport, *source.address, connection=plug.connection_to(source.address))
        self._call_later(self.weather.delay_max_s, lambda: self._arrive(data, target, back))
        return True

    def _arrive(self, data: bytes, target: Address, hop: Hop) -> None:
        plug = self._plugs.get(target)
        if plug is None or plug.listener is None:
            self.counts["nobody"] += 1
            return
        hop = replace(hop, local_host=target[0], local_port=target[1])
        if hop.transport == "UDP":
            plug.listener.received(data, hop)
        else:
            plug.listener.received_message(_parse_stream(data), hop)

    def _delay(self) -> float:
        weather = self.weather
        if weather.late and self._random.random() < weather.late:
            return weather.late_s * self._random.random()
        return self._random.uniform(weather.delay_min_s, weather.delay_max_s)


class Plug:
    """One address on the network; sends from there."""

    def __init__(self, network: Network, address: Address, listener: Listener | None) -> None:
        self.network = network
        self.address = address
        self.listener = listener
        self.peers: dict[int, Address] = {}
        """Stream connections: number → peer."""

    def send(self, data: bytes, hop: Hop) -> bool:
        return self.network.carry(data, hop, self)

    def is_open(self, connection: int) -> bool:
        return connection in self.peers

    def connection_to(self, peer: Address) -> int:
        for number, known in self.peers.items():
            if known == peer:
                return number
        number = len(self.peers) + 1
        self.peers[number] = peer
        return number


def _parse_stream(data: bytes) -> Request | Response | KeepAlive:
    return parse(data) if data.strip() else KeepAlive()
