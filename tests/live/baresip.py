"""A real softphone in a test: one baresip process with its own folder, driven over its control connection.

Ways of baresip 1.0 that this file hides: it finds no network without `-4 -n ADDRESS`; it quits when standard input
closes; `aufile` wants a file of the codec's rate and channels; SIP over TLS listens one port above `sip_listen`; the
recordings are named by the second they started in, so a phone records into a folder of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.live import wav
from tests.live.ports import free_pair, free_port, free_range

__all__ = ["Account", "Event", "Phone", "phones"]

MODULES = Path("/usr/lib/baresip/modules")
RATES = {"PCMU": 8000, "PCMA": 8000, "G722": 16000, "opus": 48000, "GSM": 8000}
REGISTERED = re.compile(r"^SIP/2\.0 200 .*\n(?:.+\n)*?CSeq: \d+ REGISTER", re.MULTILINE)
CODEC_MODULES = {"PCMU": "g711", "PCMA": "g711", "G722": "g722", "opus": "opus", "GSM": "gsm"}


@dataclass(frozen=True)
class Account:
    """Whom the phone registers as. Without `registrar` it registers nowhere and takes any call."""

    user: str
    password: str = ""
    registrar: str = ""  # "127.0.0.1:5060"
    transport: str = "udp"
    expires_s: int = 120
    answer: str = "manual"
    codecs: tuple[str, ...] = ("PCMU",)
    encryption: str = ""  # baresip's mediaenc: srtp (RTP/AVP with keys), srtp-mand (RTP/SAVP), dtls_srtp …
    extra: str = ""

    def line(self, own_port: int) -> str:
        """The line of baresip's accounts file."""
        host = self.registrar or f"127.0.0.1:{own_port}"
        parameters = {
            "auth_user": self.user,
            "auth_pass": self.password,
            "regint": str(self.expires_s if self.registrar else 0),
            "answermode": self.answer,
            "mediaenc": self.encryption,
            "audio_codecs": ",".join(
                f"{codec}/{RATES[codec]}" + ("/2" if codec == "opus" else "") for codec in self.codecs
            ),
        }
        if "G722" in self.codecs:  # RFC 3551 4.5.2: its clock runs at 8000
            parameters["audio_codecs"] = parameters["audio_codecs"].replace("G722/16000", "G722/8000")
        rest = "".join(f";{key}={value}" for key, value in parameters.items() if value)
        transport = f";transport={self.transport}"
        return f"<sip:{self.user}@{host}{transport}>{rest}{self.extra}\n"


@dataclass(frozen=True)
class Event:
    """One event of the control connection; `at` is `time.monotonic()` when it was read."""

    type: str
    param: str
    call: str
    fields: dict[str, Any]
    at: float


