"""Look into the archives that `make release` built: is everything inside that a user needs, and nothing else?

python check_release.py dist
"""

from __future__ import annotations

import sys
import tarfile
import zipfile
from pathlib import Path

IN_WHEEL = (
    "pbx/web/index.html",
    "pbx/store/migrations/",
    "media_ext/engine.",
    "pbx/py.typed",
    "edge/ai/matcher.py",
)
IN_SDIST = (
    "pbx/web/index.html",
    "pbx/store/migrations/",
    "pbx/deploy/system-packages.sh",
    "pbx/deploy/Dockerfile",
    "pbx/deploy/bellwire.service",
    "pbx/deploy/debian/control.in",
    "media_ext/engine.pyx",
    "media_ext/types.pxd",
    "media_ext/src/",
    "site/package-lock.json",
    "site/src/",
    "tests/live/scenarios/call.xml",
    "Makefile",
    "LICENSE",
    "setup.py",
)
NOWHERE = ("node_modules/", "__pycache__/", "secret.key", ".sqlite3")


def main(folder: Path) -> int:
    """Exit status 1 when something is missing or too much; says what."""
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        wheel_names = archive.namelist()
    with tarfile.open(sdist) as tar:
        sdist_names = [name.partition("/")[2] for name in tar.getnames()]
    wrong = [f"{wheel.name} lacks {part}" for part in IN_WHEEL if not _has(wheel_names, part)]
    wrong += [f"{sdist.name} lacks {part}" for part in IN_SDIST if not _has(sdist_names, part)]
    wrong += [
        f"{wheel.name} has {name}" for name in wheel_names if name.startswith(("site/", "tests/", "bench/"))
    ]
    wrong += [
        f"an archive has {name}" for name in wheel_names + sdist_names for part in NOWHERE if part in name
    ]
    print("\n".join(wrong) or f"{wheel.name} and {sdist.name} are complete")
    return 1 if wrong else 0


def _has(names: list[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
