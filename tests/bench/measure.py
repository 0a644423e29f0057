"""One measurement each: a subject is started, told to print, and read by counters. Figures are numbers by name."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests import djangos
from tests.bench import ceiling, counter
from tests.bench.printer import THE_END
from tests.bench.subjects import ROOT, SUBJECTS, Subject, fujita, started
from tests.conftest import PROJECTS
from tests.sidecar import PATIENCE, Fujita, free_port, sidecar

Figures = dict[str, float]
SETTLED_AFTER = 2.5
"""Seconds after which what follows a start is over."""


class Counter:
    """A process of `counter.py`, ready; `result` waits until it has counted what it was told to expect."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def result(self) -> dict[str, Any]:
        out, _ = await self._process.communicate(b"" if self._process.stdin else None)  # closes it
        return dict(json.loads(out.splitlines()[-1]))


async def counting(subject: Subject, clients: int, lines: int, how: str = "") -> Counter:
    how = how or subject.how
    argv = [sys.executable, "-m", "tests.bench.counter", how, str(clients), str(lines), str(subject.port), subject.path]
    stdin = subject.stdin.stdout if subject.stdin else asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdin=stdin, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    if how != "replay":
        assert await asyncio.wait_for(process.stdout.readline(), PATIENCE) == b"ready\n"
    return Counter(process)


async def flood(folder: Path, name: str, clients: int, lines: int, way: str = "blocks") -> Figures:
    """So many lines, printed as fast as they are taken."""
    async with SUBJECTS[name](folder, clients) as subject:
        counter = await counting(subject, clients, lines)
        before, start = cpu_seconds(subject.pid), time.monotonic()
        subject.order(way, lines)
        result = await counter.result()
        cpu = cpu_seconds(subject.pid) - before
        return {
            "lines/s": result["lines"] / (result["end"] - start),
            "CPU s per 1e6 lines": cpu / lines * 1e6,
            "frames": result["frames"],
            "lost": clients * lines - result["lines"],
        }


async def delays(folder: Path, name: str, clients: int, lines: int, way: str = "paced") -> Figures:
    """From the print to the arrival at each client."""
    async with SUBJECTS[name](folder, clients) as subject:
        counter = await counting(subject, clients, lines)
        subject.order(way, lines)
        result = await counter.result()
        median, p99 = result["delay"] or (0.0, 0.0)
        return {"ms median": median, "ms p99": p99, "lost": clients * lines - result["lines"]}


async def replay(folder: Path, name: str, lines: int, way: str) -> Figures:
    """A full cache to a new client, from the handshake on; the ceiling has the same bytes framed already."""
    async with fujita(folder, 1) as subject:
        counter = await counting(subject, 1, lines)
        subject.order(way, lines)
        await counter.result()
        if name == "fujita":
            return replayed(await (await counting(subject, 1, lines, "replay")).result(), lines)
        assert subject.fujita
        stored = folder / "stored"
        stored.write_bytes((await subject.fujita.ask("GET", "/api/projects/printer/log?format=ndjson")).body)
    argv = [sys.executable, "-m", ceiling.__name__, "1", str(stored)]
    with started(argv, stdout=asyncio.subprocess.PIPE) as program:
        assert program.stdout
        bare = Subject(program.pid, "replay", folder, int(program.stdout.readline()))
        return replayed(await (await counting(bare, 1, lines, "replay")).result(), lines)


def replayed(result: dict[str, Any], lines: int) -> Figures:
    return {"ms": (result["end"] - result["start"]) * 1e3, "lost": lines - result["lines"]}


async def stalled(folder: Path, lines: int, stalling: int) -> Figures:
    """A reading client beside `stalling` that read nothing."""
    async with fujita(folder, 1) as subject:
        sockets = [
            await asyncio.to_thread(counter.connected, subject.port, subject.path, True) for _ in range(stalling)
        ]
        reading = await counting(subject, 1, lines)
        start = time.monotonic()
        subject.order("blocks", lines)
        result = await reading.result()
        for sock in sockets:
            sock.close()
        return {"lines/s": lines / (result["end"] - start), "lost": lines - result["lines"]}


