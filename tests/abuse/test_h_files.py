"""Folders of a project that are strange: watching them costs little, opens nothing, follows nothing out, never ends."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.abuse.machine import needs_root
from tests.abuse.test_h_resources import mount, unmount
from tests.abuse.wire import SLEEPER, alive, cpu_seconds, living
from tests.sidecar import PATIENCE, sidecar

WAITING = "projects: {one: {directory: site, command: 'test -e mended.py && sleep 600'}}"


def strange_tree(folder: Path) -> None:
    """Links in circles and out, what must not be opened, names that are no UTF-8, a depth beyond PATH_MAX."""
    folder.mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    (folder / "root").symlink_to("/")
    (folder / "device.py").symlink_to("/dev/zero")
    (folder / "nowhere.py").symlink_to("/nonexistent")
    os.mkfifo(folder / "fifo.py")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(folder / "socket.py"))
    (folder / os.fsdecode(b"caf\xe9.py")).touch()
    (folder / os.fsdecode(b"d\xff")).mkdir()
    (folder / os.fsdecode(b"d\xff/\xfe.py")).touch()
    (folder / "a\nb.py").touch()
    (folder / "\x1b[2J.py").touch()
    here = os.open(folder, os.O_RDONLY)
    try:
        for _ in range(300):
            os.mkdir("d" * 200, dir_fd=here)
            deeper = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = deeper
    finally:
        os.close(here)


async def test_a_strange_tree_is_watched_and_a_save_in_it_seen(tmp_path: Path) -> None:
    strange_tree(tmp_path / "site")
    try:
        async with sidecar(tmp_path, WAITING) as fujita, alive(fujita):
            await fujita.until_state("one", "exited")
            before = cpu_seconds(fujita)
            await asyncio.sleep(2)
            assert cpu_seconds(fujita) - before < 1  # a walk in circles takes all of it
            for name in (b"caf\xe9.py", b"d\xff/\xfe.py", b"a\nb.py", b"\x1b[2J.py"):
                starts = (await fujita.log("one")).count("was started")
                (tmp_path / "site" / os.fsdecode(name)).write_text("# better\n")
                await fujita.until("one", lambda status, starts=starts: status["restarts"] >= starts)  # type: ignore[misc]
                await fujita.until_state("one", "exited")
            (tmp_path / "site/mended.py").touch()
            await fujita.until_state("one", "running")
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "site"], check=True)  # deeper than Python's own way goes


@needs_root
async def test_a_mount_that_died_is_waited_for_and_what_runs_on_it_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    async with (
        sidecar(tmp_path, "projects: {one: {directory: site, command: [sleep, '600']}}") as fujita,
        alive(fujita),
    ):
        before = await fujita.until_state("one", "running")
        fuse = os.open("/dev/fuse", os.O_RDWR)
        assert mount(folder, f"fd={fuse},rootmode=40000,user_id=0,group_id=0") == 0
        os.close(fuse)  # from now on every look at it is ENOTCONN
        try:
            with pytest.raises(OSError, match="not connected"):
                folder.stat()
            await asyncio.sleep(1)
            assert (await fujita.status("one"))["pid"] == before["pid"]
            await fujita.post("/api/projects/one/restart")
            waiting = await fujita.until_state("one", "waiting")
            assert str(folder) in waiting["summary"]
        finally:
            unmount(folder)
        await fujita.until_state("one", "running")


@needs_root
async def test_a_config_on_a_mount_that_hangs_is_said_and_delays_no_end(tmp_path: Path) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    fuse = os.open("/dev/fuse", os.O_RDWR)  # nobody ever reads it: every look waits
    try:
        async with sidecar(folder, SLEEPER) as fujita:
            before = await fujita.until_state("one", "running")
            assert mount(folder, f"fd={fuse},rootmode=40000,user_id=0,group_id=0") == 0
            try:
                async with alive(fujita):
                    assert (await fujita.ask("POST", "/api/reload")).code == 422
                    assert "does not answer" in (await fujita.get("/api/projects"))["config"]["error"]
                    assert (await fujita.status("one"))["pid"] == before["pid"]
                fujita.reload_by_signal()
                ending = asyncio.create_task(fujita.end())
                await asyncio.wait({ending}, timeout=PATIENCE)
            finally:
                unmount(folder)
            assert ending.done() and ending.result() == 0
            assert living([before["pid"]]) == []
    finally:
        os.close(fuse)


@pytest.mark.slow
async def test_a_checkout_of_thousands_of_files_is_one_start_and_a_rest_costs_little(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    for branch in ("one", "two"):
        subprocess.run([*git, "checkout", "-q", "-b", branch], check=True)
        for number in range(5000):
            path = folder / f"d{number % 50}/m{number}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"# {branch}\n")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", branch], check=True)
    async with sidecar(tmp_path, WAITING) as fujita, alive(fujita):
        await fujita.until_state("one", "exited")
        await asyncio.sleep(3)
        starts = (await fujita.log("one")).count("was started")
        subprocess.run([*git, "checkout", "-q", "one"], check=True)
        await fujita.until("one", lambda status: status["restarts"] == starts and status["state"] == "exited")
        os.utime(folder / "d0/m0.py", (2**31 - 1, 2**31 - 1))  # the host's clock is ahead
        await fujita.until("one", lambda status: status["restarts"] == starts + 1 and status["state"] == "exited")
        before = cpu_seconds(fujita)
        await asyncio.sleep(10)
        assert cpu_seconds(fujita) - before < 3  # the tenth that looking may take, and as much for the rest
        assert (await fujita.log("one")).count("was started") == starts + 2
