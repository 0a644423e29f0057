"""Ten minutes of everything at once, after which the sidecar is as it was: no descriptor, thread, process or memory
more, and no record lost but those that a gap names. FUJITA_SOAK says how many seconds else."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.abuse.wire import PING, PONG, alive, deaf, frame, python, stream, until
from tests.sidecar import Fujita, sidecar

SECONDS = float(os.environ.get("FUJITA_SOAK", 600))
WARMING_UP = 240.0
"""Seconds until every cache is full and every peak was met: from then on the memory stays as it is."""
RESTARTS = 200
DEAF_CLIENTS = 5
MEMORY = 1.10
"""How much of what it used after the warming up it may use at the end."""
CONFIG = """
projects:
  counter: {{directory: ., cache: 256 KiB, command: {counter}}}
  flood: {{directory: ., cache: 1 MiB, autostart: false, command: 'yes a line of the flood'}}
  site: {{directory: ., cache: 64 KiB, command: [sleep, '600'], commands: {{hello: [echo, hello]}}}}
  changing: {{directory: ., cache: 64 KiB, command: [sleep, '{number}']}}
  crashing: {{directory: ., cache: 64 KiB, command: 'exit 3', restart: never, autostart: false}}
"""
COUNTER = python("import time\nfor n in range(10**9): print('number', n, flush=True); time.sleep(0.005)")


@dataclass(frozen=True)
class Used:
    """What the sidecar holds while nothing special goes on."""

    descriptors: int
    threads: int
    processes: int
    memory: int

    @classmethod
    def by(cls, fujita: Fujita) -> Used:
        process = psutil.Process(fujita.pid)
        children = process.children(recursive=True)
        return cls(process.num_fds(), process.num_threads(), len(children), process.memory_info().rss)

    def rest(self) -> tuple[int, int, int]:
        return self.descriptors, self.threads, self.processes


@dataclass
class Reader:
    """Follows one log over any number of connections, and knows what is missing and why."""

    epoch: str = ""
    last: int = 0
    read: int = 0
    missed: int = 0

    async def follow(self, fujita: Fujita, name: str, seconds: float, *, rudely: bool) -> None:
        after = f"?after={self.epoch}:{self.last}" if self.epoch else ""
        async with stream(fujita, f"/api/projects/{name}/log/stream{after}") as client:
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                with suppress(asyncio.TimeoutError):
                    opcode, payload = await client.frame(left)
                    if opcode == PING:
                        await client.say(frame(PONG, payload))
                    else:
                        self._take(payload)
            client.hang_up(rudely=rudely)

    def _take(self, payload: bytes) -> None:
        for line in filter(None, payload.split(b"\n")):
            told = json.loads(line)
            if "hello" in told:
                assert self.epoch in ("", told["hello"]["epoch"])
                self.epoch = told["hello"]["epoch"]
            elif "gap" in told:
                assert told["gap"]["from"] == self.last + 1
                self.missed += told["gap"]["to"] - told["gap"]["from"] + 1
                self.last = told["gap"]["to"]
            elif "id" in told:
                assert told["id"] == self.last + 1, f"after {self.last} came {told['id']}, and no gap said so"
                self.last = told["id"]
                self.read += 1


class Soak:
    """The things that go on, each for ever; `restarts` counts those of the site."""

    def __init__(self, fujita: Fujita, pause: float) -> None:
        self.fujita = fujita
        self.restarts = 0
        self.counter, self.flood = Reader(), Reader()
        self._chance = random.Random(2013)
        self._pause = pause
        self._number = 600

    async def go_on(self, seconds: float, restarts: int = 0) -> None:
        """For so long, and on a busy machine until there were as many restarts."""
        work: tuple[Callable[[], Awaitable[None]], ...] = (
            self._restart, self._flood_and_stop, self._be_deaf, self._reload, self._run, self._crash,
            self._read_the_counter, self._read_the_flood, self._look,
        )  # fmt: skip
        end = time.monotonic() + seconds

        async def repeat(one: Callable[[], Awaitable[None]]) -> None:
            while time.monotonic() < end or self.restarts < restarts:
                await one()

        await asyncio.gather(*map(repeat, work))

    async def _restart(self) -> None:
        began = time.monotonic()
        before = (await self.fujita.status("site"))["pid"]
        await self.fujita.post("/api/projects/site/restart")
        await self.fujita.until("site", lambda status: status["state"] == "running" and status["pid"] != before)
        self.restarts += 1
        await asyncio.sleep(max(0.0, self._pause - (time.monotonic() - began)))

    async def _flood_and_stop(self) -> None:
        await self.fujita.post("/api/projects/flood/start")
        await self.fujita.until_state("flood", "running")
        await asyncio.sleep(self._chance.uniform(0, 2))
        await self.fujita.post(f"/api/projects/flood/{self._chance.choice(('stop', 'kill'))}")
        await self.fujita.until_state("flood", "stopped")
        await asyncio.sleep(1)

    async def _be_deaf(self) -> None:
        clients = [deaf(self.fujita, f"/api/projects/{name}/log/stream") for name in ("flood",) * DEAF_CLIENTS]
        await asyncio.sleep(self._chance.uniform(1, 5))
        for client in clients:
            client.close()

    async def _reload(self) -> None:
        self._number += 1
        self.fujita.write_config(CONFIG.format(counter=COUNTER, number=self._number))
        if self._chance.random() < 0.5:
            self.fujita.reload_by_signal()
        else:
            await self.fujita.post("/api/reload")
        await asyncio.sleep(self._chance.uniform(0, 4))

    async def _run(self) -> None:
        await self.fujita.ask("POST", "/api/projects/site/run", {"command": "hello"})
        await asyncio.sleep(self._chance.uniform(0, 2))

    async def _crash(self) -> None:
        await self.fujita.post("/api/projects/crashing/start")
        await self.fujita.until_state("crashing", "exited")
        await asyncio.sleep(self._chance.uniform(0, 2))

    async def _read_the_counter(self) -> None:
        await self._read(self.counter, "counter", 3)

    async def _read_the_flood(self) -> None:
        await self._read(self.flood, "flood", 10)

    async def _read(self, reader: Reader, name: str, at_most: float) -> None:
        await reader.follow(self.fujita, name, self._chance.uniform(0, at_most), rudely=self._chance.random() < 0.5)

    async def _look(self) -> None:
        async with stream(self.fujita, "/api/status/stream") as client:
            for _ in range(self._chance.randint(1, 20)):
                await client.frame()
        await self.fujita.log("counter")


async def at_rest(fujita: Fujita) -> Used:
    """What it holds once all is stopped that was started, and everybody has gone."""
    for name in ("flood", "crashing"):
        await fujita.post(f"/api/projects/{name}/kill")
        await fujita.until_state(name, "stopped")
    for name in ("counter", "site", "changing"):
        await fujita.until("site", lambda status: status["run"] is None)
        await fujita.until_state(name, "running")
    await asyncio.sleep(20)  # connections that are kept alive end after 15 s
    seen: list[tuple[int, int, int]] = []

    def settled() -> bool:
        seen.append(Used.by(fujita).rest())
        return len(seen) > 20 and len(set(seen[-20:])) == 1

    await until(settled, "it does not come to rest")
    return Used.by(fujita)


@pytest.mark.slow
async def test_after_ten_minutes_of_everything_it_is_as_it_was(tmp_path: Path) -> None:
    config = CONFIG.format(counter=COUNTER, number=600)
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until_state("counter", "running")
        soak = Soak(fujita, SECONDS / RESTARTS)
        async with alive(fujita):
            await soak.go_on(min(WARMING_UP, SECONDS))
        before = await at_rest(fujita)
        counter = await fujita.status("counter")
        soak.restarts = 0
        async with alive(fujita):
            await soak.go_on(SECONDS, RESTARTS if SECONDS >= 600 else 0)
        after = await at_rest(fujita)
        print(f"{SECONDS:.0f} s, {soak.restarts} restarts: {before} → {after}")
        print(f"counter: {soak.counter}, flood: {soak.flood}")
        assert after.rest() == before.rest()
        assert after.memory <= before.memory * MEMORY
        assert (await fujita.status("counter"))["pid"] == counter["pid"]
        for reader in (soak.counter, soak.flood):
            assert reader.read + reader.missed == reader.last > 0
