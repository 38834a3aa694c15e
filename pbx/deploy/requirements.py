"""Print the Python packages that a target needs, one a line, from pyproject.toml.

    python requirements.py run|speech|test …

`run` names the runtime and build requirements, the other words are extras or dependency groups (PEP 735). Every
Debian's pip understands the result, whereas `pip install --group` needs a newer one than Debian 12 ships.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def requirements(words: list[str]) -> list[str]:
    """The requirement lines for these words, sorted and without repetition."""
    with PYPROJECT.open("rb") as file:
        project = tomllib.load(file)
    lines = set(project["project"]["dependencies"]) | set(project["build-system"]["requires"])
    groups = project["dependency-groups"] | project["project"].get("optional-dependencies", {})
    for word in words:
        if word != "run":
            lines.update(groups[word])
    return sorted(lines)


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:])))
