"""What a test takes of the machine for itself: namespaces, a control group, a systemd's ear. All of it ends with the
test, and nobody else notices."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.sidecar import PATIENCE, ROOT

GROUPS = Path("/sys/fs/cgroup")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and control groups are made by root")


async def inside(namespaces: str, work: Callable[[Path], Awaitable[None]], folder: Path) -> None:
    """Runs `work(folder)` in a process of its own, in new `namespaces` (the options of unshare(1))."""
    code = (
        "import asyncio, sys; from pathlib import Path; "
        f"from {work.__module__} import {work.__name__} as work; asyncio.run(work(Path(sys.argv[1])))"
    )
    process = await asyncio.create_subprocess_exec(
        "unshare", *namespaces.split(), "--", sys.executable, "-c", code, str(folder),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), 4 * PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert process.returncode == 0, said.decode()


@contextmanager
def control_group(controller: str) -> Iterator[Path]:
    """A group of one controller (cgroups(7), version 1), to put processes into."""
    top = GROUPS / controller
    if not (top / "cgroup.procs").exists():
        pytest.skip(f"no controller {controller} of cgroup v1 here")
    group = top / f"fujita-test-{os.getpid()}"
    group.mkdir()
    try:
        yield group
    finally:
        deadline = time.monotonic() + PATIENCE
        while True:  # a process that ends leaves it a moment later
            for pid in (group / "cgroup.procs").read_text().split():
                with suppress(OSError):
                    (top / "cgroup.procs").write_text(pid)
            try:
                group.rmdir()
                break
            except OSError:
                assert time.monotonic() < deadline, "the group does not become empty"
                time.sleep(0.05)


class Systemd:
    """A socket as NOTIFY_SOCKET names it; `heard` is what came, with the moment it did (time.monotonic)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heard: list[tuple[float, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def environment(self, watchdog: float = 0) -> dict[str, str]:
        told = {"NOTIFY_SOCKET": str(self.path)}
        return {**told, "WATCHDOG_USEC": str(int(watchdog * 1_000_000))} if watchdog else told

    def times_of(self, word: str) -> list[float]:
        return [moment for moment, message in self.heard if word in message.split("\n")]

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        with suppress(BlockingIOError):
            while message := self._socket.recv(65536):
                self.heard.append((time.monotonic(), message.decode()))
