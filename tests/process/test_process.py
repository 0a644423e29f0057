"""Promises of a process: its output arrives to the last byte, and nothing of its tree outlives its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fujita.process.cgroup import Cgroup
from fujita.process.process import Exit, Process
from fujita.process.reaper import Reaper
from fujita.process.starter import Starter
from fujita.process.tree import end_orphans

PATIENCE = 15

Start = Callable[..., Process]
Output = list[tuple[str, str]]


@pytest.fixture
def output() -> Output:
    return []


@pytest.fixture
def cgroup() -> Iterator[Cgroup]:
    """A control group of the test's own, as systemd delegates one to a unit."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    mount = next((Path(path) for _, path, kind, *_ in mounts if kind == "cgroup2"), None)
    if mount is None or not os.access(mount, os.W_OK):
        pytest.skip("needs root, and cgroup v2")
    folder = mount / f"fujita-tests-{os.getpid()}"
    folder.mkdir()
    before = mount / Path("/proc/self/cgroup").read_text().partition("0::/")[2].strip()
    try:
        yield Cgroup(folder)
    finally:
        (before / "cgroup.procs").write_text(str(os.getpid()))
        left = [entry for entry in folder.iterdir() if entry.is_dir()]
        folder.rmdir()
        assert not left


@pytest.fixture(params=["by its marker", "in a control group"])
async def start(tmp_path: Path, output: Output, request: pytest.FixtureRequest) -> Callable[..., Process]:
    """Starts python code (or an argv) as a process whose output goes to `output`."""
    cgroup = request.getfixturevalue("cgroup") if request.param == "in a control group" else None
    starter = Starter(Reaper(), {"FUJITA_SIDECAR": str(tmp_path), "FUJITA_PROJECT": "blog"}, cgroup)

    def start(code: str = "", argv: list[str] | None = None, **environment: str) -> Process:
        return starter.start(
            argv or [sys.executable, "-c", code],
            str(tmp_path),
            environment,
            lambda stream, text: output.append((stream, text)),
        )

    return start


@pytest.fixture(autouse=True)
def _reaping_as_before() -> Iterator[None]:
    """A Reaper takes the SIGCHLDs of the whole process: give them back."""
    yield
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


async def printed(output: Output, text: str) -> str:
    """Waits until `text` was printed on stdout; returns all of it."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while text not in (all := "".join(text for stream, text in output if stream == "stdout")):
        assert asyncio.get_running_loop().time() < deadline, output
        await asyncio.sleep(0.01)
    return all


async def over(process: Process) -> Exit:
    return await asyncio.wait_for(process.run(), PATIENCE)


def alive(pids: list[int]) -> list[int]:
    living = []
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                living.append(pid)
        except psutil.NoSuchProcess:
            pass
    return living


async def test_an_exit_code_is_reported(start: Start) -> None:
    assert await over(start("raise SystemExit(7)")) == Exit(code=7)


async def test_a_signal_is_reported_by_name(start: Start) -> None:
    assert await over(start("import os; os.abort()")) == Exit(signal="SIGABRT")


async def test_a_program_that_is_not_there_says_so_at_once(start: Start) -> None:
    with pytest.raises(FileNotFoundError):
        start(argv=["/nonexistent/program"])


async def test_its_last_words_arrive_whole_even_if_it_is_killed_with_them(start: Start, output: Output) -> None:
    for _ in range(20):
        output.clear()
        await over(start("import os; os.write(1, b'x' * 60_000 + b'end'); os.kill(os.getpid(), 9)"))
        assert "".join(text for _, text in output) == "x" * 60_000 + "end"


async def test_the_streams_are_kept_apart(start: Start, output: Output) -> None:
    await over(start("import sys; print('out'); print('err', file=sys.stderr)"))
    assert sorted(output) == [("stderr", "err\n"), ("stdout", "out\n")]


async def test_it_inherits_three_descriptors_and_no_other(start: Start, output: Output) -> None:
    with socket.socket() as ours:
        os.set_inheritable(ours.fileno(), True)
        await over(start("import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"))
    assert output == [("stdout", "[0, 1, 2, 3]\n")]  # 3 is the listing itself


async def test_it_starts_with_default_signals_and_none_blocked(start: Start, output: Output) -> None:
    await over(start("print(*[l for l in open('/proc/self/status') if l.startswith(('SigBlk', 'SigIgn'))])"))
    said = "".join(text for _, text in output)
    blocked, ignored = (int(line.split()[1], 16) for line in said.splitlines() if line.strip())
    assert blocked == 0
    # SIGPIPE and SIGXFSZ: python ignores them at its own start. 32 and 33 are the C library's own (signal(7)): GNU make
    # starts its children with both ignored, and nobody can undo that. SIGHUP: the tests may run under nohup.
    ours = signal.SIGHUP if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else signal.SIGPIPE
    pardoned = (ours, signal.SIGPIPE, signal.SIGXFSZ, 32, 33)
    assert ignored & ~sum({1 << number - 1 for number in pardoned}) == 0


async def test_it_does_not_learn_what_systemd_told_the_sidecar(
    start: Start, output: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "MAINPID", "FUJITA_TOKEN", "JOURNAL_STREAM"):
        monkeypatch.setenv(name, "1")
    await over(start("import os; print(*sorted(os.environ))", OWN="1"))
    names = "".join(text for _, text in output).split()
    assert "OWN" in names
    assert "PYTHONUNBUFFERED" in names
    assert not [name for name in names if name.startswith(("NOTIFY", "WATCHDOG", "LISTEN", "MAINPID", "FUJITA_TOKEN"))]
    assert "JOURNAL_STREAM" not in names


TREES = {
    "ignores every polite signal": """
import signal
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
""",
    "has a grandchild in a session of its own": """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
