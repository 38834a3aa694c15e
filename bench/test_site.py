"""How smoothly a flow of 300 nodes is drawn and 10,000 calls scroll, in Debian's Chromium without a graphics card."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from pytest_benchmark.fixture import BenchmarkFixture

from bench.conftest import Runner
from bench.figure import Figure, measure, record
from pbx.model.kinds import FLOW
from tests.site import media_scene
from tests.site.large_flow import large_flow
from tests.site.media_stage import MediaStage
from tests.site.script import NODE_BIN, need_browser
from tests.site.stage import staged

CALLS = 10_000
NODES = 300
HERE = Path(__file__).parent


async def browsed(script: str, url: str) -> dict[str, Any]:
    """What a browser script of this folder found: the JSON in its last line."""
    node = str(NODE_BIN) if NODE_BIN.exists() else "node"
    process = await asyncio.create_subprocess_exec(
        node, str(HERE / script), url, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    found: dict[str, Any] = json.loads(printed.decode().splitlines()[-1])
    return found


async def drawn(folder: Path) -> dict[str, Any]:
    async with staged(folder) as stage:
        await stage.extension("101", "Alice Morgan")
        await stage.deps.records.apply([(FLOW, large_flow(NODES))])
        return await browsed("canvas.mjs", stage.setup_url)


def test_flow_of_300_nodes(benchmark: BenchmarkFixture, run: Runner, tmp_path: Path) -> None:
    need_browser()
    found = measure(benchmark, lambda: run(drawn(tmp_path)))
    assert found["nodes"] == NODES
    how = f"headless Chromium without a GPU beside the node on the same 2 cores, {NODES} nodes, {found['wires']} wires"
    record(
        benchmark,
        *(
            Figure(
                title=f"Site: frames of a large flow, {name}",
                value=found[name]["frames_per_s"],
                unit="frames/s",
                target=50,
                better="higher",
                how=f"{how}; the page's thread is busy {found[name]['busy_ms_per_frame']:.1f} ms a frame",
            )
            for name in ("mouse over it", "panning, near", "panning, everything", "dragging, everything")
        ),
    )


async def scrolled(folder: Path) -> dict[str, Any]:
    media = MediaStage(folder)
    async with staged(folder, furnish=media.furnish) as stage:
        await media_scene.furnished(stage, media)
        await media_scene.long_past(stage, CALLS)
        return await browsed("scrolling.mjs", stage.setup_url)


def test_history_of_10_000_calls(benchmark: BenchmarkFixture, run: Runner, tmp_path: Path) -> None:
    need_browser()
    found = measure(benchmark, lambda: run(scrolled(tmp_path)))
    assert found["total"] > CALLS
    assert found["rows_drawn"] < 100
    wheel, bar = found["wheel"], found["bar"]
    how = (
        f"headless Chromium without a GPU beside the node on the same 2 cores, {found['total']} calls, "
        f"{found['rows_drawn']} rows drawn"
    )
    record(
        benchmark,
        Figure(
            title="Site: work for one frame while the history scrolls by wheel",
            value=wheel["busy_ms_per_frame"],
            unit="ms",
            target=16.7,
            how=f"{how}; 5,000 pixels a second; CPU time of the page's thread; frames came {wheel['frames_per_s']:.0f} "
            f"a second, p95 after {wheel['p95_ms']:.0f} ms",
        ),
        Figure(
            title="Site: work for one frame while the scroll bar is dragged from end to end",
            value=bar["busy_ms_per_frame"],
            unit="ms",
            target=16.7,
            how=f"{how}; in 6 s; frames came {bar['frames_per_s']:.0f} a second, p95 after {bar['p95_ms']:.0f} ms",
        ),
    )
