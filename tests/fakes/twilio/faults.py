"""What goes wrong between the edge and Twilio: refusals, lost questions, lost answers, slowness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Fault", "Faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """`refuse`: an error document; `drop`: the connection breaks before anything is done; `lose`: after it is done;
    `stall`: it is done, and no answer comes."""

    kind: Literal["refuse", "drop", "lose", "stall"]
    status: int = 500
    code: int | None = None
    message: str = "a fault of the test"


@dataclass(slots=True)
class Faults:
    """`rule` is asked for each request that no planned fault takes; `latency_s` is added to each."""

    latency_s: float = 0.0
    rule: Callable[[str, str], Fault | None] | None = None
    happened: int = 0
    _planned: list[tuple[str, str, Fault]] = field(default_factory=list)

    def fail_next(
        self, status: int, code: int | None = None, *, path: str = "", method: str = "", times: int = 1
    ) -> None:
        """The next requests to a path with this in it are refused."""
        self._planned += [(method, path, Fault("refuse", status, code))] * times

    def drop_next(self, *, path: str = "", method: str = "", times: int = 1) -> None:
        """The connection breaks; nothing was done."""
        self._planned += [(method, path, Fault("drop"))] * times

    def lose_answer(self, *, path: str = "", method: str = "POST", times: int = 1) -> None:
        """The request is carried out, and its answer is lost."""
        self._planned += [(method, path, Fault("lose"))] * times

    def stall(self, *, path: str = "", method: str = "POST", times: int = 1) -> None:
        """The request is carried out, and its answer does not come."""
        self._planned += [(method, path, Fault("stall"))] * times

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this request, if it has one."""
        fault = self._take_planned(method, path)
        if fault is None and self.rule is not None:
            fault = self.rule(method, path)
        self.happened += fault is not None
        return fault

    def _take_planned(self, method: str, path: str) -> Fault | None:
        for at, (of_method, in_path, fault) in enumerate(self._planned):
            if (not of_method or of_method == method) and in_path in path:
                del self._planned[at]
                return fault
        return None
