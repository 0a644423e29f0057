"""What watching costs: `python -m tests.bench.watching` prints, for trees of several sizes, how long a look takes, the
part of one CPU that waiting for a save takes, and how long the event loop is held up meanwhile."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from fujita.watch import Watch, files_below

SIZES = (100, 1_000, 10_000, 100_000)
FILES_PER_FOLDER = 50
SECONDS = 10.0


async def main() -> None:
    print("  files   a look   CPU while waiting   longest pause of the loop")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), size)
            took = look(Path(name))
            cpu, pause = await waiting(Path(name))
            print(f"{size:7} {took * 1000:5.0f} ms {cpu:15.1%} {pause * 1000:20.0f} ms")


def make(folder: Path, size: int) -> None:
    for number in range(size // FILES_PER_FOLDER):
        app = folder / f"app{number // 50}" / f"package{number}"
        app.mkdir(parents=True)
        for module in range(FILES_PER_FOLDER):
            (app / f"module{module}.py").touch()


def look(folder: Path) -> float:
    started = time.perf_counter()
    files_below(folder)
    return time.perf_counter() - started


async def waiting(folder: Path) -> tuple[float, float]:
    """CPU used by a watch that has nothing to tell, and the longest that the loop could not turn."""
    watch = Watch(folder)
    await watch.begin()
    saved = asyncio.create_task(watch.saved())
    pause, before, started = 0.0, time.process_time(), time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        turned = time.perf_counter()
        await asyncio.sleep(0.01)
        pause = max(pause, time.perf_counter() - turned - 0.01)
    saved.cancel()
    return (time.process_time() - before) / SECONDS, pause


if __name__ == "__main__":
    asyncio.run(main())
