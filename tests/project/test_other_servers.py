"""Promises about programs that are not runserver: what can be known without reading their words, and nothing else."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.sidecar import Fujita, free_port, sidecar

Copy = Callable[..., Path]
PYTHON = sys.executable
WORDS_OF_DJANGO = """
import sys, time
print("Performing system checks...", flush=True)
sys.stderr.write('''Exception in thread django-main-thread:
Traceback (most recent call last):
  File "worker.py", line 3, in <module>
ValueError: of a job
''')
sys.stderr.write("Error: That port is already in use.\\n")
sys.stderr.flush()
time.sleep(600)
"""


def project(command: str, more: str = "") -> str:
    return f"projects:\n  web:\n    directory: .\n    title: Web\n    command: {command}\n{more}"


async def test_a_server_with_an_address_is_running_when_it_listens_and_not_before(tmp_path: Path) -> None:
    port = free_port()
    slow = f"sleep 6; exec {PYTHON} -m http.server {port}"
    async with sidecar(tmp_path, project(f'"{slow}"', f"    address: 0.0.0.0:{port}\n")) as fujita:
        starting = await fujita.until_state("web", "starting")
        await asyncio.sleep(1)  # longer than a process without a port needs to count as running
        assert (await fujita.status("web"))["state"] == "starting"
        assert starting["summary"] == "Web is starting"
        running = await fujita.until_state("web", "running")
        assert running["url"] == f"http://localhost:{port}/"
        psutil.Process(running["pid"]).kill()
        exited = await fujita.until_state("web", "exited")
        assert exited["exit"] == {"code": None, "signal": "SIGKILL"}
        assert exited["summary"].startswith("Web exited: it was killed, by somebody or ")


async def test_a_worker_counts_as_running_while_it_lives_and_its_end_is_told(tmp_path: Path) -> None:
    worker = tmp_path / "worker.py"
    worker.write_text("import time\ntime.sleep(8)\nraise KeyError('job')\n")
    async with sidecar(tmp_path, project(f"[{PYTHON}, worker.py]")) as fujita:
        await fujita.until_state("web", "running")
        exited = await fujita.until_state("web", "exited")
        assert exited["problem"]["kind"] == "KeyError"
        assert (exited["problem"]["file"], exited["problem"]["line"]) == ("worker.py", 3)
        await asyncio.sleep(0.5)  # a person needs longer to mend it
        worker.write_text("import time\ntime.sleep(600)\n")
        running = await fujita.until_state("web", "running")
        assert running["problem"] is None


async def test_no_words_of_a_worker_change_its_state(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text(WORDS_OF_DJANGO)
    port = free_port()
    for more, state in (("", "running"), (f"    address: 127.0.0.1:{port}\n", "starting")):
        async with sidecar(tmp_path, project(f"[{PYTHON}, worker.py]", more)) as fujita:
            states = await states_until_quiet(fujita)
            assert "broken" not in states
            assert states[-1] == state


async def states_until_quiet(fujita: Fujita) -> list[str]:
    await fujita.until_log("web", "already in use")
    states = []
    for _ in range(15):
        states.append((await fujita.status("web"))["state"])
        await asyncio.sleep(0.1)
    return states


@pytest.mark.parametrize("code", [3, 245, 255])
async def test_the_exit_code_of_another_program_is_told_as_it_is(tmp_path: Path, code: int) -> None:
    async with sidecar(tmp_path, project(f"'sleep 1; exit {code}'")) as fujita:
        exited = await fujita.until_state("web", "exited")
        assert exited["exit"] == {"code": code, "signal": None}
        assert exited["summary"].startswith(f"Web exited with code {code}")


async def test_a_front_end_server_that_died_starts_when_its_source_is_saved(tmp_path: Path) -> None:
    (tmp_path / "vite.config.js").write_text("wrong")
    async with sidecar(tmp_path, project('"grep -q right vite.config.js && exec sleep 600"')) as fujita:
        await fujita.until_state("web", "exited")
        (tmp_path / "vite.config.js").write_text("right")
        await fujita.until_state("web", "running")
        assert "because vite.config.js was saved" in await fujita.log("web")
