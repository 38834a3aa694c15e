"""A node that was installed, not built here: the same as `Node`, with a program of its own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.live.node import Node, environment

__all__ = ["InstalledNode"]


@dataclass
class InstalledNode(Node):
    """`program` is its `pbx`; it runs outside the source tree, with nothing in PATH that compiles."""

    program: Path = field(default_factory=Path)
    prefix: tuple[str, ...] = ()

    def command(self) -> list[str]:
        ours = super().command()
        return [*self.prefix, str(self.program), *ours[3:]]

    def bare(self) -> dict[str, str]:
        """The environment without what would find the sources or a compiler."""
        kept = {key: value for key, value in environment().items() if key not in ("PYTHONPATH", "PATH")}
        return kept | {"PATH": str(self.program.parent)}

    def cli(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [*self.prefix, str(self.program), *words, "--data-dir", str(self.data)]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.bare(),
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
        )

    def spawn(self) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "node.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env=self.bare() | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self.process
