"""Under systemd, or what sounds like it: the loop itself feeds the watchdog, and what is passed fits or is named."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.abuse.machine import Systemd
from tests.abuse.wire import Wire, deaf, handshake, until
from tests.sidecar import PATIENCE, ROOT, free_port, sidecar

WATCHDOG = 8.0
"""Seconds of WatchdogSec="""
CONFIG = """
projects:
  flood: {{directory: ., command: 'yes a line of the flood'}}
  large: {{directory: large, command: 'exit 3'}}
  changing: {{directory: ., command: [sleep, '{number}']}}
"""


@pytest.mark.slow
async def test_under_a_flood_a_crowd_reloads_and_a_large_tree_the_watchdog_is_fed_in_time(tmp_path: Path) -> None:
    for folder in range(250):
        (tmp_path / f"large/d{folder}").mkdir(parents=True)
        for number in range(200):
            (tmp_path / f"large/d{folder}/m{number}.py").touch()
    systemd = Systemd(tmp_path / "notify")
    told = systemd.environment(watchdog=WATCHDOG)
    async with sidecar(tmp_path, CONFIG.format(number=600), environment=told) as fujita:
        await fujita.until_state("large", "exited")
        crowd = [deaf(fujita, "/api/projects/flood/log/stream") for _ in range(50)]
        listening = [Wire(*await asyncio.open_connection("127.0.0.1", fujita.port)) for _ in range(50)]
        for client in listening:
            await client.say(handshake("/api/status/stream"))
        for number in range(20):
            fujita.write_config(CONFIG.format(number=601 + number))
            fujita.reload_by_signal()
            await asyncio.sleep(1)
        beats = systemd.times_of("WATCHDOG=1")
        assert len(beats) >= 20 / WATCHDOG
        pauses = [later - earlier for earlier, later in pairwise(beats)]
        assert max(pauses) < WATCHDOG, "systemd would have ended it"
        for one in crowd:
            one.close()
        for client in listening:
            client.hang_up()
        os.kill(fujita.pid, signal.SIGSTOP)  # a loop that stands still feeds nobody
        count = len(systemd.times_of("WATCHDOG=1"))
        await asyncio.sleep(WATCHDOG)
        assert len(systemd.times_of("WATCHDOG=1")) <= count + 1, "more than the one that was on its way"
        count = len(systemd.times_of("WATCHDOG=1"))
        os.kill(fujita.pid, signal.SIGCONT)
        await until(lambda: len(systemd.times_of("WATCHDOG=1")) > count, "it does not go on")
    systemd.close()


ACTIVATED = """exec 3<&{} 4<&{} 5<&{}; LISTEN_PID=${{PID:-$$}} LISTEN_FDS={} exec "$@" """


async def serve_with(folder: Path, *passed: socket.socket, count: int | None = None, pid: str = "") -> tuple[int, str]:
    """`fujita serve`, given these sockets as systemd gives them; its exit status and words, if it ends by itself."""
    folder.mkdir(exist_ok=True)
    (folder / "fujita.yml").write_text(
        f"console: {{listen: '127.0.0.1:{free_port()}'}}\n"
        "projects: {one: {directory: ., command: [sleep, '600'], autostart: false}}\n"
    )
    numbers = [one.fileno() for one in passed]
    script = ACTIVATED.format(*(numbers + numbers[-1:] * 3)[:3], count or len(numbers))
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, "bash", sys.executable, "-m", "fujita", "serve", "--config", str(folder / "fujita.yml"),
        cwd=ROOT, pass_fds=numbers, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "RUNTIME_DIRECTORY": str(folder), **({"PID": pid} if pid else {})},
    )  # fmt: skip
    assert process.stderr
    said = b""
    try:
        while b"listening on" not in said:
            line = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
            said += line
            if not line:
                return await process.wait(), said.decode()
        process.terminate()
        said += (await asyncio.wait_for(process.communicate(), PATIENCE))[1]
        return 0, said.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_passed_sockets_are_used_or_named_and_never_silently_replaced(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket() as idle,
    ):
        unix.bind(str(tmp_path / "socket"))
        unix.listen()
        idle.bind(("127.0.0.1", 0))
        port = six.getsockname()[1]
        status, said = await serve_with(tmp_path / "six", six)
        assert (status, f"http://[::1]:{port}/" in said) == (0, True)
        status, said = await serve_with(tmp_path / "two", four, six)
        assert (status, f":{four.getsockname()[1]}/" in said) == (0, True)
        for name, wrong in (("unix", unix), ("idle", idle)):
            status, said = await serve_with(tmp_path / name, wrong)
            assert status == 1
            assert said.count("\n") == 1 and said.startswith("fujita: systemd passed descriptor 3")
        status, said = await serve_with(tmp_path / "another", four, pid="1")  # they were for somebody else
        assert (status, f":{four.getsockname()[1]}/" in said) == (0, False)