os.write(1, b'pid %d\\n' % child.pid)
""",
    "double-forked a daemon": """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.write(1, b'pid %d\\n' % os.getpid())
        time.sleep(600)
    os._exit(0)
os.wait()
""",
    "has a child that ignores SIGTERM": """
import subprocess, sys
code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
os.write(1, b'pid %d\\n' % child.pid)
""",
}


@pytest.mark.parametrize("tree", TREES.values(), ids=TREES.keys())
async def test_nothing_of_a_tree_outlives_its_stop(start: Start, output: Output, tree: str) -> None:
    process = start(
        f"import time, os\n{tree}\nos.write(1, b'pid %d\\n' % os.getpid())\nprint('ready', flush=True)\ntime.sleep(600)"
    )
    pids = [int(line.split()[1]) for line in (await printed(output, "ready")).splitlines() if line.startswith("pid")]
    assert alive(pids) == pids
    process.end(0.5)
    await over(process)
    assert alive(pids) == []


async def test_a_daemon_that_outlives_its_parent_is_ended_with_it(start: Start, output: Output) -> None:
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
raise SystemExit(3)
"""
    assert await over(start(code)) == Exit(code=3)
    assert alive([int(output[0][1])]) == []


@pytest.mark.parametrize("start", ["in a control group"], indirect=True)
async def test_a_daemon_without_parent_session_or_marker_does_not_leave_its_control_group(
    start: Start, output: Output
) -> None:
    process = start("""
import os, time
if os.fork() == 0:
    os.setsid()
    pid = os.fork()
    if pid:
        os.write(1, b"%d ready\\n" % pid)
        os._exit(0)
    os.execve("/bin/sleep", ["sleep", "600"], {})
time.sleep(600)
""")
    daemon = int((await printed(output, "ready")).split()[0])
    process.end(0.5)
    await over(process)
    assert alive([daemon]) == []


@pytest.mark.parametrize("start", ["in a control group"], indirect=True)
async def test_what_ended_is_in_the_cpu_time_of_its_group(start: Start, output: Output) -> None:
    process = start("""
import subprocess, sys
subprocess.run([sys.executable, "-c", "for _ in range(3_000_000): pass"])
print("ready", flush=True); input()
""")
    await printed(output, "ready")
    assert process.tree.group
    assert (process.tree.group.cpu_seconds() or 0) > 0.01
    process.end(0)
    await over(process)


async def test_a_stopped_process_can_be_ended(start: Start, output: Output) -> None:
    process = start("import time; print('ready', flush=True); time.sleep(600)")
    await printed(output, "ready")
    os.kill(process.pid, signal.SIGSTOP)
    process.end(10)
    assert await over(process) == Exit(signal="SIGTERM")


async def test_a_gentle_end_lets_a_child_finish_what_it_does_at_exit(
    start: Start, output: Output, tmp_path: Path
) -> None:
    child = f"""
import atexit, pathlib, signal, sys, time
atexit.register(pathlib.Path({str(tmp_path / "tidy")!r}).touch)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True); time.sleep(600)
"""
    parent = f"""
import signal, subprocess, sys
signal.signal(signal.SIGTERM, lambda *_: (child.kill(), sys.exit(0)))  # as Django's reloader does
child = subprocess.Popen([sys.executable, "-c", {child!r}])
sys.exit(child.wait())
"""
    process = start(parent)
    await printed(output, "ready")
    process.end(5, gently=True)
    assert await over(process) == Exit(code=0)
    assert (tmp_path / "tidy").exists()


async def test_orphans_that_double_fork_and_die_leave_no_zombie(start: Start) -> None:
    code = """
import os, time
for _ in range(50):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.01)
        os._exit(0)
    os.wait()
"""
    await over(start(code))
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)


async def test_typed_text_arrives_whole_and_what_nobody_reads_is_refused(start: Start, output: Output) -> None:
    process = start("print('ready', flush=True); print(input(), flush=True); import time; time.sleep(600)")
    await printed(output, "ready")
    assert process.input.write("Grüße\n".encode())
    await printed(output, "Grüße")
    taken = 0
    while process.input.write(b"x" * 1000):
        taken += 1000
        assert taken < 1_000_000
    process.end(0)
    await over(process)


async def test_a_process_that_closes_its_output_and_lives_costs_nothing(start: Start, tmp_path: Path) -> None:
    process = start(
        "import os, pathlib, time; os.close(1); os.close(2);"
        f"pathlib.Path({str(tmp_path / 'closed')!r}).touch(); time.sleep(600)"
    )
    run = asyncio.create_task(process.run())
    while not (tmp_path / "closed").exists():
        await asyncio.sleep(0.01)
    before = psutil.Process().cpu_times()
    await asyncio.sleep(0.5)
    after = psutil.Process().cpu_times()
    assert after.user + after.system - before.user - before.system < 0.25  # a loop that spins takes all of it
    process.end(0)
    await asyncio.wait_for(run, PATIENCE)


async def test_what_a_dead_sidecar_left_is_found_by_its_marker_and_strangers_are_left_alone(
    start: Start, output: Output, tmp_path: Path
) -> None:
    sleeper = "import time; print('ready', flush=True); time.sleep(600)"
    ours = start(sleeper)
    await printed(output, "ready")
    others = {**os.environ, "FUJITA_SIDECAR": "/another/fujita.yml"}
    stranger = await asyncio.create_subprocess_exec(sys.executable, "-c", sleeper, stdout=-1, env=others)
    run = asyncio.create_task(ours.run())
    assert await end_orphans({"FUJITA_SIDECAR": str(tmp_path)}, 2) == 1
    await asyncio.wait_for(run, PATIENCE)
    assert alive([ours.pid, stranger.pid]) == [stranger.pid]
    stranger.kill()
