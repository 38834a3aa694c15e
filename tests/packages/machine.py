"""A Debian of its own that boots: `mmdebstrap` makes it, `systemd-nspawn` starts it, on this machine's network."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Machine", "booted", "can_boot"]

RELEASE = "bookworm"
INSIDE = "systemd,systemd-sysv,dbus,ca-certificates"


@dataclass(frozen=True, slots=True)
class Machine:
    """One that has booted. `leader` is its first process, as this machine numbers it."""

    root: Path
    leader: int

    def run(self, *words: str, check: bool = True, timeout_s: float = 600) -> str:
        """A command in it, as root; what it said."""
        command = ["nsenter", "-t", str(self.leader), "-a", "env", "DEBIAN_FRONTEND=noninteractive", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
        if check and done.returncode:
            raise RuntimeError(
                f"{' '.join(words)} exited {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        return done.stdout + done.stderr


def can_boot() -> str:
    """Why not; "" where it can."""
    missing = [tool for tool in ("mmdebstrap", "systemd-nspawn", "nsenter") if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def make(root: Path) -> None:
    """The smallest Debian that boots, from the mirror that this machine uses."""
    command = ["mmdebstrap", "--variant=minbase", f"--include={INSIDE}", RELEASE, str(root)]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")


@contextlib.contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """Make it if it is not there, and start it; it stops in the end."""
    if not (root / "etc/os-release").exists():
        make(root)
    with (root.parent / "boot.log").open("ab") as log:
        process = subprocess.Popen(
            ["systemd-nspawn", "-q", "-b", "-D", str(root), "--register=no", "--keep-unit"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Machine(root, _leader(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _leader(parent: int) -> int:
    """Its process 1, once it has started what belongs to a running system."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for child in children:
            command = ["nsenter", "-t", child, "-a", "systemctl", "is-system-running"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
            if done.stdout.strip() in ("running", "degraded"):
                return int(child)
        time.sleep(0.5)
    raise TimeoutError("the machine did not boot")
