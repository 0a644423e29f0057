"""Processes: however they behave, ending them ends all of them, and starting them is said truly."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.abuse.wire import alive, clean, family, living, pids_in, python, rss
from tests.sidecar import PATIENCE, Fujita, Json, free_port, sidecar

LISTENER = """
import os, signal, socket
{first}
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", {port})); server.listen()
os.write(1, b'pid %d\\nready\\n' % os.getpid())
while True: signal.pause()
"""
DEAF = "[signal.signal(number, signal.SIG_IGN) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]"
TREES = """
import os, subprocess, sys, time
sleep = [sys.executable, "-c", "import os, time; os.write(1, b'pid %d\\\\n' % os.getpid()); time.sleep(600)"]
subprocess.Popen(sleep)
subprocess.Popen(sleep, start_new_session=True)
subprocess.Popen(sleep, preexec_fn=os.setpgrp)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(3, 100); os.execve(sys.executable, sleep, {**os.environ, "X": "1"})
    os._exit(0)
os.wait()
subprocess.Popen(sleep, env={})
os.write(1, b'pid %d\\nready\\n' % os.getpid())
time.sleep(600)
"""


def one(code: str, more: str = "") -> str:
    return f"projects: {{one: {{directory: ., {more} command: {python(code)}}}}}"


async def test_a_process_that_ignores_every_polite_signal_is_killed_in_time_and_its_port_is_free(
    tmp_path: Path,
) -> None:
    port = free_port()
    config = one(LISTENER.format(first=DEAF, port=port), f"address: '127.0.0.1:{port}', stop_timeout: 1,")
    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        pid = (await fujita.until_state("one", "running"))["pid"]
        await fujita.until_log("one", "ready")
        began = time.monotonic()
        assert (await fujita.post("/api/projects/one/stop"))["state"] == "stopping"
        stopped = await fujita.until_state("one", "stopped")
        assert time.monotonic() - began > 0.8
        assert stopped["exit"] == {"code": None, "signal": "SIGKILL"}
        assert living([pid]) == []
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


async def test_stop_kill_and_restart_end_every_kind_of_descendant(tmp_path: Path) -> None:
    async with sidecar(tmp_path, one(TREES, "stop_timeout: 2, autostart: false,")) as fujita, clean(fujita):
        for action in ("stop", "kill", "restart"):
            log = len(await fujita.log("one"))
            await fujita.post("/api/projects/one/start")

            async def pids(log: int = log) -> list[int]:
                while len(found := pids_in((await fujita.log("one"))[log:])) < 6:
                    await asyncio.sleep(0.05)
                return found

            tree = await asyncio.wait_for(pids(), PATIENCE)
            assert len(living(tree)) == 6
            await fujita.post(f"/api/projects/one/{action}")
            if action == "restart":
                await fujita.until_log("one", "was stopped")
                await fujita.until_state("one", "running")
            else:
                await fujita.until_state("one", "stopped")
            assert living(tree) == []
        await fujita.post("/api/projects/one/kill")
        await fujita.until_state("one", "stopped")


async def test_a_tree_that_forks_while_it_is_ended_is_ended(tmp_path: Path) -> None:
    code = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b'ready\\n')
end = time.monotonic() + 20
while time.monotonic() < end:
    if os.fork():
        os._exit(0)
    time.sleep(0.001)
"""
    async with sidecar(tmp_path, one(code, "stop_timeout: 0.5,")) as fujita, alive(fujita):
        await fujita.until_log("one", "ready")
        await fujita.post("/api/projects/one/kill")
        await fujita.until("one", lambda status: status["state"] in ("stopped", "exited"))
        assert [each.pid for each in psutil.process_iter() if is_of(each, fujita)] == []


def is_of(process: psutil.Process, fujita: Fujita) -> bool:
    try:
        return process.environ().get("FUJITA_SIDECAR") == str(fujita.config)
    except psutil.Error:
        return False


async def test_a_stopped_process_obeys_the_stop_button(tmp_path: Path) -> None:
    async with sidecar(tmp_path, one("import time; time.sleep(600)", "stop_timeout: 15,")) as fujita:
        pid = (await fujita.until_state("one", "running"))["pid"]
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        await fujita.post("/api/projects/one/stop")
        stopped = await fujita.until_state("one", "stopped")
        assert stopped["exit"] == {"code": None, "signal": "SIGTERM"}
        assert time.monotonic() - began < 10


