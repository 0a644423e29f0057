"""Every way in which Django is known not to start, on every Django that runs here: the state it ends in, the words, the
file and line to mend; and that it runs again by itself wherever that was promised."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import djangos
from tests.django_for_real.cases import AT_START, BROKEN, DIFFERENT, EXITED, SHORT, WHILE_RUNNING, Case
from tests.django_for_real.play import Copy, Stage, broken_at_start, broken_while_running
from tests.sidecar import sidecar

OLDEST, NEWEST = djangos.available()[0], djangos.newest()
DIFFERENT_ENOUGH = [version for version in djangos.available() if version in (OLDEST, "4.2", "5.2")]
"""Versions of which each `make test` plays what they do differently; `make test-slow` plays all cases on all."""
ALL = [pytest.param(each, marks=[] if each == NEWEST else pytest.mark.slow) for each in djangos.available()]


async def play_at_start(version: str, cases: Sequence[Case], tmp_path: Path, project: Copy) -> None:
    stage = Stage(cases, djangos.python_with(version), version, project)
    async with sidecar(tmp_path, stage.config) as fujita:
        await stage.play(broken_at_start, fujita)


@pytest.mark.parametrize("version", ALL)
@pytest.mark.parametrize("cases", [BROKEN, EXITED + AT_START], ids=["lives", "ends"])
async def test_what_is_broken_at_start_is_named_and_heals(
    version: str, cases: Sequence[Case], tmp_path: Path, project: Copy
) -> None:
    await play_at_start(version, cases, tmp_path, project)


@pytest.mark.parametrize("version", DIFFERENT_ENOUGH)
async def test_what_versions_do_differently_is_named_and_heals(version: str, tmp_path: Path, project: Copy) -> None:
    await play_at_start(version, DIFFERENT, tmp_path, project)


@pytest.mark.parametrize(
    ("cases", "version"),
    [(SHORT, OLDEST), (SHORT, NEWEST)]
    + [pytest.param(WHILE_RUNNING, version, marks=pytest.mark.slow) for version in djangos.available()],
)
async def test_what_is_broken_while_it_runs_is_named_and_heals(
    version: str, cases: Sequence[Case], tmp_path: Path, project: Copy
) -> None:
    stage = Stage(cases, djangos.python_with(version), version, project)
    async with sidecar(tmp_path, stage.config) as fujita:
        await stage.play(broken_while_running, fujita)
