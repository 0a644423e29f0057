"""The real `fujita` command in a test: a process of its own, with pipes, or on a terminal of its own."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.sidecar import PATIENCE, ROOT, Fujita

COMMAND = (sys.executable, "-m", "fujita")
WATCHED = ("FUJITA_", "NO_COLOR", "FORCE_COLOR", "VIRTUAL_ENV", "DISPLAY", "WAYLAND_DISPLAY")
"""What a developer's own environment must not decide."""


@dataclass(frozen=True)
class Done:
    """An exit status, and what was printed."""

    status: int
    out: str
    err: str


def environment(at: Fujita | str | None = None, **more: str) -> dict[str, str]:
    """Ours without what the command listens to; `at` is the sidecar that it shall find."""
    url = at.url if isinstance(at, Fujita) else at
    kept = {name: value for name, value in os.environ.items() if not name.startswith(WATCHED)}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", **({"FUJITA_URL": url} if url else {}), **more}


async def fujita(
    *arguments: str, at: Fujita | str | None = None, cwd: Path = ROOT, patience: float = PATIENCE, **more: str
) -> Done:
    """Runs the command to its end, with pipes."""
    async with started(*arguments, at=at, cwd=cwd, **more) as process:
        out, err = await asyncio.wait_for(process.communicate(), patience)
    assert process.returncode is not None
    assert "Traceback" not in err.decode()
    return Done(process.returncode, out.decode(), err.decode())


@asynccontextmanager
async def started(
    *arguments: str, at: Fujita | str | None = None, cwd: Path = ROOT, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The command while it runs, with pipes; it is killed at the end, if it still runs then."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        cwd=cwd,
        env=environment(at, **more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def shell(script: str, at: Fujita | str | None = None, cwd: Path = ROOT, **more: str) -> Done:
    """Runs `script` by bash, in which `fujita` is the command."""
    function = f'fujita() {{ {" ".join(COMMAND)} "$@"; }}\n'
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        function + script,
        cwd=cwd,
        env=environment(at, **more),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert "Traceback" not in err.decode()
    return Done(process.returncode or 0, out.decode(), err.decode())


class Terminal:
    """A pseudo-terminal (pty(7)) with the command in its foreground: what it shows, and a keyboard."""

    def __init__(self, master: int, process: asyncio.subprocess.Process) -> None:
        self.shown = ""
        self.process = process
        self._master = master
        self._changed = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    async def until(self, text: str, after: int = 0) -> str:
        """Waits until `text` is shown, behind the first `after` characters; returns all that is shown."""
        try:
            await asyncio.wait_for(self._seen(text, after), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"no {text!r} in {self.shown!r}") from None
        return self.shown

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def _seen(self, text: str, after: int) -> None:
        while text not in self.shown[after:]:
            self._changed.clear()
            await self._changed.wait()

    def _read(self) -> None:
        try:
            self.shown += os.read(self._master, 65536).decode(errors="replace")
        except OSError:  # EIO: nobody has the other end open any more
            asyncio.get_running_loop().remove_reader(self._master)
        self._changed.set()


@asynccontextmanager
async def terminal(
    *arguments: str, at: Fujita | None = None, cwd: Path = ROOT, size: tuple[int, int] = (24, 100), **more: str
) -> AsyncIterator[Terminal]:
    """Runs the command on a terminal of `size` lines and columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        cwd=cwd,
        env=environment(at, **more),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        asyncio.get_running_loop().remove_reader(master)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        os.close(master)
