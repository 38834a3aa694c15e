"""`pbx doctor`: looks at what a node needs from its machine, and says what to fix.

Every check is read-only but for a file it makes and deletes in the data directory. Works beside a running
node.
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import msgspec

import pbx
from pbx.app.doctor_internet import internet
from pbx.app.doctor_listening import listening
from pbx.app.doctor_network import look
from pbx.app.doctor_office import office
from pbx.app.doctor_replica import replica
from pbx.core.config import NodeConfig
from pbx.core.errors import StartupError, UserError
from pbx.core.secret import KEY_FILE, KEY_VARIABLE, key_mode_problem, load_key
from pbx.store.database import FILE_NAME
from pbx.store.inspect import inspect
from pbx.store.lock import locked_by_node
from pbx.store.migrate import steps

ROOM_BYTES = 500 << 20
FILES_WANTED = 4096
FILES_PER_CALL = 4
BUILT = datetime(2026, 1, 1, tzinfo=UTC)
"""A clock before this is wrong: the program did not exist."""


class Grade(Enum):
    """How a check ended; the value is what is printed."""

    OK = "ok"
    WARNING = "warn"
    FAILURE = "FAIL"


class Finding(msgspec.Struct, frozen=True):
    """One line of the report. `action` says what to do."""

    grade: Grade
    name: str
    text: str
    action: str = ""


def run(config: NodeConfig) -> int:
    """Print the report; 1 when something must be fixed before a node can run."""
    failed = False
    for finding in examine(config):
        failed |= finding.grade is Grade.FAILURE
        print(f"{finding.grade.value:<5} {finding.name:<15} {finding.text}")
        if finding.action:
            print(f"{'':<21} → {finding.action}")
    return 1 if failed else 0


def examine(config: NodeConfig) -> Iterator[Finding]:
    """All checks, the quick ones first."""
    yield _clock(config, datetime.now(UTC))
    yield _audio_engine(config)
    yield _admin_site(config)
    yield _voice(config)
    yield _file_limit()
    yield _data_dir(config.data_dir)
    yield _key(config.data_dir / KEY_FILE)
    yield _database(config.data_dir / FILE_NAME)
    yield from (
        Finding(Grade(grade), *rest)
        for grade, *rest in (
            *look(config),
            *office(config),
            *replica(config),
            *internet(config),
            *listening(config),
        )
    )
    yield from _ports(config)


def _clock(config: NodeConfig, now: datetime) -> Finding:
    newest = max(
        (_changed(config.data_dir / name) for name in (FILE_NAME, f"{FILE_NAME}-wal")), default=BUILT
    )
    if now < BUILT or (newest - now).total_seconds() > 60:
        return Finding(
            Grade.FAILURE,
            "clock",
            f"it is said to be {now:%Y-%m-%d %H:%M} UTC, which cannot be",
            "Set the clock: timedatectl set-ntp true",
        )
    return Finding(Grade.OK, "clock", f"{now:%Y-%m-%d %H:%M} UTC")


def _changed(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return BUILT


def _audio_engine(config: NodeConfig) -> Finding:
    try:
        import pbx.media.engine
        from pbx.media import loop_setting
    except ImportError as error:
        return Finding(
            Grade.FAILURE,
            "audio engine",
            f"it is not compiled, or not for this Python: {error}",
            "Run: make build",
        )
    try:
        loop = loop_setting.loop_for(config.rtp_loop)
    except StartupError as error:
        return Finding(Grade.FAILURE, "audio engine", error.message, error.action)
    text = f"compiled, used by {Path(pbx.media.engine.__file__).parent}; packets by {loop}"
    if config.rtp_loop == "auto":
        refusal = loop_setting.io_uring_refusal()
        text += f" (no io_uring: {refusal})" if refusal else " (io_uring would work too; no run had it ahead)"
    else:
        text += " (--rtp-loop says so)"
    return Finding(Grade.OK, "audio engine", text)


def _admin_site(config: NodeConfig) -> Finding:
    folder = config.site_dir or Path(pbx.__file__).parent / "web"
    if (folder / "index.html").is_file():
        return Finding(Grade.OK, "admin site", f"built, in {folder}")
    return Finding(Grade.WARNING, "admin site", f"not built: no index.html in {folder}", "Run: make build")


def _voice(config: NodeConfig) -> Finding:
    """What the node says things with; a word is really spoken."""
    from pbx.app.sounds import voices
    from pbx.media.speech_synthesis import ESPEAK_PACKAGE

    try:
        found = voices(config)
        if not found:
            return Finding(Grade.WARNING, "voice", "none: tones are heard in place of speech", ESPEAK_PACKAGE)
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, whoever asks
            thread.submit(lambda: asyncio.run(found.speak("Hello.", config.language))).result()
    except StartupError as error:
        return Finding(Grade.FAILURE, "voice", error.message, error.action)
    except UserError as error:
        return Finding(Grade.FAILURE, "voice", error.message, error.action or "Look at the --tts settings")
    return Finding(Grade.OK, "voice", f"{found.key(config.language)} speaks {config.language}")


def _file_limit() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= FILES_WANTED:
        return Finding(Grade.OK, "open files", f"limit {soft}")
    return Finding(
        Grade.WARNING,
        "open files",
        f"limit {soft} (at most {hard}): about {max(0, soft - 100) // FILES_PER_CALL} calls at once",
        f"Start with `ulimit -n {FILES_WANTED}`, or LimitNOFILE={FILES_WANTED} in the systemd unit",
    )


def _data_dir(folder: Path) -> Finding:
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".pbx-doctor-"):
            room = shutil.disk_usage(existing).free
    except OSError as error:
        return Finding(
            Grade.FAILURE,
            "data directory",
            f"{existing} cannot be written to: {error.strerror}",
            "Choose another with --data-dir, or give this user the right to write there",
        )
    where = str(folder) if existing == folder else f"{folder} will be made"
    if room < ROOM_BYTES:
        return Finding(
            Grade.WARNING,
            "data directory",
            f"{where}; only {room >> 20} MB are free",
            "Make room on that disk",
        )
    return Finding(Grade.OK, "data directory", f"{where}; {room >> 20} MB are free")


def _key(path: Path) -> Finding:
    in_environment = bool(os.environ.get(KEY_VARIABLE))
    if not in_environment and not path.exists():
        return Finding(Grade.OK, "key", f"{path} will be made at the first start")
    try:
        load_key(path)
    except (StartupError, OSError) as error:
        return Finding(Grade.FAILURE, "key", *_split(error))
    if not in_environment and (problem := key_mode_problem(path)):
        return Finding(Grade.FAILURE, "key", problem, f"Run: chmod 600 {path}")
    return Finding(
        Grade.OK, "key", f"from {KEY_VARIABLE}" if in_environment else f"{path}, readable by this user only"
    )


def _database(path: Path) -> Finding:
    try:
        found = inspect(path, newest=len(steps()), check_all=True)
    except (StartupError, OSError, sqlite3.Error) as error:
        return Finding(Grade.FAILURE, "database", *_split(error))
    if found.is_new:
        return Finding(Grade.OK, "database", f"{path} will be made at the first start")
    return Finding(Grade.OK, "database", f"{path}, whole, layout {found.version}")


def _ports(config: NodeConfig) -> Iterator[Finding]:
    if locked_by_node(config.data_dir):
        yield Finding(Grade.OK, "ports", "a node runs on this data directory and holds its own ports")
        return
    wanted = [
        ("SIP over UDP", socket.SOCK_DGRAM, config.sip_port, "--sip-port"),
        ("SIP over TCP", socket.SOCK_STREAM, config.sip_port, "--sip-port"),
        ("HTTP", socket.SOCK_STREAM, config.http_port, "--http-port"),
    ]
    if config.tls:
        wanted += [
            ("SIP over TLS", socket.SOCK_STREAM, config.sip_tls_port, "--sip-tls-port"),
            ("HTTPS", socket.SOCK_STREAM, config.https_port, "--https-port"),
        ]
    for name, kind, port, option in wanted:
        problem = _bind_problem(config.host, port, kind)
        if problem:
            yield Finding(
                Grade.FAILURE, name, f"port {port} {problem}", f"Stop what uses it, or choose with {option}"
            )
        else:
            yield Finding(Grade.OK, name, f"port {port} is free")
    yield _audio_ports(config)


def _audio_ports(config: NodeConfig) -> Finding:
    """A look at up to 200 ports spread over the range."""
    every = range(config.rtp_port_min, config.rtp_port_max + 1)
    sample = every[:: max(1, len(every) // 200)]
    taken = [port for port in sample if _bind_problem(config.host, port, socket.SOCK_DGRAM)]
    text = f"{len(sample) - len(taken)} of {len(sample)} looked at from {every.start} to {every.stop - 1} are free"
    if len(taken) * 2 > len(sample):
        return Finding(
            Grade.FAILURE, "audio ports", text, "Choose others with --rtp-port-min and --rtp-port-max"
        )
    return Finding(Grade.OK, "audio ports", text)


def _bind_problem(host: str, port: int, kind: socket.SocketKind) -> str | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    reasons: dict[int | None, str] = {
        errno.EADDRINUSE: "is used by another program",
        errno.EACCES: "is reserved for the system (below 1024 a node needs CAP_NET_BIND_SERVICE)",
        errno.EADDRNOTAVAIL: f"cannot be opened: this machine has no address {host}",
    }
    try:
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return reasons.get(error.errno, f"cannot be opened: {error.strerror}")
    return None


def _split(error: Exception) -> tuple[str, str]:
    """What is wrong, and what to do."""
    return (error.message, error.action) if isinstance(error, StartupError) else (str(error), "")
