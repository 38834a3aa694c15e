"""How packets get in and out of the audio engine: which of the kernel's ways a setting means on this machine."""

from __future__ import annotations

from typing import Literal

from media_ext.workers import io_uring_refusal
from pbx.core.errors import StartupError

__all__ = ["LoopSetting", "io_uring_refusal", "loop_for"]

LoopSetting = Literal["auto", "io_uring", "epoll"]

AUTO: Literal["io_uring", "epoll"] = "epoll"
"""No run had io_uring ahead (docs/decisions.md), and epoll is known to work on every kernel."""


def loop_for(setting: LoopSetting) -> Literal["io_uring", "epoll"]:
    """The loop that a setting means on this machine. Raises `StartupError` for one that cannot be had."""
    wanted = AUTO if setting == "auto" else setting
    if wanted == "io_uring" and (refusal := io_uring_refusal()):
        if setting == "auto":
            return "epoll"
        raise StartupError(f"--rtp-loop io_uring: {refusal}", action="Choose --rtp-loop auto")
    return wanted