async def test_a_hundred_restarts_at_once_leave_one_process(tmp_path: Path) -> None:
    async with sidecar(tmp_path, one("import time; time.sleep(600)")) as fujita, alive(fujita):
        await fujita.until_state("one", "running")
        answers = await asyncio.gather(*(fujita.ask("POST", "/api/projects/one/restart") for _ in range(100)))
        assert {answer.code for answer in answers} <= {200, 202}
        await fujita.until("one", lambda status: status["state"] == "running" and status["restarts"] >= 1)
        assert len(psutil.Process(fujita.pid).children(recursive=True)) == 1


async def test_what_is_stopped_stays_stopped_wherever_it_was(tmp_path: Path) -> None:
    config = (
        "projects:\n  flop: {directory: ., command: 'exit 7', restart: always}\n"
        "  gone: {directory: nowhere, command: 'true'}\n"
        "  deaf: {directory: ., stop_timeout: 60,"
        " command: \"trap '' TERM; echo ready; while :; do sleep 0.05; done\"}\n"
    )
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until("flop", lambda status: status["state"] == "backoff" and status["restarts"] >= 2)
        await fujita.until_state("gone", "waiting")
        for name in ("flop", "gone"):
            assert (await fujita.post(f"/api/projects/{name}/stop"))["state"] == "stopped"
        (tmp_path / "nowhere").mkdir()
        await fujita.until_log("deaf", "ready")
        await fujita.post("/api/projects/deaf/stop")
        began = time.monotonic()
        await fujita.post("/api/projects/deaf/kill")
        await fujita.until_state("deaf", "stopped")
        assert time.monotonic() - began < 30
        await asyncio.sleep(2.5)  # longer than its back-off was, and than a look for the folder takes
        assert {(await fujita.status(name))["state"] for name in ("flop", "gone", "deaf")} == {"stopped"}


async def test_the_start_button_does_not_wait_for_the_back_off(tmp_path: Path) -> None:
    config = "projects: {flop: {directory: ., command: 'test -e mended && sleep 600', restart: always}}"
    async with sidecar(tmp_path, config) as fujita:
        backed = await fujita.until("flop", lambda status: status["state"] == "backoff" and status["restarts"] >= 3)
        (tmp_path / "mended").touch()
        await fujita.post("/api/projects/flop/start")
        running = await fujita.until_state("flop", "running")
        assert running["since"] < backed["retry"]


def executable(text: str | bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o755)

    return make


UNSTARTABLE: dict[str, Callable[[Path], object]] = {
    "is missing": lambda path: None,
    "is a folder": lambda path: path.mkdir(),
    "is not executable": lambda path: path.write_text("#!/bin/sh\nsleep 600\n"),
    "has no shebang": executable("sleep 600\n"),
    "is a dangling link": lambda path: path.symlink_to("/nonexistent"),
    "links to itself": lambda path: path.symlink_to(path),
    "is for another machine": executable(b"\x7fELF\x01\x02\x01" + bytes(9) + b"\0\2\0\x08" + bytes(100)),
    "has a shebang that is missing": executable("#!/nonexistent/sh\n"),
    "is empty": executable(""),
}


async def test_a_program_that_cannot_be_started_is_named_with_the_reason_and_starts_when_it_is_mended(
    tmp_path: Path,
) -> None:
    names = [f"p{number}" for number in range(len(UNSTARTABLE))]
    for name, make in zip(names, UNSTARTABLE.values(), strict=True):
        (tmp_path / name).mkdir()
        make(tmp_path / name / "program")
    config = "projects:\n" + "".join(f"  {name}: {{directory: {name}, command: [./program]}}\n" for name in names)
    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        for name, kind in zip(names, UNSTARTABLE, strict=True):
            told = await fujita.until(name, lambda status: status["state"] in ("waiting", "exited"))
            assert len(told["summary"]) > 10, (kind, told)
            if told["state"] == "waiting":
                assert "program" in told["summary"], (kind, told)
            assert (await fujita.ask("POST", f"/api/projects/{name}/start")).code in (200, 202)
            await fujita.until(name, lambda status: status["state"] in ("waiting", "exited"))
        for name in names:
            program = tmp_path / name / "program"
            if program.is_dir():
                program.rmdir()
            program.unlink(missing_ok=True)
            program.write_text("#!/bin/sh\nsleep 600\n")
            program.chmod(0o755)
            (tmp_path / name / "touched.py").touch()
        for name, kind in zip(names, UNSTARTABLE, strict=True):
            try:
                await fujita.until_state(name, "running")
            except AssertionError as error:
                raise AssertionError(f"what {kind} did not start when it was mended") from error


