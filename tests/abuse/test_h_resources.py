"""Files, descriptors and sleep: what the machine takes away is missed in words, and all is well when it is back."""

from __future__ import annotations

import asyncio
import ctypes
import os
import resource
import signal
import socket
from pathlib import Path

import psutil
import pytest

from tests.abuse.wire import SLEEPER, Wire, alive, ask, clean, cpu_seconds, handshake, python, request, until
from tests.sidecar import sidecar

FILES = 80
"""The limit of descriptors that is left to a sidecar."""


async def test_a_folder_that_is_renamed_while_its_process_runs_is_waited_for_at_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    config = "projects: {one: {directory: site, command: [sleep, '600']}}"
    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        before = await fujita.until_state("one", "running")
        folder.rename(tmp_path / "elsewhere")
        await asyncio.sleep(1)  # two looks of whoever watches the folder
        assert (await fujita.status("one"))["pid"] == before["pid"]
        assert (await fujita.status("one"))["state"] == "running"
        await fujita.post("/api/projects/one/restart")
        waiting = await fujita.until_state("one", "waiting")
        assert str(folder) in waiting["summary"]
        (tmp_path / "elsewhere").rename(folder)
        await fujita.until_state("one", "running")


async def test_a_folder_that_vanishes_while_it_is_watched_is_watched_again_when_it_is_back(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    config = "projects: {one: {directory: site, command: 'test -e mended.py && sleep 600'}}"
    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        await fujita.until_state("one", "exited")
        folder.rename(tmp_path / "elsewhere")
        await asyncio.sleep(1.5)
        (tmp_path / "elsewhere").rename(folder)
        await asyncio.sleep(1)
        (folder / "mended.py").touch()
        await fujita.until_state("one", "running")


@pytest.mark.skipif(not Path("/dev/fuse").exists() or os.geteuid() != 0, reason="needs root and FUSE")
async def test_a_mount_that_answers_no_more_hangs_neither_the_loop_nor_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    config = (
        "projects:\n  one: {directory: site, command: [sleep, '600'], autostart: false}\n"
        "  two: {directory: ., command: [sleep, '600']}\n"
    )
    fuse = os.open("/dev/fuse", os.O_RDWR)  # nobody ever reads it: every look at the folder waits
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0"
    try:
        async with sidecar(tmp_path, config) as fujita:
            await fujita.until_state("two", "running")
            assert mount(folder, options) == 0
            try:
                async with alive(fujita):
                    await fujita.post("/api/projects/one/start")
                    waiting = await fujita.until_state("one", "waiting", 15)
                    assert str(folder) in waiting["summary"]
                    await fujita.post("/api/projects/two/restart")
                    await fujita.until("two", lambda status: status["state"] == "running" and status["restarts"] == 1)
                assert await fujita.end() == 0
            finally:
                unmount(folder)
    finally:
        os.close(fuse)


def mount(folder: Path, options: str) -> int:
    return ctypes.CDLL(None).mount(b"deaf", os.fsencode(folder), b"fuse", 0, options.encode())  # type: ignore[no-any-return]


def unmount(folder: Path) -> None:
    ctypes.CDLL(None).umount2(os.fsencode(folder), 2)  # MNT_DETACH


async def test_without_descriptors_for_more_clients_everything_else_goes_on(tmp_path: Path) -> None:
    config = SLEEPER.replace("}}}", "}}, late: {directory: ., command: [sleep, '600'], autostart: false}}")
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until_state("one", "running")
        assert resource.prlimit(fujita.pid, resource.RLIMIT_NOFILE)[0] > FILES  # it raised what it was given
        async with clean(fujita):
            seeing = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
            await seeing.say(handshake("/api/projects/late/status/stream"))
            assert (await seeing.answer()).status == 101
            _, hard = resource.prlimit(fujita.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(fujita.pid, resource.RLIMIT_NOFILE, (FILES, hard))
            pressing = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
            await pressing.say(request("GET", "/healthz"))
            assert (await pressing.answer()).status == 200
            crowd = [knocking(fujita.port) for _ in range(200)]
            before = cpu_seconds(fujita)
            await asyncio.sleep(2)
            assert cpu_seconds(fujita) - before < 1  # half of a core
            await pressing.say(request("POST", "/api/projects/late/start", body=b""))
            assert (await pressing.answer()).status == 202
            while b'"state": "starting"' not in (said := (await seeing.frame())[1]):
                pass
            while b'"starting"' in (said := (await seeing.frame())[1]):
                pass
            assert b'"running"' in said or b'"exited"' in said
            for client in crowd:
                client.close()
            resource.prlimit(fujita.pid, resource.RLIMIT_NOFILE, (hard, hard))
            await until(lambda: psutil.Process(fujita.pid).num_fds() < 60, "the crowd is still there")
            assert (await ask(fujita, "GET", "/healthz")).status == 200
            await fujita.post("/api/projects/late/start")
            await fujita.until_state("late", "running")
            await fujita.post("/api/projects/late/kill")
            await fujita.until_state("late", "stopped")
            seeing.hang_up()
            pressing.hang_up()


def knocking(port: int) -> socket.socket:
    client = socket.socket()
    client.setblocking(False)  # the queue of those that wait to be accepted is full soon
    client.connect_ex(("127.0.0.1", port))
    return client


async def test_a_sidecar_that_slept_kills_nothing_and_loses_nothing(tmp_path: Path) -> None:
    code = "import time\nfor n in range(10**6): print(n, flush=True); time.sleep(0.01)"
    config = f"projects: {{one: {{directory: ., command: {python(code)}}}}}"
    async with sidecar(tmp_path, config) as fujita:
        before = await fujita.until_state("one", "running")
        async with fujita.stream("/api/projects/one/log/stream") as told:
            ids: list[int] = []
            os.kill(fujita.pid, signal.SIGSTOP)
            await asyncio.sleep(3)
            os.kill(fujita.pid, signal.SIGCONT)

            async def listen() -> None:
                async for one in told:
                    assert "gap" not in one
                    ids.extend([one["id"]] if "id" in one else [])
                    if len(ids) > 100:
                        return

            await asyncio.wait_for(listen(), 20)
        assert ids == list(range(1, len(ids) + 1))
        assert (await fujita.status("one"))["pid"] == before["pid"]
