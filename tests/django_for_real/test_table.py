"""Every way in which Django is known not to start, on every Django that runs here: the state it ends in, the words, the
file and line to mend; and that it runs again by itself wherever that was promised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import djangos
from tests.django_for_real.cases import AT_START, BROKEN, EXITED, SHORT, WHILE_RUNNING, Case
from tests.django_for_real.play import Copy, Stage, broken_at_start, broken_while_running
from tests.sidecar import sidecar

FAST = {djangos.available()[0], djangos.newest()}


@pytest.mark.parametrize(
    "version",
    [pytest.param(each, marks=[] if each in FAST else pytest.mark.slow) for each in djangos.available()],
)
@pytest.mark.parametrize("cases", [BROKEN, EXITED + AT_START], ids=["lives", "ends"])
async def test_what_is_broken_at_start_is_named_and_heals(
    version: str, cases: Sequence[Case], tmp_path: Path, project: Copy
) -> None:
    stage = Stage(cases, djangos.python_with(version), version, project)
    async with sidecar(tmp_path, stage.config) as fujita:
        await stage.play(broken_at_start, fujita)


@pytest.mark.parametrize("version", djangos.available())
@pytest.mark.parametrize("cases", [SHORT, pytest.param(WHILE_RUNNING, marks=pytest.mark.slow)], ids=["short", "all"])
async def test_what_is_broken_while_it_runs_is_named_and_heals(
    version: str, cases: Sequence[Case], tmp_path: Path, project: Copy
) -> None:
    stage = Stage(cases, djangos.python_with(version), version, project)
    async with sidecar(tmp_path, stage.config) as fujita:
        await stage.play(broken_while_running, fujita)
