"""When a certificate of a public CA is ordered, and what is remembered of it (RFC 8555).

    data/acme/site.pem      the key and the certificate with its chain
              account.json  the key of our account at the CA
              state.json    how long the certificate lasts, and what went wrong

Failed orders are tried again, each time later: CAs count them (Let's Encrypt: five an hour for one name).
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Literal, assert_never

import msgspec

from pbx.transport.acme_order import CERTIFICATE, Answer, Asked, Failed, Issued, Message, Order
from pbx.transport.certificate import CertificateFiles, write_whole

__all__ = ["FOLDER", "State", "Wanted", "carry_out", "files", "load", "save"]

FOLDER = "acme"
STATE = "state.json"
PAUSES_S = (600.0, 1800.0, 7200.0, 21600.0, 86400.0)
"""After the first failure, the second …; the last for all that follow."""
AFTER_START_S = 600.0
"""A restart may try again so long after the last try, whatever the pause: whoever mends something restarts."""
LEAST_S = 10.0
"""Between two orders, whatever the CA says about its certificate."""
ORDER_S = 180.0

Challenge = Literal["http-01", "tls-alpn-01"]


class Wanted(msgspec.Struct, frozen=True):
    """What is to be ordered."""

    domains: tuple[str, ...]
    directory: str
    contact: str
    challenge: Challenge
    trust: Path | None = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the orders. Unix seconds; `expires_at` 0 means that there is no certificate yet."""

    directory: str
    domains: tuple[str, ...]
    challenge: Challenge
    since: float = 0.0
    expires_at: float = 0.0
    due_at: float = 0.0
    tried_at: float = 0.0
    failures: int = 0
    limited: bool = False
    error: str = ""

    def issued(self, got: Issued, now: float, chance: float) -> State:
        """After success. `chance` is between 0 and 1: nodes that were set up together renew apart."""
        life_s = got.expires_at - got.since
        due_at = got.expires_at - life_s * (1 / 3 + chance / 20)
        return msgspec.structs.replace(
            self,
            since=got.since,
            expires_at=got.expires_at,
            due_at=max(due_at, now + LEAST_S),
            tried_at=now,
            failures=0,
            limited=False,
            error="",
        )

    def failed(self, failure: Failed, now: float, chance: float) -> State:
        """After a failure: later each time, and never before the CA wants to hear of us."""
        pause_s = PAUSES_S[min(self.failures, len(PAUSES_S) - 1)] * (0.9 + chance / 5)
        return msgspec.structs.replace(
            self,
            due_at=now + max(pause_s, failure.wait_s),
            tried_at=now,
            failures=self.failures + 1,
            limited=failure.limited,
            error=failure.reason,
        )

    def started(self, now: float) -> State:
        """At the start of a node."""
        if not self.failures or self.limited:
            return self
        return msgspec.structs.replace(self, due_at=min(self.due_at, max(self.tried_at + AFTER_START_S, now)))

    def in_time(self, now: float) -> State:
        """As it is, but where it was written in a time that has not come yet: then the clock was set back, and what was
        to wait for so long waits as long from now. A renewal is due by the certificate's own dates.
        """
        ahead_s = self.tried_at - now
        if ahead_s <= 0:
            return self
        due_at = self.due_at - ahead_s
        if not self.failures:
            due_at = min(self.due_at, self.expires_at - (self.expires_at - self.since) / 3)
        return msgspec.structs.replace(self, tried_at=now, due_at=due_at)

    def is_urgent(self, now: float) -> bool:
        """Whether half the time for renewing has passed in vain."""
        return bool(self.expires_at) and self.expires_at - now < (self.expires_at - self.since) / 6


def files(data_dir: Path) -> CertificateFiles:
    """Where the certificate is, or will be."""
    path = data_dir / FOLDER / CERTIFICATE
    return CertificateFiles(path, path)


def load(data_dir: Path, wanted: Wanted) -> State:
    """What is known of this certificate. Other names or another CA begin anew."""
    fresh = State(directory=wanted.directory, domains=wanted.domains, challenge=wanted.challenge)
    with suppress(OSError, msgspec.MsgspecError):
        found = msgspec.json.decode((data_dir / FOLDER / STATE).read_bytes(), type=State)
        same = (found.directory, found.domains) == (fresh.directory, fresh.domains)
        if same and files(data_dir).certificate.is_file():
            return found if found.challenge == fresh.challenge else _again(found, fresh.challenge)
        if same and found.challenge == fresh.challenge and found.failures:
            return msgspec.structs.replace(found, since=0.0, expires_at=0.0)
    return fresh


def _again(found: State, challenge: Challenge) -> State:
    """Another challenge may do what the last could not."""
    changed = msgspec.structs.replace(found, challenge=challenge)
    return msgspec.structs.replace(changed, due_at=0.0) if found.failures else changed


def save(data_dir: Path, state: State) -> None:
    """Raises `OSError`."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / STATE, msgspec.json.encode(state))


async def carry_out(wanted: Wanted, data_dir: Path, place: Callable[[Answer], None]) -> Issued | Failed:
    """One order. `place` puts what the CA will look for where it looks; it may raise `OSError`."""
    order = Order(
        directory=wanted.directory,
        domains=wanted.domains,
        contact=wanted.contact,
        challenge=wanted.challenge,
        folder=str(data_dir / FOLDER),
        trust=None if wanted.trust is None else str(wanted.trust),
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pbx.transport.acme_order",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(ORDER_S), aclosing(_talk(process, order)) as messages:
            async for message in messages:
                match message:
                    case Answer():
                        place(message)
                    case Asked():
                        await _tell(process, b"\n")
                    case Issued() | Failed():
                        return message
                    case _:
                        assert_never(message)
        return Failed(reason="the order ended without a word")
    except TimeoutError:
        return Failed(reason="the CA took too long")
    except OSError as error:
        return Failed(reason=f"the CA's question cannot be answered: {error.strerror or error}")
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await process.wait()


async def _talk(process: asyncio.subprocess.Process, order: Order) -> AsyncGenerator[Message, None]:
    await _tell(process, msgspec.json.encode(order) + b"\n")
    assert process.stdout is not None
    async for line in process.stdout:
        with suppress(msgspec.MsgspecError):  # a library that prints
            yield msgspec.json.decode(line, type=Message)


async def _tell(process: asyncio.subprocess.Process, line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    with suppress(ConnectionError):  # it has ended, and says why on its own side
        await process.stdin.drain()


def chance() -> float:
    """Between 0 and 1."""
    return random.random()  # noqa: S311  spreads load, keeps no secret
