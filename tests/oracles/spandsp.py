"""SpanDSP's receiver of DTMF, through ctypes: written independently of the engine's."""

from __future__ import annotations

import ctypes
import ctypes.util

import pytest


def dtmf_digits(pcm: bytes) -> str:
    """The digits in 16-bit samples at 8 kHz; skips the test where there is no SpanDSP."""
    name = ctypes.util.find_library("spandsp")
    if name is None:
        pytest.skip("SpanDSP is not installed")
    library = ctypes.CDLL(name)
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
