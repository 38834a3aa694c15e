"""The systemd unit has room for what the node is built for."""

from __future__ import annotations

import re
from pathlib import Path

from pbx.core.config import NodeConfig

ROOT = Path(__file__).parents[2]
UNIT = (ROOT / "pbx/deploy/bellwire.service").read_text()
GUIDE = (ROOT / "pbx/docs/guide/restart.md").read_text()
LONGEST_VARIABLE = 128 * 1024
"""execve(2), MAX_ARG_STRLEN: one variable has all names."""


def value(name: str) -> str:
    (found,) = re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)
    return str(found)


def test_the_socket_of_every_port_of_audio_can_be_kept() -> None:
    ports = range(NodeConfig().rtp_port_min, NodeConfig().rtp_port_max)
    room = int(value("FileDescriptorStoreMax"))
    assert len(ports) + 2 <= room < int(value("LimitNOFILE")) / 2
    assert room * len(f"rtp-{max(ports)}:") < LONGEST_VARIABLE


def test_the_guide_says_what_the_unit_says() -> None:
    (lines,) = re.findall(r"```ini\n\[Service\]\n(.*?)```", GUIDE, re.DOTALL)
    for line in lines.split():
        assert line in UNIT.splitlines(), line