@dataclass
class Phone:
    """A running baresip that says one tone, or is silent. Use `phones()` to start and stop some."""

    account: Account
    folder: Path
    tone_hz: float | None = None
    level_dbfs: float = -12.0
    watches: tuple[str, ...] = ()
    """Contacts whose presence it subscribes to; with any, it asks for its messages too."""
    host: str = "127.0.0.1"
    events: list[Event] = field(default_factory=list)
    sip_port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _writer: asyncio.StreamWriter | None = None
    _reading: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _replies: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _seen: int = 0
    _tokens: int = 0

    @property
    def uri(self) -> str:
        """Where this phone is reached directly, past any node."""
        return f"sip:{self.account.user}@{self.host}:{self.sip_port};transport={self.account.transport}"

    @property
    def log(self) -> str:
        """What the phone has printed so far; with the SIP messages, since it runs with `-s`."""
        return (self.folder / "log").read_text(errors="replace")

    # -- life

    async def start(self) -> None:
        """Write the folder, start the process, connect to it. Takes about a second and a half."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sip_port, _ = free_pair()
        control_port = free_port()
        (self.folder / "config").write_text(self._config(control_port))
        (self.folder / "accounts").write_text(self.account.line(self.sip_port))
        (self.folder / "contacts").write_text(
            "".join(f'"Contact {uri}" <{uri}>;presence=p2p\n' for uri in self.watches)
        )
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    "baresip",
                    "-6" if ":" in self.host else "-4",
                    "-n",
                    self.host,
                    "-s",
                    "-f",
                    str(self.folder),
                ],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", control_port)
                break
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"baresip did not start:\n{self.log}") from None
                await asyncio.sleep(0.05)
        self._reading = asyncio.create_task(self._read(reader))

    async def stop(self) -> None:
        """Hang up, unregister and quit; killed when it does not within five seconds."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 5)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)
        await self._forget()

    async def kill(self) -> None:
        """The battery falls out: no BYE, no un-REGISTER, no more packets."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        await self._forget()

    async def _forget(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self._writer is not None:
            self._writer.close()
        self._process = self._writer = self._reading = None

    def _config(self, control_port: int) -> str:
        codec = self.account.codecs[0]
        rate_hz = RATES[codec]
        channels = 2 if codec == "opus" else 1
        rtp_port = free_range(20)
        lines = [
            f"sip_listen {f'[{self.host}]' if ':' in self.host else self.host}:{self.sip_port}",
            f"ctrl_tcp_listen 127.0.0.1:{control_port}",
            f"module_path {MODULES}",
            "call_max_calls 8",
            "call_local_timeout 120",
            f"rtp_ports {rtp_port}-{rtp_port + 19}",
            "jitter_buffer_delay 2-10",
            "audio_player aubridge,null",
            f"ausrc_srate {rate_hz}",
            f"auplay_srate {rate_hz}",
            f"ausrc_channels {channels}",
            f"auplay_channels {channels}",
            f"snd_path {self.folder}",
            "module_tmp account.so",
            "module_app menu.so",
            "module_app ctrl_tcp.so",
            "module aubridge.so",
            "module sndfile.so",
        ]
        lines += sorted({f"module {CODEC_MODULES[codec]}.so" for codec in self.account.codecs})
        if self.account.encryption:
            module = "dtls_srtp" if self.account.encryption.startswith("dtls") else "srtp"
            lines.append(f"module {module}.so")
        if self.watches:
            lines += [f"module_app {module}.so" for module in ("contact", "presence", "mwi")]
        tone = wav.write_tone(
            self.folder / "tone.wav",
            self.tone_hz or 100.0,
            rate_hz=rate_hz,
            seconds=90,
            channels=channels,
            level_dbfs=self.level_dbfs if self.tone_hz else -120.0,
        )
        lines += ["module aufile.so", f"audio_source aufile,{tone}"]
        return "\n".join(lines) + "\n"

    # -- control

    async def command(self, command: str, params: str = "") -> str:
        """Run one of baresip's commands and return what it printed. Raises when baresip says that it failed."""
        assert self._writer is not None, "the phone is not running"
        self._tokens += 1
        token = str(self._tokens)
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[token] = reply
        body = json.dumps({"command": command, "params": params, "token": token}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))
        answer = await asyncio.wait_for(reply, 5)
        if not answer.get("ok", False):
            raise RuntimeError(f"baresip refused {command} {params}: {answer}")
        return str(answer.get("data", ""))

    async def dial(self, target: str) -> None:
        """Call a number of the registrar, or a full URI."""
        await self.command("dial", target)

    async def accept(self) -> None:
        await self.command("accept")

    async def hangup(self) -> None:
        await self.command("hangup")

    async def hold(self) -> None:
        await self.command("hold")

    async def resume(self) -> None:
        await self.command("resume")

    async def mute(self) -> None:
        await self.command("mute")

    async def send_digits(self, digits: str, *, press_s: float = 0.12) -> None:
        """Press and release keys (RFC 4733 events); "" as a parameter is the release."""
        for digit in digits:
            await self.command("sndcode", digit)
            await asyncio.sleep(press_s)
            with contextlib.suppress(RuntimeError):
                await self.command("sndcode", "\x04")
            await asyncio.sleep(press_s)

    async def wait_for(
        self, kind: str, *, timeout_s: float = 10.0, match: Callable[[Event], bool] = lambda event: True
    ) -> Event:
        """The next event of this kind that no earlier `wait_for` has gone past."""
        deadline = time.monotonic() + timeout_s
        while True:
            for index in range(self._seen, len(self.events)):
                event = self.events[index]
                if event.type == kind and match(event):
                    self._seen = index + 1
                    return event
            self._changed.clear()
            left = deadline - time.monotonic()
            try:
                await asyncio.wait_for(self._changed.wait(), max(left, 0.001))
            except TimeoutError:
                had = [f"{event.type} {event.param}" for event in self.events]
                raise TimeoutError(
                    f"phone {self.account.user}: no {kind} within {timeout_s} s; had {had}\n{self.log[-6000:]}"
                ) from None

    def has(self, kind: str) -> bool:
        """Whether an event of this kind ever came."""
        return any(event.type == kind for event in self.events)

    async def registered(self, *, timeout_s: float = 10.0) -> None:
        """Wait for the 200 to a REGISTER. It may have come before we were connected to hear of it."""
        deadline = time.monotonic() + timeout_s
        while not self.has("REGISTER_OK") and not REGISTERED.search(self.log):
            if self.has("REGISTER_FAIL") or time.monotonic() > deadline:
                raise TimeoutError(f"phone {self.account.user} is not registered:\n{self.log[-6000:]}")
            await asyncio.sleep(0.02)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = await reader.readuntil(b":")
                body = await reader.readexactly(int(length[:-1]) + 1)
                self._take(json.loads(body[:-1]))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("event"):
            event = Event(
                type=str(message.get("type", "")),
                param=str(message.get("param", "")),
                call=str(message.get("id", "")),
                fields=message,
                at=time.monotonic(),
            )
            self.events.append(event)
            self._changed.set()
        elif (reply := self._replies.pop(str(message.get("token")), None)) is not None and not reply.done():
            reply.set_result(message)

    # -- what it heard

    def heard(self) -> wav.Sound:
        """The newest recording of what the other side sent, as this phone decoded it."""
        recordings = sorted(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)
        if not recordings:
            raise FileNotFoundError(f"phone {self.account.user} recorded nothing:\n{self.log[-4000:]}")
        return wav.read(recordings[-1])


_REGISTERED = re.compile(r"\} 200 OK \(.*\) \[\d+ binding")


@contextlib.asynccontextmanager
async def phones(*wanted: Phone) -> AsyncIterator[tuple[Phone, ...]]:
    """Start some phones at once, and stop them in the end."""
    try:
        async with asyncio.TaskGroup() as group:
            for phone in wanted:
                group.create_task(phone.start())
        yield wanted
    finally:
        await asyncio.gather(*(phone.stop() for phone in wanted))


class Pair:
    """Two phones in a call, for tests that begin there."""

    def __init__(self, caller: Phone, callee: Phone) -> None:
        self.caller = caller
        self.callee = callee

    async def talk(self, target: str) -> Self:
        """Dial, ring, pick up."""
        await self.caller.dial(target)
        await self.callee.wait_for("CALL_INCOMING")
        await self.callee.accept()
        await asyncio.gather(
            self.caller.wait_for("CALL_ESTABLISHED"), self.callee.wait_for("CALL_ESTABLISHED")
        )
        return self
