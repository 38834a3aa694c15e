"""PCMU and PCMA: bit-exact with G.711 on every input, whichever kernels do the work, on this processor and on ARM."""

from __future__ import annotations

import shutil
import subprocess
from array import array
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_ext.codec_door import g711_decode, g711_encode, g711_names
from tests.oracles.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw

HERE = Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "media_ext" / "src"
LAWS = ("ulaw", "alaw")
ALL_CODES = bytes(range(256))
ALL_SAMPLES = array("h", range(-32768, 32768)).tobytes()
SIZES = (*range(68), 159, 160, 161, 960, 2880)
ENCODE: dict[str, Callable[[int], int]] = {"ulaw": encode_ulaw, "alaw": encode_alaw}
DECODE: dict[str, Callable[[int], int]] = {"ulaw": decode_ulaw, "alaw": decode_alaw}

laws = pytest.mark.parametrize("law", LAWS)
kernels = pytest.mark.parametrize("kernels", g711_names())


@cache
def all_decoded(law: str) -> bytes:
    return array("h", (DECODE[law](code) for code in ALL_CODES)).tobytes()


@cache
def all_encoded(law: str) -> bytes:
    return bytes(ENCODE[law](sample) for sample in range(-32768, 32768))


@laws
@kernels
def test_every_code_decodes_to_the_middle_of_its_step(law: str, kernels: str) -> None:
    assert g711_decode(law, ALL_CODES, kernels) == all_decoded(law)


@laws
@kernels
def test_every_sample_encodes_as_the_standard_says(law: str, kernels: str) -> None:
    assert g711_encode(law, ALL_SAMPLES, kernels) == all_encoded(law)


@laws
@kernels
def test_a_decoded_code_encodes_to_itself(law: str, kernels: str) -> None:
    """All but µ-law's second zero, which becomes the first."""
    again = g711_encode(law, g711_decode(law, ALL_CODES, kernels), kernels)
    assert [code for code in ALL_CODES if again[code] != code] == ([0x7F] if law == "ulaw" else [])


def test_values_printed_in_the_recommendation() -> None:
    """G.711 tables 1a and 2a, of 4096 and 8159 units, at 16 bits: the top, the first steps, the sign."""
    assert array("h", g711_decode("alaw", bytes([0x80 ^ 0x55 ^ 0x7F, 0x80 ^ 0x55])))[:].tolist() == [
        4032 * 8,
        8,
    ]
    assert array("h", g711_decode("ulaw", bytes([0x80, 0xFF, 0xFE, 0x00]))).tolist() == [
        8031 * 4,
        0,
        8,
        -8031 * 4,
    ]


@laws
@kernels
@pytest.mark.parametrize("size", SIZES)
def test_any_length_is_done_to_its_end_and_no_further(law: str, kernels: str, size: int) -> None:
    samples = ALL_SAMPLES[60_000 : 60_000 + 2 * size]
    codes = all_encoded(law)[30_000 : 30_000 + size]
    assert g711_encode(law, samples, kernels) == codes
    expected = array("h", (DECODE[law](code) for code in codes)).tobytes()
    assert g711_decode(law, codes, kernels) == expected


@given(st.sampled_from(LAWS), st.binary(max_size=400))
def test_kernels_agree_on_any_codes(law: str, codes: bytes) -> None:
    assert len({g711_decode(law, codes, name) for name in ("", *g711_names())}) == 1


@given(st.sampled_from(LAWS), st.lists(st.integers(-32768, 32767), max_size=400))
def test_kernels_agree_on_any_samples(law: str, samples: list[int]) -> None:
    pcm = array("h", samples).tobytes()
    assert len({g711_encode(law, pcm, name) for name in ("", *g711_names())}) == 1


def test_sox_decodes_the_same(tmp_path: Path) -> None:
    if shutil.which("sox") is None:
        pytest.skip("sox is not installed")
    for law, form in (("ulaw", "ul"), ("alaw", "al")):
        (tmp_path / "codes").write_bytes(ALL_CODES)
        options = ["-t", form, "-r", "8000", "-c", "1", str(tmp_path / "codes"), "-t", "s16", "-"]
        run = subprocess.run(["sox", "-D", *options], capture_output=True, check=True)
        assert run.stdout == g711_decode(law, ALL_CODES)


# ------------------------------------------------------------------------------------------------ on ARM, emulated

CROSS, EMULATOR = "aarch64-linux-gnu-gcc", "qemu-aarch64-static"


@pytest.fixture(scope="session")
def arm_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kernels for 64-bit ARM."""
    if shutil.which(CROSS) is None or shutil.which(EMULATOR) is None:
        pytest.skip(f"{CROSS} or {EMULATOR} is missing (Debian: gcc-aarch64-linux-gnu, qemu-user-static)")
    program = tmp_path_factory.mktemp("arm") / "g711_program"
    source = str(HERE / "g711_program.c")
    options = ["-O2", "-std=gnu11", "-Wall", "-Werror", "-Wno-unused-function", "-static", f"-I{SOURCES}"]
    subprocess.run([CROSS, *options, "-o", str(program), source], check=True)
    return program


@pytest.fixture
def on_arm(arm_program: Path) -> Callable[[str, str, int, bytes], bytes]:
    def run(kernels: str, operation: str, chunk: int, data: bytes) -> bytes:
        command = [EMULATOR, str(arm_program), kernels, operation, str(chunk)]
        return subprocess.run(command, input=data, capture_output=True, check=True, timeout=60).stdout

    return run


@laws
@pytest.mark.parametrize("name", ["neon", "portable"])
@pytest.mark.parametrize("chunk", [65_536, 17])
def test_arm_kernels_are_bit_exact(
    law: str, name: str, chunk: int, on_arm: Callable[[str, str, int, bytes], bytes]
) -> None:
    assert on_arm(name, f"{law}_encode", chunk, ALL_SAMPLES) == all_encoded(law)
    assert on_arm(name, f"{law}_decode", chunk, ALL_CODES) == all_decoded(law)


@laws
def test_arm_kernels_do_any_length(law: str, on_arm: Callable[[str, str, int, bytes], bytes]) -> None:
    for size in (1, 16, 31, 33, 159, 161):
        samples = ALL_SAMPLES[60_000 : 60_000 + 2 * size]
        codes = on_arm("neon", f"{law}_encode", size, samples)
        assert codes == g711_encode(law, samples, "portable")
        assert on_arm("neon", f"{law}_decode", size, codes) == g711_decode(law, codes, "portable")
