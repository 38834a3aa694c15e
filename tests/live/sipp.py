"""SIPp in a test: a scenario, a list of users, and how many calls came out well."""

from __future__ import annotations

import asyncio
import csv
import math
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.live.ports import free_port, free_range

__all__ = ["SCENARIOS", "Called", "Sipp", "SippResult", "caller_rows", "phone_rows", "register_all"]

SCENARIOS = Path(__file__).parent / "scenarios"


class Called(Protocol):
    """What SIPp calls: a node, or another server that knows the same extensions and passwords."""

    @property
    def address(self) -> str: ...

    @staticmethod
    def password(number: str) -> str: ...


@dataclass(frozen=True)
class SippResult:
    """The last line of SIPp's statistics."""

    exit_code: int
    successful: int
    failed: int
    retransmissions: int
    mean_response_ms: float
    output: str
    response_times: tuple[tuple[float, int], ...] = ()
    """How many first answers took less than so many ms, and no less than the pair before; where the scenario counts."""

    def response_ms(self, part: float) -> float:
        """The time within which this part of the answers came, between the bounds of its class."""
        wanted, below, low = part * sum(count for _, count in self.response_times), 0, 0.0
        for high, count in self.response_times:
            if count and below + count >= wanted:
                return high if math.isinf(high) else low + (high - low) * (wanted - below) / count
            below, low = below + count, high
        return 0.0


class Sipp:
    """One SIPp process. `users` are rows of its injection file (fields 0, 1, …), taken in turn."""

    def __init__(
        self,
        folder: Path,
        scenario: str,
        *,
        remote: str,
        users: Sequence[Sequence[str]] = (),
        calls: int = 1,
        rate: float = 10.0,
        limit: int = 1000,
        port: int | None = None,
        options: Sequence[str] = (),
        rtp_echo: bool = False,
        timeout_s: float = 60.0,
        host: str = "127.0.0.1",
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._name = scenario
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        media = free_range(min(8 + 4 * calls, 400))  # rtp_stream takes the next free ones for each call
        self._command = [
            "sipp", remote,
            "-sf", str(SCENARIOS / f"{scenario}.xml"),
            "-i", host, "-p", str(self.port),
            "-mi", "127.0.0.1", "-mp", str(media),
            "-m", str(calls), "-r", str(rate), "-l", str(limit),
            "-nostdin", "-trace_stat", "-stf", str(folder / "stat.csv"), "-fd", "1",
            "-trace_err", "-error_file", str(folder / "errors.log"),
            "-recv_timeout", "20000", "-timeout", f"{timeout_s:.0f}s", "-timeout_error",
            *options,
        ]  # fmt: skip
        if rtp_echo:
            self._command.append("-rtp_echo")
        if users:
            rows = "SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in users)
            (folder / "users.csv").write_text(rows)
            self._command += ["-inf", str(folder / "users.csv")]

    @property
    def errors(self) -> str:
        """What SIPp found wrong: unexpected messages, time-outs."""
        path = self.folder / "errors.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        with (self.folder / "screen.log").open("wb") as screen:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
            )

    async def wait(self) -> SippResult:
        """Until all calls are through; the process is killed when it outlives its time."""
        process = self._process
        assert process is not None, "start() comes first"
        try:
            code = await asyncio.to_thread(process.wait, self._timeout_s + 15)
        except subprocess.TimeoutExpired:
            await self.stop()
            raise TimeoutError(f"sipp {self._name} did not end\n{self.errors[-4000:]}") from None
        return self._result(code)

    async def run(self) -> SippResult:
        self.start()
        try:
            return await self.wait()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End it if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)

    def _result(self, code: int) -> SippResult:
        rows: list[dict[str, str]] = []
        path = self.folder / "stat.csv"
        if path.exists():
            with path.open(newline="") as file:
                rows = list(csv.DictReader(file, delimiter=";"))
        last = rows[-1] if rows else {}
        return SippResult(
            exit_code=code,
            successful=int(last.get("SuccessfulCall(C)") or 0),
            failed=int(last.get("FailedCall(C)") or 0),
            retransmissions=int(last.get("Retransmissions(C)") or 0),
            mean_response_ms=_milliseconds(last.get("ResponseTime1(C)", "")),
            response_times=tuple(
                (_bound(name), int(last[name]))
                for name in last
                if name and name.startswith("ResponseTimeRepartition1_")
            ),
            output=(self.folder / "screen.log").read_text(errors="replace")[-3000:] + self.errors[-3000:],
        )


def _bound(name: str) -> float:
    """`ResponseTimeRepartition1_<20`, and `…_>=500` for the rest."""
    return math.inf if ">=" in name else float(name.partition("<")[2])


def _milliseconds(text: str) -> float:
    """SIPp's HH:MM:SS:µµµµµµ (or with a dot) as milliseconds."""
    parts = text.replace(".", ":").split(":")
    if len(parts) != 4:
        return 0.0
    hours, minutes, seconds, micros = (int(part) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + micros / 1000


def _proof(node: Called, number: str) -> str:
    """What SIPp turns into an Authorization header."""
    return f"[authentication username={number} password={node.password(number)}]"


def phone_rows(node: Called, numbers: Sequence[str], port: int) -> list[tuple[str, ...]]:
    """Users of the scenario `register`: each with a contact at this port, where they must also register from."""
    return [(number, _proof(node, number), f"127.0.0.1:{port}") for number in numbers]


def caller_rows(node: Called, callers: Sequence[str], callees: Sequence[str]) -> list[tuple[str, ...]]:
    """Users of the scenario `call`: the callers in turn, each calling the callee beside it."""
    return [(caller, _proof(node, caller), callee) for caller, callee in zip(callers, callees, strict=True)]


async def register_all(folder: Path, node: Called, numbers: Sequence[str], port: int) -> None:
    """Register phones that will be answered for by the SIPp at `port`, which must not run yet.

    The node sends calls to where a REGISTER came from, so they are sent from that port.
    """
    rows = phone_rows(node, numbers, port)
    result = await Sipp(
        folder,
        "register",
        remote=node.address,
        users=rows,
        calls=len(rows),
        rate=50,
        limit=10,
        port=port,
    ).run()
    if result.successful != len(rows):
        raise RuntimeError(f"only {result.successful} of {len(rows)} phones could register\n{result.output}")
