"""The sidecar itself: however it is ended nothing is left, whoever starts twice is told, and no config breaks it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.abuse.wire import SLEEPER, Wire, alive, deaf, family, handshake, living, python, request
from tests.sidecar import ROOT, Fujita, free_port, sidecar

DEAF = "trap '' TERM INT HUP; echo ready; while :; do sleep 0.1; done"
CONFIG = f"""
projects:
  deaf: {{directory: ., command: "{DEAF}", stop_timeout: 1}}
  sleeper: {{directory: ., command: [sleep, '600'], stop_timeout: 1, commands: {{long: [sleep, '600']}}}}
  waiting: {{directory: nowhere, command: [sleep, '600']}}
  flop: {{directory: ., command: 'exit 3', restart: always}}
  exited: {{directory: ., command: 'exit 3'}}
"""
END_PATIENCE = 1 + 3 + 26
"""Seconds: the longest stop_timeout, three more as promised, and the rest for a busy machine: each look at all of /proc
takes a second there."""


async def nothing_special(fujita: Fujita) -> None:
    pass


async def stopping(fujita: Fujita) -> None:
    await fujita.post("/api/projects/deaf/stop")


async def restarting(fujita: Fujita) -> None:
    await fujita.post("/api/projects/deaf/restart")


async def running_a_command(fujita: Fujita) -> None:
    assert (await fujita.ask("POST", "/api/projects/sleeper/run", {"command": "long"})).code == 202


async def told_already(fujita: Fujita) -> None:
    os.kill(fujita.pid, signal.SIGTERM)
    await asyncio.sleep(0.3)


async def reloading(fujita: Fujita) -> None:
    fujita.write_config(CONFIG.replace("600", "601"))
    fujita.reload_by_signal()


async def told_already_and_reloading(fujita: Fujita) -> None:
    """What is asked for while it ends is not begun."""
    fujita.write_config(CONFIG.replace("600", "602"))
    waiting = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
    os.kill(fujita.pid, signal.SIGTERM)
    await waiting.say(request("POST", "/api/reload", body=b""))
    for _ in range(10):
        with suppress(ProcessLookupError):
            os.kill(fujita.pid, signal.SIGHUP)
        await asyncio.sleep(0.05)
    waiting.hang_up()


async def a_process_is_frozen(fujita: Fujita) -> None:
    os.kill((await fujita.until_state("sleeper", "running"))["pid"], signal.SIGSTOP)


SITUATIONS: tuple[Callable[[Fujita], object], ...] = (
    nothing_special, stopping, restarting, running_a_command, told_already, reloading, told_already_and_reloading,
    a_process_is_frozen,
)  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
async def test_sigterm_ends_everything_in_time_whatever_goes_on(
    tmp_path: Path, situation: Callable[[Fujita], asyncio.Future[None]]
) -> None:
    async with sidecar(tmp_path, CONFIG) as fujita:
        await fujita.until_log("deaf", "ready")
        await fujita.until_state("sleeper", "running")
        stalled = [deaf(fujita, "/api/projects/deaf/log/stream") for _ in range(5)]
        listening = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
        await listening.say(handshake("/api/status/stream"))
        assert (await listening.answer()).status == 101
        tree = family(fujita.pid)[1:]
        await situation(fujita)
        with suppress(psutil.NoSuchProcess):
            tree += family(fujita.pid)[1:]
        code = asyncio.create_task(listening.close_code())
        assert await fujita.end(patience=END_PATIENCE) == 0
        assert await code == 1001
        assert living(tree) == []
        assert left_of(fujita) == []
        with socket.socket() as next_one:
            next_one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            next_one.bind(("127.0.0.1", fujita.port))
        for client in stalled:
            client.close()
        listening.hang_up()


def left_of(fujita: Fujita) -> list[int]:
    """Every process that bears the sidecar's marker."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("FUJITA_SIDECAR") == str(fujita.config):
                found.append(process.pid)
        except psutil.Error:
            continue
    return living(found)


async def test_sigterm_right_after_the_start_leaves_nothing(tmp_path: Path) -> None:
    for delay in (0, 0.05):
        async with sidecar(tmp_path, CONFIG) as fujita:
            await asyncio.sleep(delay)
            assert await fujita.end(patience=END_PATIENCE) == 0
            assert left_of(fujita) == []


async def test_ctrl_c_in_a_terminal_ends_everything_as_sigterm_does(tmp_path: Path) -> None:
    (tmp_path / "fujita.yml").write_text(f"console: {{listen: '127.0.0.1:0'}}\n{CONFIG}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fujita", "serve", "--config", str(tmp_path / "fujita.yml"),
        cwd=ROOT, start_new_session=True, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
    )  # fmt: skip
    assert process.stderr
    while b"sleeper is running" not in (line := await asyncio.wait_for(process.stderr.readline(), 20)):
        assert line, "it ended"
    tree = family(process.pid)[1:]
    os.killpg(process.pid, signal.SIGINT)  # a terminal signals the whole group
    _, said = await asyncio.wait_for(process.communicate(), END_PATIENCE)
    assert process.returncode == 0
    assert living(tree) == []
    assert b"Traceback" not in said


