"""What the kernel refuses, holds or takes: a start that fails says why, nothing is started twice, nobody else ends."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.abuse.machine import control_group, inside, needs_root
from tests.abuse.wire import SLEEPER, Wire, alive, clean, living, pids_in, python, request, until
from tests.sidecar import Fujita, sidecar

Copy = Callable[..., Path]
TWO = SLEEPER.replace("}}}", "}}, late: {directory: ., command: [sleep, '600'], autostart: false}}")


async def test_an_environment_too_big_for_the_kernel_is_said_and_harms_nobody(tmp_path: Path) -> None:
    more = ", ".join(f"MORE_{number}: {'x' * 4000}" for number in range(240))
    big = f"projects: {{one: {{directory: ., command: [sleep, '600'], environment: {{{more}}}}}}}"
    inherited = {f"MUCH_{number}": "x" * 100_000 for number in range(12)}  # together over 2 MiB (execve(2))
    async with sidecar(tmp_path, big, environment=inherited) as fujita, alive(fujita), clean(fujita):
        exited = await fujita.until_state("one", "exited")
        assert "Argument list too long" in exited["summary"]
        fujita.write_config(SLEEPER)
        assert (await fujita.ask("POST", "/api/reload")).code == 200
        await fujita.post("/api/projects/one/start")
        await fujita.until_state("one", "running")
        fujita.write_config(big)
        assert (await fujita.ask("POST", "/api/reload")).code == 200
        await fujita.until_state("one", "exited")


@needs_root
async def test_when_no_process_and_no_thread_can_be_made_the_rest_goes_on_and_what_runs_can_be_ended(
    tmp_path: Path,
) -> None:
    with control_group("pids") as group:
        async with sidecar(tmp_path, TWO) as fujita, alive(fujita), clean(fujita):
            pid = (await fujita.until_state("one", "running"))["pid"]
            (group / "cgroup.procs").write_text(str(fujita.pid))
            (group / "pids.max").write_text("1")
            await fujita.post("/api/projects/late/start")
            exited = await fujita.until_state("late", "exited")
            assert "Resource temporarily unavailable" in exited["summary"]
            assert (await fujita.ask("POST", "/api/projects/one/run", {"command": "hello"})).code == 409
            await fujita.post("/api/projects/one/stop")
            await fujita.until_state("one", "stopped")
            assert living([pid]) == []
            assert (await fujita.ask("POST", "/api/reload")).code == 200
            (group / "pids.max").write_text("max")
            for name in ("one", "late"):
                await fujita.post(f"/api/projects/{name}/start")
                await fujita.until_state(name, "running")
            await fujita.post("/api/projects/late/kill")
            await fujita.until_state("late", "stopped")


async def test_without_a_descriptor_for_its_pipes_a_start_says_so_and_works_when_there_is_one(tmp_path: Path) -> None:
    async with sidecar(tmp_path, TWO) as fujita:
        await fujita.until_state("one", "running")
        async with clean(fujita):
            known = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
            await known.say(request("GET", "/healthz"))
            assert (await known.answer()).status == 200
            _, hard = resource.prlimit(fujita.pid, resource.RLIMIT_NOFILE)
            highest = max(int(fd) for fd in os.listdir(f"/proc/{fujita.pid}/fd"))  # noqa: PTH208 - numbers
            resource.prlimit(fujita.pid, resource.RLIMIT_NOFILE, (highest + 1, hard))
            try:
                await known.say(request("POST", "/api/projects/late/start", body=b""))
                assert (await known.answer()).status == 202
                status = {"state": "starting"}
                while status["state"] == "starting":
                    await known.say(request("GET", "/api/projects/late"))
                    status = json.loads((await known.answer()).body)
                assert status["state"] == "exited"
                assert "Too many open files" in str(status["summary"])
            finally:
                resource.prlimit(fujita.pid, resource.RLIMIT_NOFILE, (hard, hard))
            known.hang_up()
            await fujita.post("/api/projects/late/start")
            await fujita.until_state("late", "running")
            await fujita.post("/api/projects/late/kill")
            await fujita.until_state("late", "stopped")


@needs_root
async def test_a_port_that_takes_privileges_is_said(tmp_path: Path, project: Copy, django_python: str) -> None:
    folder = project("blog")
    unprivileged = folder / "python"  # root may bind any port: this one may not
    unprivileged.write_text(
        f'#!/bin/sh\nexec setpriv --bounding-set -net_bind_service --inh-caps -net_bind_service {django_python} "$@"\n'
    )
    unprivileged.chmod(0o755)
    config = (
        f"projects: {{blog: {{directory: {folder}, python: {unprivileged}, address: '127.0.0.1:81', restart: never}}}}"
    )
    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        exited = await fujita.until_state("blog", "exited")
        assert "may not listen on that port" in exited["summary"]


@needs_root
@pytest.mark.slow
async def test_what_the_kernel_killed_for_memory_is_said_and_the_sidecar_is_not_the_victim(tmp_path: Path) -> None:
    with control_group("memory") as group:
        (group / "memory.limit_in_bytes").write_text(str(64 * 1024 * 1024))
        eating = python(
            f"import os; open('{group}/cgroup.procs', 'w').write(str(os.getpid()))\n"
            "x = []\nfor _ in range(200): x.append(b'x' * 10**6 + bytes(1))\nprint('never said')"
        )
        config = f"projects: {{one: {{directory: ., command: {eating}, restart: never}}}}"
        async with sidecar(tmp_path, config) as fujita, alive(fujita):
            exited = await fujita.until_state("one", "exited")
            assert exited["exit"] == {"code": None, "signal": "SIGKILL"}
            assert "out of memory" in exited["summary"]


@needs_root
@pytest.mark.slow
async def test_what_sigkill_does_not_end_is_said_and_nothing_is_started_beside_it(tmp_path: Path) -> None:
    config = "projects: {one: {directory: ., command: [sleep, '600'], stop_timeout: 1}}"
    with control_group("freezer") as group:
        async with sidecar(tmp_path, config) as fujita, alive(fujita), clean(fujita):
            pid = (await fujita.until_state("one", "running"))["pid"]
            (group / "cgroup.procs").write_text(str(pid))
            (group / "freezer.state").write_text("FROZEN")
            try:
                await fujita.post("/api/projects/one/stop")
                await fujita.until_log("one", f"does not let go of process {pid}")
                assert (await fujita.status("one"))["state"] == "stopping"
                for action in ("start", "restart", "kill", "start"):
                    assert (await fujita.ask("POST", f"/api/projects/one/{action}")).code in (200, 202, 409)
                await asyncio.sleep(2)  # a second process would be there by now
                assert [child.pid for child in psutil.Process(fujita.pid).children()] == [pid]
            finally:
                (group / "freezer.state").write_text("THAWED")
            after = await fujita.until_state("one", "running")
            assert living([pid]) == []
            assert after["pid"] != pid


@needs_root
async def test_a_pid_that_was_given_to_a_stranger_is_not_signalled(tmp_path: Path) -> None:
    await inside("--pid --fork --mount-proc --kill-child", with_few_pids, tmp_path)


async def with_few_pids(folder: Path) -> None:
    """In a namespace of its own: what the kernel gives out next can be said there (ns_last_pid, proc(5))."""
    code = (
        "import subprocess, sys; child = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print('pid', child.pid, flush=True); sys.stdin.readline(); child.kill(); child.wait()\n"
        "print('it is gone', flush=True); sys.stdin.readline()"
    )
    async with sidecar(folder, f"projects: {{one: {{directory: ., command: {python(code)}}}}}") as fujita:
        await fujita.until_state("one", "running")
        await fujita.until_log("one", "pid")
        (pid,) = pids_in(await fujita.log("one"))
        await fujita.post("/api/projects/one/restart")
        await fujita.until("one", lambda status: status["restarts"] == 1 and status["state"] == "running")
        await until(lambda: not psutil.pid_exists(pid), "the child lives on")
        stranger = await another_with(pid)
        try:
            for action in ("restart", "stop", "start", "kill"):
                await fujita.post(f"/api/projects/one/{action}")
                await fujita.until_state("one", "stopped" if action in ("stop", "kill") else "running")
            assert (await fujita.ask("POST", "/api/reload")).code == 200
            assert stranger.returncode is None
            await known_child_is_a_stranger(fujita)
        finally:
            stranger.kill()
            await stranger.wait()


async def known_child_is_a_stranger(fujita: Fujita) -> None:
    """The same while the process runs that the child was of."""
    await fujita.post("/api/projects/one/start")
    await fujita.until_state("one", "running")
    await until(lambda: len(psutil.Process(fujita.pid).children(recursive=True)) == 2, "there is no child")
    child = psutil.Process(fujita.pid).children(recursive=True)[1].pid
    await fujita.get("/api/projects")
    async with fujita.stream("/api/status/stream") as told:  # so that its usage is measured, of all its tree
        await told.__anext__()
        await fujita.post("/api/projects/one/input", {"text": "\n"})
        await fujita.until_log("one", "it is gone")
        await until(lambda: not psutil.pid_exists(child), "the child lives on")
        stranger = await another_with(child)
        os.kill(stranger.pid, signal.SIGCONT)
        await fujita.post("/api/projects/one/stop")
        await fujita.until_state("one", "stopped")
        assert stranger.returncode is None
        stranger.kill()
        await stranger.wait()


async def another_with(pid: int) -> asyncio.subprocess.Process:
    """A process of nobody's with this pid."""
    for _ in range(100):
        Path("/proc/sys/kernel/ns_last_pid").write_text(str(pid - 1))
        process = await asyncio.create_subprocess_exec("sleep", "600")
        if process.pid == pid:
            return process
        process.kill()
        await process.wait()
    raise AssertionError("the kernel never gave it")
