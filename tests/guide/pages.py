"""The pages of the guide: their links, the options they name, and the commands in their blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCS", "ELSEWHERE", "GUIDE", "Block", "blocks", "links", "pages"]

DOCS = Path(__file__).parents[2] / "pbx" / "docs"
GUIDE = DOCS / "guide"

_FENCE = re.compile(r"^( *)```(\w*)\s*\n(.*?)^ *```\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_SKIP = re.compile(r"<!-- not run: ([^>]+?) -->\s*$")

ELSEWHERE = (
    (
        r"\bsudo\b|\bapt(-get)? |\bsystemctl\b|\bjournalctl\b|\binstall\.sh\b|\bdpkg\b|\bupdate-ca",
        "changes the machine",
    ),
    (r"\bdocker\b|\bpodman\b", "needs containers"),
    (r"(?m)^ *make\b|\bgit clone\b|\bpip install\b|\bpipx\b", "builds or installs"),
    (r"\bpbx serve\b|\bpython3? -m (edge|mobile_push)\b", "runs until it is stopped"),
    (r"…|<[a-z][^>]*>|\bAC0|01J9", "has a placeholder"),
    (r"\bssh\b|\bscp\b|\brsync\b|/etc/|/mnt/|/media/", "is about another machine or its folders"),
)
"""What cannot be run in a test, by what stands in it: a pattern, and why."""


@dataclass(frozen=True, slots=True)
class Block:
    """The commands of one fenced block. `why_not`: why it is not run here; "" when it is."""

    page: str
    line: int
    text: str
    why_not: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    return sorted(GUIDE.glob("*.md"))


def blocks(path: Path) -> Iterator[Block]:
    """Those in the language of the shell. `<!-- not run: … -->` on the line before says why one is not run."""
    whole = path.read_text()
    for found in _FENCE.finditer(whole):
        if found[2] not in ("sh", "bash", "shell"):
            continue
        indent, text = found[1], found[3]
        text = "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))
        said = _SKIP.search(whole[: found.start()])
        why = said[1] if said else next((why for pattern, why in ELSEWHERE if re.search(pattern, text)), "")
        yield Block(path.name, whole.count("\n", 0, found.start()) + 1, text, why)


def links(path: Path) -> Iterator[str]:
    text = _FENCE.sub("", path.read_text())
    text = re.sub(r"`[^`\n]*`", "", text)
    for found in _LINK.finditer(text):
        yield found[1] or found[2]
