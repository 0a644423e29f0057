"""Tab in a shell: commands, options, projects and their commands."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import COMMAND, environment, fujita, shell
from tests.sidecar import Fujita

PRESS_TAB = """
eval "$(fujita shell-completion bash)"
COMP_WORDS=({words}) COMP_CWORD=$(({count} - 1))
_fujita
echo "${{COMPREPLY[*]}}"
"""


async def completed(running: Fujita | None, *words: str) -> list[str]:
    """What bash offers for the last of `words`."""
    script = PRESS_TAB.format(words=" ".join(f"'{word}'" for word in words), count=len(words))
    done = await shell(script, at=running)
    assert done.err == ""
    return done.out.split()


async def test_bash_completes_what_there_is(running: Fujita) -> None:
    assert await completed(running, "fujita", "st") == ["status", "start", "stop"]
    assert await completed(running, "fujita", "logs", "") == ["counter", "quiet", "bad"]
    assert await completed(running, "fujita", "logs", "counter", "q") == ["quiet"]
    assert await completed(running, "fujita", "run", "c") == ["counter"]
    assert await completed(running, "fujita", "run", "counter", "f") == ["fine"]
    assert "--follow" in await completed(running, "fujita", "logs", "--f")
    assert await completed(running, "fujita", "shell-completion", "z") == ["zsh"]


async def test_without_a_sidecar_it_is_silent() -> None:
    assert await completed(None, "fujita", "--nothing") == []


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
async def test_the_script_is_one_that_the_shell_reads(name: str) -> None:
    done = await fujita("shell-completion", name)
    assert done.status == 0 and all(word in done.out for word in ("status", "logs", "--names"))
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"there is no {name} here")
    subprocess.run([program, "-n"], input=done.out, text=True, check=True)


async def test_fish_completes_what_there_is(running: Fujita, tmp_path: Path) -> None:
    if not shutil.which("fish"):
        pytest.skip("there is no fish here")
    (tmp_path / "fujita").write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    (tmp_path / "fujita").chmod(0o755)
    script = 'fujita shell-completion fish | source; complete -C "fujita st"; complete -C "fujita logs c"'
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["fish", "-c", script],
        env=environment(running, PATH=path, HOME=str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["start", "status", "stop", "counter"]
