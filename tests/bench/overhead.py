"""What reading Django's words costs: `python -m tests.bench.overhead` floods real sidecars, in turns one as it is and
one whose observer reads nothing, and prints the throughput of their log streams and the CPU time that they took."""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.sidecar import ROOT, Fujita, sidecar

ROUNDS = 15
MEGABYTES = 200
CACHE = 2 * MEGABYTES * 1000000
"""Bytes: nothing is evicted, so that the client and the observer get all of it."""
LINE = '[24/Nov/2026 15:16:57] "GET /static/polls/style.css?x=1 HTTP/1.1" 200 12068'
END = "That is all."
FLOOD = f"""
import sys
sys.stdin.readline()
out = sys.STREAM.buffer
block = b'''{LINE}\\n''' * {64 * 1024 // len(LINE)}
for _ in range({MEGABYTES} * 1000000 // len(block)):
    out.write(block)
    out.flush()
out.write(b"{END}\\n")
out.flush()
sys.stdin.readline()
"""
DEAF = """
from fujita.project.observer import Observer

def read_nothing(self):
    self._cursor = self._cache.next - 1

Observer._read = read_nothing
"""
"""As sitecustomize.py, which python imports before anything else (module site of its library)."""
HANDSHAKE = (
    "GET /api/projects/flood/log/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass(frozen=True)
class Run:
    """Megabytes of output a second, as a client gets them, and CPU seconds of the sidecar."""

    speed: float
    cpu: float


async def main() -> None:
    for stream in ("stdout", "stderr"):
        hearing: list[Run] = []
        deaf: list[Run] = []
        for _ in range(ROUNDS):
            hearing.append(await measured(stream, deaf=False))
            deaf.append(await measured(stream, deaf=True))
        speed, speed_deaf = median([run.speed for run in hearing]), median([run.speed for run in deaf])
        cpu, cpu_deaf = median([run.cpu for run in hearing]), median([run.cpu for run in deaf])
        print(
            f"{stream}: {speed:.0f} MB/s with the rules, {speed_deaf:.0f} without: {1 - speed / speed_deaf:+.1%}; "
            f"CPU for {MEGABYTES} MB {cpu:.2f} s, {cpu_deaf:.2f} s without: {cpu / cpu_deaf - 1:+.1%}"
        )


async def measured(stream: str, deaf: bool) -> Run:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flood.py").write_text(FLOOD.replace("STREAM", stream))
        (folder / "deaf").mkdir()
        (folder / "deaf" / "sitecustomize.py").write_text(DEAF)
        config = f"projects: {{flood: {{directory: ., cache: {CACHE}, command: [{sys.executable}, flood.py]}}}}"
        environment = {"PYTHONPATH": f"{folder / 'deaf'}:{ROOT}"} if deaf else {}
        async with sidecar(folder, config, environment=environment) as fujita:
            await fujita.until_state("flood", "running")
            return await flood(fujita)


async def flood(fujita: Fujita) -> Run:
    with socket.create_connection(("127.0.0.1", fujita.port)) as client:
        client.sendall(HANDSHAKE.encode())
        reading = asyncio.create_task(asyncio.to_thread(read_to_the_end, client))
        before, started = cpu_seconds(fujita.pid), time.perf_counter()
        await fujita.post("/api/projects/flood/input", {"text": "\n"})
        await reading
        return Run(MEGABYTES / (time.perf_counter() - started), cpu_seconds(fujita.pid) - before)


def read_to_the_end(client: socket.socket) -> None:
    tail, size = b"", 0
    while END.encode() not in tail:
        data = client.recv(1024 * 1024)
        assert data, "the sidecar closed the stream"
        tail, size = (tail + data)[-200:], size + len(data)
    assert size > MEGABYTES * 1000000, "some of it is missing"


def cpu_seconds(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def median(numbers: list[float]) -> float:
    return statistics.median(numbers)


if __name__ == "__main__":
    asyncio.run(main())
