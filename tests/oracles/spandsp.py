"""SpanDSP's receiver of DTMF and its G.722, through ctypes: written independently of the engine's."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from typing import Any

import pytest

G722_BITS_PER_S = 64_000
G722_SAMPLE_RATE_8000 = 1

Coder = Callable[[ctypes.Array[ctypes.c_char], bytes, int], int]


def spandsp() -> ctypes.CDLL:
    """Skips the test where it is not installed."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        pytest.skip("SpanDSP is not installed")
    return ctypes.CDLL(name)


def g722_coders(rate_hz: int) -> tuple[Coder, Coder]:
    """An encoder, (bytes out, samples in, their number), and a decoder, (samples out, bytes in, their number)."""
    library = spandsp()
    options = G722_SAMPLE_RATE_8000 if rate_hz == 8000 else 0
    return (
        coder(library.g722_encode_init, library.g722_encode, options),
        coder(library.g722_decode_init, library.g722_decode, options),
    )


def coder(begin: Any, work: Any, options: int) -> Coder:
    state = ctypes.create_string_buffer(4096)
    begin.restype, begin.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    work.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    begin(state, G722_BITS_PER_S, options)
    return lambda out, data, count: work(state, out, data, count)


def dtmf_digits(pcm: bytes) -> str:
    """The digits in 16-bit samples at 8 kHz; skips the test where there is no SpanDSP."""
    library = spandsp()
    library.dtmf_rx_init.restype = ctypes.c_void_p
    library.dtmf_rx_init.argtypes = [ctypes.c_void_p] * 3
    library.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    library.dtmf_rx_free.argtypes = [ctypes.c_void_p]
    state = library.dtmf_rx_init(None, None, None)
    room = ctypes.create_string_buffer(129)
    try:
        for at in range(0, len(pcm), 3200):
            piece = pcm[at : at + 3200]
            library.dtmf_rx(state, piece, len(piece) // 2)
        library.dtmf_rx_get(state, room, 128)
        return room.value.decode()
    finally:
        library.dtmf_rx_free(state)