async def test_a_second_sidecar_takes_nothing_from_the_first(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita:
        before = await fujita.until_state("one", "running")
        log = await fujita.log("one")
        for _ in range(3):
            second = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "fujita", "serve", "--config", str(fujita.config), cwd=ROOT,
                env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path / ".run")}, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            _, said = await asyncio.wait_for(second.communicate(), 20)
            assert second.returncode == 1
            assert re.search(rf"fujita \(pid {fujita.pid}\)", said.decode())
        assert (await fujita.status("one"))["pid"] == before["pid"]
        assert await fujita.log("one") == log


async def test_orphans_of_every_kind_are_ended_by_the_next_sidecar_and_strangers_are_not(tmp_path: Path) -> None:
    hiding = python(
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    stranger = await asyncio.create_subprocess_exec(
        "sleep", "600", env={**os.environ, "FUJITA_SIDECAR": str(tmp_path / "other.yml"), "FUJITA_PROJECT": "one"}
    )
    config = f"projects: {{one: {{directory: ., command: {hiding}}}}}"
    orphans: list[int] = []
    try:
        for _ in range(3):
            async with sidecar(tmp_path, config) as fujita:
                assert living(orphans) == []
                await fujita.until_log("one", "ready")
                orphans = family(fujita.pid)[1:]
                assert len(orphans) == 2
                await fujita.end(signal.SIGKILL)
                assert living(orphans) == orphans
        async with sidecar(tmp_path, config):
            assert living(orphans) == []
            assert living([stranger.pid]) == [stranger.pid]
    finally:
        stranger.kill()
        await stranger.wait()


def absent(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def half_written(path: Path) -> None:
    path.write_text(path.read_text()[:-20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def a_socket(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as one:
        os.chdir(path.parent)
        one.bind(path.name)
        os.chdir(ROOT)


async def test_a_config_that_cannot_be_read_leaves_the_projects_alone_and_is_named(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita):
        good = fujita.config.read_text()
        pid = (await fujita.until_state("one", "running"))["pid"]
        for spoil in (absent, a_folder, a_fifo, a_loop, a_device, half_written, empty, a_socket) * 2:
            spoil(fujita.config)
            refused = await asyncio.wait_for(fujita.ask("POST", "/api/reload"), 5)
            assert refused.code == 422, spoil.__name__
            assert (await fujita.get("/api/projects"))["config"]["error"], spoil.__name__
            assert (await fujita.status("one"))["pid"] == pid
            if fujita.config.is_dir():
                fujita.config.rmdir()
            new = tmp_path / "new.yml"  # as editors and git do: the new one is renamed over the old
            new.write_text(good)
            new.rename(fujita.config)
            assert (await fujita.ask("POST", "/api/reload")).code == 200
            assert (await fujita.get("/api/projects"))["config"]["error"] is None
            assert (await fujita.status("one"))["pid"] == pid


async def test_a_storm_of_reloads_keeps_what_is_the_same(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita):
        before = await fujita.until_state("one", "running")
        for _ in range(200):
            fujita.reload_by_signal()
            await asyncio.sleep(0.002)
        await fujita.post("/api/reload")
        after = await fujita.status("one")
        assert (after["pid"], after["epoch"]) == (before["pid"], before["epoch"])


async def test_a_port_passes_from_one_project_to_another_in_one_reload(tmp_path: Path) -> None:
    server = python(
        "import os, socket, signal; s = socket.socket(); s.setsockopt(1, 2, 1)\n"
        "s.bind(('127.0.0.1', int(os.environ['PORT']))); s.listen(); signal.pause()"
    )
    first, second = free_port(), free_port()

    def config(a: int, b: int) -> str:
        return "projects:\n" + "".join(
            f"  {name}: {{directory: ., command: {server}, address: '127.0.0.1:{port}',"
            f" environment: {{PORT: {port}}}}}\n"
            for name, port in (("a", a), ("b", b))
        )

    async with sidecar(tmp_path, config(first, second)) as fujita:
        for name in ("a", "b"):
            await fujita.until_state(name, "running")
        fujita.write_config(config(second, first))
        assert (await fujita.ask("POST", "/api/reload")).code == 200
        for name, port in (("a", second), ("b", first)):
            status = await fujita.until_state(name, "running")
            assert status["port"] == port
            assert "in use" not in await fujita.log(name)
