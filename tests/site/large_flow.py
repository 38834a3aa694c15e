"""A flow of 300 nodes, for the bench of the canvas: `python -m tests.site.large_flow [NODES]` serves it as flow 599."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from pbx.model.flow import Flow
from pbx.model.kinds import FLOW
from tests.site.stage import staged

KINDS: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("say", {"text": "One moment, please."}, ("done",)),
    ("extension", {"extension": "101"}, ("no_answer", "busy", "unreachable")),
    (
        "menu",
        {"choices": [{"keys": "1", "name": "Sales"}, {"keys": "2", "name": "Service"}]},
        ("1", "2", "timeout", "invalid"),
    ),
    ("set_value", {"values": [{"name": "seen", "value": "yes"}]}, ("next",)),
)


def large_flow(nodes: int) -> Flow:
    """Every node leads to the next one, and by its other exits to some further away."""
    drawn: dict[str, Any] = {"start": {"type": "inbound_number"}}
    wires: dict[str, dict[str, str]] = {"start": {"next": "n1"}}
    for index in range(1, nodes):
        kind, parameters, exits = KINDS[index % len(KINDS)]
        drawn[f"n{index}"] = {
            "type": kind,
            "parameters": parameters,
            "x": index % 20 * 320,
            "y": index // 20 * 260,
        }
        targets = [f"n{(index + 1 + turn * 7) % nodes or 1}" for turn in range(len(exits))]
        wires[f"n{index}"] = dict(zip(exits, targets, strict=True))
    return msgspec.convert(
        {"number": "599", "name": "Large", "entry": "start", "nodes": drawn, "wires": wires}, Flow
    )


async def main(nodes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with staged(Path(folder)) as stage:
            await stage.extension("101", "Alice Morgan")
            await stage.deps.records.apply([(FLOW, large_flow(nodes))])
            print(stage.setup_url, flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
