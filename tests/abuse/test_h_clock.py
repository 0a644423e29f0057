"""Clocks that jump and machines that sleep: what is timed goes by the monotonic clock, and nobody is dropped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.abuse.wire import living, python
from tests.cli.command import started
from tests.sidecar import PATIENCE, Fujita, Json, sidecar

FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
JUMPS = ("-1h", "+1d", "-10y", "+0")
COUNTER = "import time\nfor n in range(10**6): print('number', n, flush=True); time.sleep(0.02)"
SLEEP = 70
"""Seconds: longer than a ping and its answer may take together."""


def set_clock(file: Path, to: str) -> None:
    """What libfaketime adds to the clock of who is told to look into `file`."""
    new = file.with_suffix(".new")
    new.write_text(f"{to}\n")
    new.rename(file)


@pytest.mark.slow
@pytest.mark.skipif(FAKETIME is None, reason="Debian's faketime is not installed")
async def test_a_clock_that_jumps_changes_no_wait_drops_no_client_and_loses_no_process(tmp_path: Path) -> None:
    clock = tmp_path / "clock"
    set_clock(clock, "+0")
    faked = {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    config = (
        "defaults: {environment: {LD_PRELOAD: ''}}\nprojects:\n"
        f"  counter: {{directory: ., command: {python(COUNTER)}}}\n"
        "  deaf: {directory: ., command: \"trap '' TERM; echo ready; while :; do sleep 0.05; done\", stop_timeout: 1}\n"
        + "".join(
            f"  flop{number}: {{directory: ., command: 'exit 3', restart: always, autostart: false}}\n"
            for number in range(len(JUMPS))
        )
    )
    async with sidecar(tmp_path, config, environment=faked) as fujita:
        counter = await fujita.until_state("counter", "running")
        async with fujita.stream("/api/projects/counter/log/stream") as told:
            seen = [await record(told)]
            for number, jump in enumerate(JUMPS):
                await fujita.until_state("deaf", "running")
                deaf = (await fujita.status("deaf"))["pid"]
                set_clock(clock, jump)
                await asyncio.wait_for(until_it_jumped(told, jump), PATIENCE)
                begun = time.monotonic()
                await fujita.post("/api/projects/deaf/stop")
                await fujita.until_state("deaf", "stopped")
                assert time.monotonic() - begun < PATIENCE / 2
                assert living([deaf]) == []
                await fujita.post("/api/projects/deaf/start")
                await fujita.post(f"/api/projects/flop{number}/start")
                await fujita.until(f"flop{number}", lambda status: status["restarts"] == 2)
                status = await fujita.status("counter")
                assert (status["pid"], status["state"]) == (counter["pid"], "running")
            ids = [one["id"] for one in seen]
            while len(ids) < 3:
                ids.append((await record(told))["id"])
        await follows_on(fujita)
        await fujita.post("/api/projects/counter/stop")
        await fujita.until_state("counter", "stopped")
        assert living([counter["pid"]]) == []


async def record(told: AsyncIterator[Json]) -> Json:
    async for one in told:
        assert "gap" not in one
        if "id" in one:
            return dict(one)
    raise AssertionError("the stream ended")


async def until_it_jumped(told: AsyncIterator[Json], jump: str) -> None:
    while abs((await record(told))["time"] - faked_now(jump)) > 60:
        pass


def faked_now(jump: str) -> float:
    units = {"h": 3600, "d": 86400, "y": 365 * 86400, "0": 0}
    return time.time() + int(jump[:-1] or 0) * units[jump[-1]] if jump != "+0" else time.time()


async def follows_on(fujita: Fujita) -> None:
    """All ids are there, once each, whatever the clock said when they were given."""
    lines = (await fujita.ask("GET", "/api/projects/counter/log?format=ndjson")).body.decode().split("\n")
    ids = [json.loads(line)["id"] for line in lines if line]
    assert ids == list(range(ids[0], ids[0] + len(ids)))


@pytest.mark.slow
async def test_a_box_that_was_suspended_goes_on_with_the_same_processes_and_followers_miss_nothing(
    tmp_path: Path,
) -> None:
    config = f"projects: {{one: {{directory: ., command: {python(COUNTER)}}}}}"
    async with sidecar(tmp_path, config) as fujita:
        before = await fujita.until_state("one", "running")
        async with started("logs", "-f", "--json", "one", at=fujita) as follower:
            assert follower.stdout
            numbers: list[int] = []

            async def follow(until: int) -> None:
                while not numbers or numbers[-1] < until:
                    assert follower.stdout
                    for line in json.loads(await follower.stdout.readline())["text"].splitlines():
                        if line.startswith("number "):
                            numbers.append(int(line.split()[1]))

            await asyncio.wait_for(follow(50), PATIENCE)
            os.kill(fujita.pid, signal.SIGSTOP)
            await asyncio.sleep(SLEEP)
            os.kill(fujita.pid, signal.SIGCONT)
            await asyncio.wait_for(follow(numbers[-1] + 50 * SLEEP), 2 * PATIENCE)
            assert numbers == list(range(len(numbers)))
        after = await fujita.status("one")
        assert (after["pid"], after["state"], after["restarts"]) == (before["pid"], "running", 0)
