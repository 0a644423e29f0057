"""`fujita serve`: which config it takes, and that it needs nobody to read what it says."""

from __future__ import annotations

import asyncio
import os
import pty
from pathlib import Path

from tests.cli.command import COMMAND, environment, fujita, shell
from tests.sidecar import PATIENCE, free_port, sidecar

CONFIG = "console: {{listen: '127.0.0.1:{port}'}}\nprojects: {{quiet: {{directory: ., command: [sleep, '600']}}}}\n"


async def until_it_answers(url: str) -> None:
    while (await fujita("status", "quiet", at=url)).status:
        pass


async def test_it_lives_on_when_nobody_reads_what_it_says(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "fujita.yml").write_text(CONFIG.format(port=port))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    script = "set -o pipefail; fujita serve 2>&1 | head -n 1"
    serving = asyncio.create_task(shell(script, cwd=tmp_path, RUNTIME_DIRECTORY=str(runtime)))
    url = f"http://127.0.0.1:{port}"
    await asyncio.wait_for(until_it_answers(url), PATIENCE)
    assert (await fujita("restart", "quiet", at=url)).status == 0, "more was said than head reads"
    assert (await fujita("status", "quiet", at=url)).status == 0
    pid = next(runtime.glob("*.lock")).read_text()
    os.kill(int(pid), 15)
    done = await serving
    assert done.status == 0 and done.out == f"fujita: listening on {url}/\n"


async def test_it_lives_on_when_its_terminal_is_closed(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "fujita.yml").write_text(CONFIG.format(port=port))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "serve",
        cwd=tmp_path, env=environment(RUNTIME_DIRECTORY=str(runtime)),
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    url = f"http://127.0.0.1:{port}"
    try:
        await asyncio.wait_for(until_it_answers(url), PATIENCE)
        os.close(master)
        assert (await fujita("restart", "quiet", at=url)).status == 0
        assert (await fujita("reload", at=url)).status == 0
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def test_what_it_says_does_nothing_to_its_terminal(tmp_path: Path, django_python: str) -> None:
    fails = """import sys; sys.stderr.write(
        'Traceback (most recent call last):\\n  File "\\x1b]0;evil\\x07x.py", line 1, in <module>\\nValueError: boom\\n'
    ); sys.exit(1)"""
    (tmp_path / "manage.py").write_text(fails)
    config = (
        f'projects: {{one: {{directory: ., python: {django_python}, title: "a\\u202eb", '
        f"address: 127.0.0.1:{free_port()}}}}}"
    )
    async with sidecar(tmp_path, config) as running:
        exited = await running.until_state("one", "exited")
        assert exited["problem"]["kind"] == "ValueError"
        await running.end()
    said = "".join(running.stderr)
    assert "a<U+202E>b: Django exited: ValueError in" in said
    assert not [letter for letter in said if letter != "\n" and not letter.isprintable()]