async def test_a_directory_that_is_none_is_named_and_waited_for(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    config = (
        "projects:\n  file: {directory: file, command: [sleep, '600']}\n"
        "  loop: {directory: loop, command: [sleep, '600']}\n"
        "  gone: {directory: gone, python: .venv/bin/python, address: '127.0.0.1:1'}\n"
    )
    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        for name in ("file", "loop", "gone"):
            assert name in (await fujita.until_state(name, "waiting"))["summary"]
        for name in ("file", "loop"):
            (tmp_path / name).unlink()
            (tmp_path / name).mkdir()
            await fujita.until_state(name, "running")
        (tmp_path / "gone").mkdir()
        waiting = await fujita.until("gone", lambda status: ".venv/bin/python" in status["summary"])
        assert waiting["state"] == "waiting"


LIBC_SIGNALS = 1 << 31 | 1 << 32
"""32 and 33 are the C library's own (signal(7)): GNU make starts its children with both ignored for good."""


async def test_a_process_inherits_nothing_of_the_sidecars_own(tmp_path: Path) -> None:
    command = (
        "ls /proc/self/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status; umask; env; systemd-notify --ready; echo done"
    )
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(PATIENCE)
    told = {
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "1000000",
        "FUJITA_TOKEN": "secret",
        "MAINPID": "1",
    }
    config = f"projects: {{one: {{directory: ., command: {json.dumps(command)}, restart: never}}}}"
    async with sidecar(tmp_path, config, environment=told) as fujita:
        await fujita.until_log("one", "done")
        said = [line for record in [await fujita.log("one")] for line in record.splitlines()]
        assert [line for line in said if line.isdigit() and len(line) == 1] == ["0", "1", "2", "3"]  # 3: the listing
        assert "SigBlk:\t0000000000000000" in said
        (ignored,) = [int(line.split()[1], 16) for line in said if line.startswith("SigIgn:")]
        assert ignored & ~LIBC_SIGNALS == 0
        names = {line.partition("=")[0] for line in said if "=" in line}
        assert not names & {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "MAINPID", "FUJITA_TOKEN"}
        mask = os.umask(0o22)
        os.umask(mask)
        assert f"{mask:04o}" in said
        notes = listening.recv(4096)
        assert notes.startswith(b"READY=1\nSTATUS=")
    listening.close()


async def test_a_hundred_daemons_leave_no_zombie(tmp_path: Path) -> None:
    command = "i=0; while [ $i -lt 100 ]; do (true &); i=$((i+1)); done; echo done; sleep 600"
    async with sidecar(tmp_path, f"projects: {{one: {{directory: ., command: '{command}'}}}}") as fujita, clean(fujita):
        await fujita.until_log("one", "done")


async def test_typed_text_is_whole_or_refused_at_once_and_never_mixed(tmp_path: Path) -> None:
    config = (
        "projects:\n"
        "  cat: {directory: ., command: [cat]}\n"
        "  deaf: {directory: ., command: [sleep, '600']}\n"
        "  closed: {directory: ., command: 'exec 0<&-; exec sleep 600'}\n"
        "  off: {directory: ., command: [cat], autostart: false}\n"
    )

    async def type_(name: str, text: str) -> int:
        return (await fujita.ask("POST", f"/api/projects/{name}/input", {"text": text})).code

    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        for name in ("cat", "deaf", "closed"):
            await fujita.until_state(name, "running")
        lines = [f"{number:02d}" * 500 + "\n" for number in range(50)]
        assert set(await asyncio.gather(*(type_("cat", line) for line in lines))) == {204}
        await type_("cat", "the end\n")
        records = await fujita.until_log("cat", "the end\n")
        await asyncio.sleep(0.2)
        records = await fujita.until_log("cat", "the end\n")
        echoed = "".join(record["text"] for record in records if record["stream"] == "stdout")
        assert set(echoed.splitlines(keepends=True)) - {"the end\n"} <= set(lines)
        assert await type_("cat", "x" * 70_000) == 413
        codes = [await type_("deaf", "x" * 30_000) for _ in range(35)]
        assert codes[0] == 204
        assert codes[-1] == 409
        assert set(codes) == {204, 409}
        while await type_("closed", "n\n") != 409:  # it lives, which is not yet to have closed its stdin
            await asyncio.sleep(0.05)
        assert await type_("off", "n\n") == 409
        assert await type_("cat", "\x04no newline") == 204
        os.kill((await fujita.status("cat"))["pid"], signal.SIGKILL)
        assert await type_("cat", "too late\n") in (204, 409)


async def test_a_sign_of_how_it_ended_is_kept(tmp_path: Path) -> None:
    ends: dict[str, tuple[str, Json]] = {
        "segv": (python("import os; os.kill(os.getpid(), 11)"), {"code": None, "signal": "SIGSEGV"}),
        "abort": (python("import os; os.abort()"), {"code": None, "signal": "SIGABRT"}),
        "kill": (python("import os; os.kill(os.getpid(), 9)"), {"code": None, "signal": "SIGKILL"}),
        "code": (python("import os; os._exit(255)"), {"code": 255, "signal": None}),
    }
    config = "projects:\n" + "".join(f"  {name}: {{directory: ., command: {end[0]}}}\n" for name, end in ends.items())
    async with sidecar(tmp_path, config) as fujita:
        for name, (_, exit) in ends.items():
            status = await fujita.until_state(name, "exited")
            assert status["exit"] == exit
            assert str(exit["signal"] or exit["code"]) in status["summary"]


async def test_a_command_beside_the_server_ends_with_it_and_runs_once(tmp_path: Path) -> None:
    config = (
        "projects: {one: {directory: ., command: [sleep, '600'], autostart: false, stop_timeout: 1, "
        "commands: {long: [sleep, '600'], ask: [cat]}}}"
    )
    async with sidecar(tmp_path, config) as fujita, clean(fujita):
        await fujita.post("/api/projects/one/run", {"command": "ask"})
        await fujita.until_log("one", "ask: ended with code 0")  # it reads the end of its input at once
        answers = await asyncio.gather(
            *(fujita.ask("POST", "/api/projects/one/run", {"command": "long"}) for _ in range(2))
        )
        assert sorted(answer.code for answer in answers) == [202, 409]
        children = family(fujita.pid)[1:]
        fujita.write_config("projects: {two: {directory: ., command: [sleep, '600'], autostart: false}}")
        assert (await fujita.ask("POST", "/api/reload")).code == 200
        assert living(children) == []


async def test_crashes_and_starts_leave_nothing_behind(tmp_path: Path) -> None:
    config = (
        "projects:\n  flop: {directory: ., command: [sh, -c, 'exit 3'], restart: never, autostart: false}\n"
        "  one: {directory: ., command: [sleep, '600'], autostart: false, commands: {hello: [echo, hello]}}\n"
    )
    async with sidecar(tmp_path, config) as fujita, clean(fujita):

        async def rounds(count: int) -> None:
            for _ in range(count):
                await fujita.post("/api/projects/flop/start")
                await fujita.post("/api/projects/one/start")
                await fujita.post("/api/projects/one/run", {"command": "hello"})
                await fujita.until_state("flop", "exited")
                await fujita.until("one", lambda status: status["run"] is None)
                await fujita.post("/api/projects/one/kill")
                await fujita.until_state("one", "stopped")

        await rounds(5)
        threads = psutil.Process(fujita.pid).num_threads()
        before = rss(fujita)
        await rounds(15)
        assert rss(fujita) - before < 8 * 1024 * 1024
        assert psutil.Process(fujita.pid).num_threads() <= max(threads, 12)
