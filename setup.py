"""Compiles `media_ext`; what is Python, and what travels as data, is said in pyproject.toml.

`PBX_DEBUG_BUILD=1` turns bounds checks and the address and undefined-behaviour sanitizers on, `PBX_DEBUG_BUILD=thread`
the thread sanitizer; `python -m tests.media.sanitized` runs the audio tests on such builds, made beside this one.
`PBX_WITHOUT="opus speexdsp"` builds as if these libraries were not there.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

if sys.maxsize < 2**32:
    sys.exit(
        f"Bellwire needs a 64-bit system; this Python is a 32-bit one ({platform.machine()}). On a Raspberry Pi 3, 4\n"
        "or 5, install the 64-bit Raspberry Pi OS: the Raspberry Pi Imager calls it “Raspberry Pi OS (64-bit)”."
    )
if sys.platform != "linux":
    sys.exit("Bellwire runs on Linux: its audio engine is made of epoll, io_uring and recvmmsg")

DEBUG = os.environ.get("PBX_DEBUG_BUILD", "0") or "0"
if DEBUG not in ("0", "1", "thread"):
    sys.exit(f"PBX_DEBUG_BUILD is 1 or thread, not {DEBUG}")
CHECKED = DEBUG == "1"
SANITIZERS = {"0": "", "1": "address,undefined", "thread": "thread"}[DEBUG]

# The one table of Cython directives. The kernels check bounds themselves; the debug build checks that they do.
DIRECTIVES = {
    "language_level": "3",
    "boundscheck": CHECKED,
    "wraparound": False,
    "initializedcheck": CHECKED,
    "nonecheck": CHECKED,
    "cdivision": True,
    "embedsignature": False,
    "binding": False,
}

RELEASE_FLAGS = ["-O3", "-g0", "-fno-plt", "-fvisibility=hidden"]
DEBUG_FLAGS = ["-O1", "-g", f"-fsanitize={SANITIZERS}", "-fno-omit-frame-pointer"]
WARNINGS = ["-Wall", "-Wno-unused-function", "-Werror=overflow"]
COMPILE = [*(DEBUG_FLAGS if SANITIZERS else RELEASE_FLAGS), "-std=gnu11", *WARNINGS]
# Each module depends on no more of the libraries than it calls.
LINK = ["-Wl,--as-needed", *([f"-fsanitize={SANITIZERS}"] if SANITIZERS else ["-Wl,-s", "-Wl,-O1"])]

# What a module links, by pkg-config's names. Every module sees all their headers: .pxd files name types of theirs.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "seal": ("libcrypto",),
    "srtp": ("libcrypto",),
    "srtp_keys": ("libcrypto",),
}


def ask_pkg_config(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603  the arguments are those of the tables here
            ["pkg-config", *arguments],  # noqa: S607  the build's own PATH is the one to use
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        sys.exit("pkg-config is missing; pbx/deploy/system-packages.sh installs what building takes")


def pkg_config(option: str, names: tuple[str, ...]) -> list[str]:
    """What pkg-config answers about these libraries, as arguments for the compiler."""
    if not names:
        return []
    found = ask_pkg_config(option, *names)
    if found.returncode:
        sys.exit(f"{found.stderr}pbx/deploy/system-packages.sh installs what building takes")
    return found.stdout.split()


HEADERS = pkg_config("--cflags", tuple(sorted({name for names in LIBRARIES.values() for name in names})))

# Codecs' libraries, and the macro that tells the C code that one is there. Without it, what needs it is built all the
# same, and refuses when asked.
OPTIONAL = {
    "opus": "HAVE_OPUS",
    "speexdsp": "HAVE_SPEEXDSP",
    "liburing >= 2.3": "HAVE_LIBURING",
}


def present(name: str) -> bool:
    """Whether there is such a library, and it was not asked to be left out."""
    wanted = name.split(maxsplit=1)[0] not in os.environ.get("PBX_WITHOUT", "").split()
    return wanted and ask_pkg_config("--exists", name).returncode == 0


for name, macro in OPTIONAL.items():
    if present(name):
        COMPILE += [f"-D{macro}", *pkg_config("--cflags", (name,))]
        LINK += pkg_config("--libs", (name,))
    else:
        print(f"media_ext: built without {name}")

SOURCES = sorted(Path("media_ext").glob("*.pyx"))


def extension(source: Path) -> Extension:
    """One module of the engine."""
    return Extension(
        f"media_ext.{source.stem}",
        [str(source)],
        include_dirs=["media_ext/src"],
        depends=[str(header) for header in sorted(Path("media_ext").glob("src/*.h"))],
        extra_compile_args=[*COMPILE, *HEADERS],
        extra_link_args=[*LINK, *pkg_config("--libs", LIBRARIES.get(source.stem, ()))],
        define_macros=[("_GNU_SOURCE", None)],
    )


setup(
    ext_modules=cythonize(
        [extension(source) for source in SOURCES],
        compiler_directives=DIRECTIVES,
        build_dir="build/debug-c" if CHECKED else "build/c",
        annotate=False,
        quiet=True,
    )
)
