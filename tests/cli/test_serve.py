"""`fujita serve`: which config it takes, and that it needs nobody to read what it says."""

from __future__ import annotations

import asyncio
import os
import pty
from pathlib import Path

from tests.cli.command import COMMAND, environment, fujita, shell
from tests.sidecar import PATIENCE, free_port

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
