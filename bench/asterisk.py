"""Asterisk as the peer of the same run: the same SIPp scenarios, on the same machine, in the same minutes.

It is used when it is here: `asterisk` on the path, or a Debian package and what it depends on unpacked (`dpkg -x`)
under the folder that `BENCH_ASTERISK` names. chan_pjsip over UDP, no direct media, CDRs as CSV, log to nowhere.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.live.node import PASSWORD, cpu_of, rss_of
from tests.live.ports import free_port, free_range
from tests.live.raw import Peer

__all__ = ["Asterisk", "running_asterisk"]

MODULES = (
    *(
        "app_dial",
        "bridge_simple",
        "bridge_native_rtp",
        "bridge_softmix",
        "cdr_csv",
        "codec_alaw",
        "codec_ulaw",
    ),
    *("func_callerid", "pbx_config", "res_pjproject", "res_sorcery_config", "res_sorcery_memory"),
    *("res_sorcery_astdb", "res_timing_timerfd", "res_geolocation", "res_statsd", "res_pjsip"),
    *("res_pjsip_session", "res_pjsip_pubsub", "res_pjsip_nat", "res_pjsip_registrar", "res_pjsip_rfc3326"),
    *("res_pjsip_authenticator_digest", "res_pjsip_caller_id", "res_pjsip_endpoint_identifier_user"),
    *("res_rtp_asterisk", "res_pjsip_sdp_rtp", "chan_pjsip"),
)
RTP_PORTS = 8000
START_S = 20.0


class Asterisk:
    """One Asterisk with these extensions, in a folder of its own."""

    def __init__(self, folder: Path, extensions: Sequence[str]) -> None:
        self.folder = folder
        self.extensions = extensions
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def is_here() -> bool:
        """Whether this machine has one."""
        return _command() is not None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @staticmethod
    def password(number: str) -> str:
        return PASSWORD.format(number=number)

    @property
    def cpu_s(self) -> float:
        assert self.process is not None
        return cpu_of(self.process.pid)

    @property
    def rss_bytes(self) -> int:
        assert self.process is not None
        return rss_of(self.process.pid)

    async def start(self) -> None:
        """Start it, and return when it answers OPTIONS."""
        command = _command()
        if command is None:
            raise FileNotFoundError("no Asterisk here")
        self._configure()
        with (self.folder / "asterisk.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, "-f", "-C", str(self.folder / "asterisk.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        await asyncio.to_thread(self._wait)

    async def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, 15)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        with Peer(self.port) as peer:
            peer.socket.settimeout(0.1)
            question = peer.message("OPTIONS", self.extensions[0])
            while time.monotonic() < deadline:
                peer.socket.sendto(question, peer.node)
                try:
                    if peer.socket.recv(65535).startswith(b"SIP/2.0 "):
                        return
                except OSError:
                    time.sleep(0.05)
        raise TimeoutError((self.folder / "asterisk.log").read_text(errors="replace")[-4000:])

    def _configure(self) -> None:
        root = _root()
        for name in ("var/lib", "var/spool", "var/run", "var/log/cdr-csv"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        first = free_range(RTP_PORTS) if RTP_PORTS < 1000 else 12000
        self._write(
            "asterisk.conf",
            f"""
            [directories]
            astetcdir => {self.folder}
            astmoddir => {_modules(root)}
            astvarlibdir => {self.folder}/var/lib
            astdbdir => {self.folder}/var/lib
            astkeydir => {self.folder}/var/lib
            astdatadir => {root}/usr/share/asterisk
            astspooldir => {self.folder}/var/spool
            astrundir => {self.folder}/var/run
            astlogdir => {self.folder}/var/log
        """,
        )
        self._write(
            "modules.conf", "[modules]\nautoload=no\n" + "".join(f"load={each}.so\n" for each in MODULES)
        )
        self._write("logger.conf", "[general]\n[logfiles]\n")
        self._write("rtp.conf", f"[general]\nrtpstart={first}\nrtpend={first + RTP_PORTS}\n")
        self._write("cdr.conf", "[general]\nenable=yes\n[csv]\nusegmtime=yes\n")
        self._write("extensions.conf", "[office]\nexten => _X.,1,Dial(PJSIP/${EXTEN})\n same => n,Hangup()\n")
        self._write("pjsip.conf", self._pjsip())

    def _pjsip(self) -> str:
        lines = ["[udp]", "type=transport", "protocol=udp", f"bind=127.0.0.1:{self.port}"]
        for number in self.extensions:
            lines += [
                f"[{number}]", "type=endpoint", "context=office", "disallow=all", "allow=ulaw,alaw",
                f"auth={number}", f"aors={number}", "direct_media=no",
                f"[{number}]", "type=auth", "auth_type=userpass", f"username={number}",
                f"password={self.password(number)}",
                f"[{number}]", "type=aor", "max_contacts=1", "remove_existing=yes",
            ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text("\n".join(line.strip() for line in text.splitlines()) + "\n")


@asynccontextmanager
async def running_asterisk(asterisk: Asterisk) -> AsyncIterator[Asterisk]:
    try:
        await asterisk.start()
        yield asterisk
    finally:
        await asterisk.stop()


def _root() -> Path:
    return Path(os.environ.get("BENCH_ASTERISK", "/"))


def _modules(root: Path) -> Path:
    found = sorted(root.glob("usr/lib/*/asterisk/modules")) or sorted(root.glob("usr/lib/asterisk/modules"))
    return found[0] if found else root / "usr/lib/asterisk/modules"


def _command() -> list[str] | None:
    """How Asterisk is started: with the loader and the libraries it was unpacked with, where it was."""
    root = _root()
    if root == Path("/"):
        installed = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        return None if installed is None else [installed]
    libraries = [str(each) for each in sorted(root.glob("usr/lib/*-linux-gnu*"))]
    loaders = sorted(root.glob("usr/lib*/**/ld-linux-*.so.*"))
    binary = root / "usr/sbin/asterisk"
    if not loaders or not binary.exists():
        return None
    return [str(loaders[0]), "--library-path", ":".join(libraries), str(binary)]
