"""Compiles `media_ext`; what is Python, and what travels as data, is said in pyproject.toml.

`PBX_DEBUG_BUILD=1` turns bounds checks and the address and undefined-behaviour sanitizers on; `python -m
tests.media.sanitized` makes such a build beside this one and runs the audio tests on it.
"""
from __future__ import annotations

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

DEBUG = os.environ.get("PBX_DEBUG_BUILD", "") not in {"", "0"}

# The one table of Cython directives. The kernels check bounds themselves; the debug build checks that they do.
DIRECTIVES = {
    "language_level": "3",
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": DEBUG,
    "cdivision": True,
    "embedsignature": False,
    "binding": False,
}

RELEASE_FLAGS = ["-O3", "-g0", "-fno-plt", "-fvisibility=hidden"]
DEBUG_FLAGS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-omit-frame-pointer"]
WARNINGS = ["-Wall", "-Wno-unused-function", "-Werror=overflow"]
COMPILE = [*(DEBUG_FLAGS if DEBUG else RELEASE_FLAGS), "-std=gnu11", *WARNINGS]
LINK = ["-fsanitize=address,undefined"] if DEBUG else ["-Wl,-s", "-Wl,-O1"]

SOURCES = sorted(Path("media_ext").glob("*.pyx"))


def extension(source: Path) -> Extension:
    """One module of the engine."""
    return Extension(
        f"media_ext.{source.stem}",
        [str(source)],
        include_dirs=["media_ext/src"],
        depends=[str(header) for header in sorted(Path("media_ext").glob("src/*.h"))],
        extra_compile_args=COMPILE,
        extra_link_args=LINK,
        define_macros=[("_GNU_SOURCE", None)],
    )


setup(
    ext_modules=cythonize(
        [extension(source) for source in SOURCES],
        compiler_directives=DIRECTIVES,
        build_dir="build/debug-c" if DEBUG else "build/c",
        annotate=False,
        quiet=True,
    )
)
