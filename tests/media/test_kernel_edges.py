"""Kernels of G.711 and of the mixer at every length and place in memory, up to its very end; here and on 64-bit ARM."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from media_ext.codec_door import g711_names
from media_ext.processing_door import mix_kernel_names

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "media_ext" / "src"
CROSS, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"
CHECKED = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]


def compiled(compiler: str, folder: Path, *options: str) -> Path:
    program = folder / "kernel_edges"
    flags = ["-O2", "-g", "-std=gnu11", "-Wall", "-Wno-unused-function", f"-I{SOURCES}", *options]
    subprocess.run([compiler, *flags, "-o", str(program), str(HERE / "kernel_edges.c")], check=True)
    return program


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("cc", tmp_path_factory.mktemp("edges"))


@pytest.mark.parametrize("mixing", mix_kernel_names())
@pytest.mark.parametrize("coding", g711_names())
def test_no_kernel_goes_past_the_end(coding: str, mixing: str, program: Path) -> None:
    subprocess.run([str(program), coding, mixing], check=True, timeout=60)


@pytest.mark.skipif(shutil.which(CROSS) is None, reason=f"{CROSS} is missing (Debian: gcc-aarch64-linux-gnu)")
@pytest.mark.skipif(
    shutil.which(EMULATOR) is None, reason=f"{EMULATOR} is missing (Debian: qemu-user-static)"
)
def test_nor_does_one_on_arm(tmp_path: Path) -> None:
    """With the sanitizer of undefined behaviour, which has no opinion about memory."""
    foreign = compiled(CROSS, tmp_path, "-static", *CHECKED)
    for name in ("neon", "portable"):
        subprocess.run([EMULATOR, str(foreign), name, name], check=True, timeout=120)
