"""Ports of servers that the tests start."""

from __future__ import annotations

import socket
import subprocess
import time

__all__ = ["free_port", "wait_for"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], tries: int = 1200) -> None:
    """Until it answers; raises when it has ended, or after a minute."""
    for _ in range(tries):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the server has ended"
        time.sleep(0.05)
    raise AssertionError("the server does not answer")
