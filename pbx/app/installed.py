"""What was installed: the version of the program, and the built admin site that came with it."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

__all__ = ["BUILT_SITE", "program_version"]

BUILT_SITE = Path(__file__).parents[1] / "web"
NAME = "bellwire"


@cache
def program_version() -> str:
    """The installed version; "dev" in a source tree that was never installed.

    It is in the name of the folder that every installer makes (`NAME-VERSION.dist-info`); `importlib.metadata` looks
    there, too, and brings mail and archives into memory with it, 1.4 MB.
    """
    for folder in sys.path:
        for found in Path(folder).glob(f"{NAME}-*.dist-info"):
            return found.name.removesuffix(".dist-info").partition("-")[2]
    return "dev"
