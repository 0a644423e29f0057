"""Tab in a shell: commands, options, projects and their commands."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.cli.command import fujita, shell
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
