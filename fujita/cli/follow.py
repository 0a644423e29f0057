"""`fujita logs -f`: the streams of several logs, read side by side for as long as somebody reads what is printed."""

from __future__ import annotations

import asyncio
import os
import stat
import sys

from fujita.cli.client import Client
from fujita.cli.logs import Logs
from fujita.cli.streams import Log


def follow(client: Client, logs: Logs) -> None:
    """Prints for ever; BrokenPipeError as soon as nobody reads what is printed, even while nothing comes."""
    logs.await_all()
    asyncio.run(print_logs(client, logs))


async def print_logs(client: Client, logs: Logs) -> None:
    await asyncio.gather(
        until_reader_leaves(),
        *(print_log(Log(client, name, speaks=name == logs.projects[0]), logs) for name in logs.projects),
    )


async def print_log(log: Log, logs: Logs) -> None:
    async for told in log.read():
        logs.take(log.project, told)


async def until_reader_leaves() -> None:
    """The kernel reports the end of a pipe's reader as an error of the pipe (poll(2)): for `logs -f | grep -q`."""
    out = sys.stdout.fileno()
    if not stat.S_ISFIFO(os.fstat(out).st_mode):
        return
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(out, gone.set)
    await gone.wait()
    raise BrokenPipeError
