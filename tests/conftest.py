"""Fixtures that more than one room needs. Real sidecars are in `tests/sidecar.py`, Djangos in `tests/djangos.py`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import djangos

hypothesis.settings.register_profile("busy", deadline=None)  # of time, that is: other people use this machine too
hypothesis.settings.load_profile("busy")

PROJECTS = Path(__file__).parent / "projects"


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    from tests.parallel import Schedule

    return Schedule(config, log)


@pytest.fixture
def django_python() -> str:
    """The python of the newest Django that runs here."""
    return djangos.python_with(djangos.newest())


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of one of the sample projects, for the test to break."""

    def copy(name: str, to: str | None = None) -> Path:
        target = tmp_path / (to or name)
        shutil.copytree(PROJECTS / name, target)
        return target

    return copy
