"""What it costs to be seen by many, and for long."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from tests.bench import counter
from tests.bench.measure import SETTLED_AFTER, Figures, cpu_seconds, memory
from tests.bench.subjects import ROOT
from tests.sidecar import Fujita, sidecar

VISIT = 2.0
"""Seconds that somebody looks at a log before the next one does."""
PRINTS = "import itertools, time\nfor n in itertools.count(): print('line', n, flush=True); time.sleep(0.05)"


async def status_changes(folder: Path, clients: int, restarts: int) -> Figures:
    """What it costs to tell so many pages that a project was restarted."""
    async with sidecar(folder, f"projects: {{one: {{directory: {ROOT}, command: [sleep, '1000']}}}}") as running:
        await running.until_state("one", "running")
        held = [await asyncio.to_thread(counter.connected, running.port, "/api/status/stream") for _ in range(clients)]
        await asyncio.sleep(SETTLED_AFTER)
        before = cpu_seconds(running.pid)
        for _ in range(restarts):
            await running.post("/api/projects/one/stop")
            await running.until_state("one", "stopped")
            await running.post("/api/projects/one/start")
            await running.until_state("one", "running")
        cpu = cpu_seconds(running.pid) - before
        for sock in held:
            sock.close()
        return {"CPU ms per restart": cpu * 1e3 / restarts}


async def long_day(folder: Path, seconds: float) -> Figures:
    """Ten projects that print 20 lines a second each, and five people who come and go."""
    command = json.dumps([sys.executable, "-uc", PRINTS])
    rows = "".join(f"  p{number}: {{directory: {ROOT}, command: {command}}}\n" for number in range(10))
    async with sidecar(folder, f"projects:\n{rows}") as running:
        people = [asyncio.create_task(come_and_go(running, f"p{number}")) for number in range(5)]
        await asyncio.sleep(seconds / 4)
        early, cpu = memory(running.pid), cpu_seconds(running.pid)
        await asyncio.sleep(seconds * 3 / 4)
        late, cpu = memory(running.pid), cpu_seconds(running.pid) - cpu
        for person in people:
            person.cancel()
        await asyncio.gather(*people, return_exceptions=True)
        return {
            "MiB": late,
            "MiB early": early,
            "% more": (late / early - 1) * 100,
            "% of a core": cpu / seconds / 0.75 * 100,
        }


async def come_and_go(running: Fujita, project: str) -> None:
    async def look() -> None:
        async with running.stream(f"/api/projects/{project}/log/stream") as records:
            async for _ in records:
                pass

    while True:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(look(), VISIT)