async def idle_clients(folder: Path, clients: int) -> Figures:
    """What clients cost that read what there is and then wait."""
    async with fujita(folder, 1) as subject:
        warm = await counting(subject, 10, 0)
        await warm.result()
        before = memory(subject.pid)
        held = await counting(subject, clients, 0)
        after = memory(subject.pid)
        await held.result()
        return {"KiB per idle client": (after - before) * 1024 / clients}


async def after_a_flood(folder: Path, lines: int) -> Figures:
    """Memory of a sidecar with one project and the usual cache, through which much has gone."""
    async with fujita(folder, 1, cache="8 MiB") as subject:
        held = await counting(subject, 1, 0)
        before = memory(subject.pid)
        assert subject.fujita
        subject.order("blocks", lines)
        await subject.fujita.until_log("printer", THE_END.decode())
        await held.result()
        return {"MiB": memory(subject.pid), "MiB before": before}


async def at_rest(folder: Path, projects: int, seconds: float, watching: bool = False) -> Figures:
    """Projects that print nothing."""
    command = "'exit 3'" if watching else "[sleep, '1000']"
    rows = [f"idle{number}: {{directory: {folder}, command: {command}}}" for number in range(projects)]
    async with idle_sidecar(folder, rows, "exited" if watching else "running") as running:
        return await quiet(running.pid, seconds)


async def two_djangos(folder: Path, seconds: float) -> Figures:
    """An idle sidecar with two idle Django projects, which reload themselves."""
    python = djangos.python_with(djangos.newest())
    copies = [shutil.copytree(PROJECTS / "blog", folder / name) for name in ("one", "two")]
    rows = [
        f"idle{number}: {{directory: {copy}, python: {python}, address: '127.0.0.1:{free_port()}'}}"
        for number, copy in enumerate(copies)
    ]
    async with idle_sidecar(folder, rows, "running") as running:
        return await quiet(running.pid, seconds)


async def quiet(pid: int, seconds: float) -> Figures:
    """Memory, CPU and wake-ups of a sidecar that is left alone."""
    await asyncio.sleep(SETTLED_AFTER)
    cpu, wakes = cpu_seconds(pid), wake_ups(pid)
    await asyncio.sleep(seconds)
    return {
        "MiB": memory(pid),
        "% of a core": (cpu_seconds(pid) - cpu) / seconds * 100,
        "wake-ups/s": (wake_ups(pid) - wakes) / seconds,
    }


async def starts(folder: Path) -> Figures:
    """From exec to the first answer, and what `fujita status` takes."""
    one = f"{{directory: {ROOT}, command: [sleep, '1000']}}"
    start = time.monotonic()
    async with sidecar(folder, f"projects:\n  one: {one}\n  two: {one}\n") as running:
        await running.ask("GET", "/healthz")
        answered = time.monotonic() - start
        seconds = []
        for _ in range(5):
            start = time.monotonic()
            argv = [sys.executable, "-m", "fujita", "status", "--config", str(running.config)]
            status = await asyncio.create_subprocess_exec(*argv, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
            assert await status.wait() == 0
            seconds.append(time.monotonic() - start)
        return {"ms to first answer": answered * 1e3, "ms of status": sorted(seconds)[2] * 1e3}


@asynccontextmanager
async def idle_sidecar(folder: Path, rows: list[str], state: str) -> AsyncIterator[Fujita]:
    async with sidecar(folder, "projects:\n" + "".join(f"  {row}\n" for row in rows)) as running:
        for number in range(len(rows)):
            await running.until_state(f"idle{number}", state)
        yield running


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads, from the scheduler, in nanoseconds (proc_pid_schedstat)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def wake_ups(pid: int) -> int:
    """How often its threads gave up the CPU by themselves, and so were woken (proc_pid_status(5))."""
    return sum(status_field(task / "status", "voluntary_ctxt_switches") for task in Path(f"/proc/{pid}/task").iterdir())


def memory(pid: int) -> float:
    """Resident MiB."""
    return status_field(Path(f"/proc/{pid}/status"), "VmRSS") / 1024


def status_field(path: Path, name: str) -> int:
    for line in path.read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise KeyError(name)
