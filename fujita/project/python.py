"""Which python a project uses. Asked at each start, because a virtual environment may come later."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from fujita.config.models import ProjectConfig

ENVIRONMENTS = (".venv", "venv")
LAST_RESORT = "python3"


def python_of(project: ProjectConfig) -> str:
    """The configured one, else that of the nearest virtual environment in or above its directory, else python3."""
    if project.python:
        return project.python
    return next((str(path) for path in _candidates(project.directory) if _is_file(path)), LAST_RESORT)


def _candidates(directory: Path) -> Iterator[Path]:
    for folder in (directory, *directory.parents):
        for name in ENVIRONMENTS:
            yield folder / name / "bin" / "python"


def _is_file(path: Path) -> bool:
    """Not for a folder that may not be read, nor for a link to a python that only the host has."""
    return os.path.isfile(path)  # noqa: PTH113 - Path.is_file raises where access is denied
