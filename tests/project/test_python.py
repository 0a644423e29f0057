"""Which python a project uses, wherever its virtual environment lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from fujita.config.models import ProjectConfig
from fujita.project.python import python_of


def environment(folder: Path) -> str:
    """The python of a virtual environment in `folder`."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch(0o755)
    return str(python)


def found(directory: Path, python: str | None = None) -> str:
    return python_of(ProjectConfig(name="blog", directory=directory, python=python))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "site" / "src" / "blog"
    path.mkdir(parents=True)
    return path


def test_the_nearest_environment_is_used(directory: Path) -> None:
    far = environment(directory.parent.parent / "venv")
    assert found(directory) == far
    near = environment(directory.parent / "venv")
    assert found(directory) == near
    hidden = environment(directory.parent / ".venv")
    assert found(directory) == hidden
    own = environment(directory / "venv")
    assert found(directory) == own


def test_an_environment_may_come_later_and_go(directory: Path) -> None:
    assert found(directory) == "python3"
    python = environment(directory / ".venv")
    assert found(directory) == python
    Path(python).unlink()
    assert found(directory) == "python3"


def test_the_configured_one_is_taken_as_it_is(directory: Path) -> None:
    environment(directory / ".venv")
    assert found(directory, "python3.12") == "python3.12"
    assert found(directory, "/nowhere/python") == "/nowhere/python"


def test_what_only_the_host_can_start_is_passed_over(directory: Path) -> None:
    """A virtual environment made on the host: its python is a link to one that the box does not have."""
    python = Path(environment(directory / ".venv"))
    python.unlink()
    python.symlink_to("/opt/homebrew/bin/python3")
    (directory / "venv").symlink_to("venv")
    above = environment(directory.parent / ".venv")
    assert found(directory) == above


def test_a_folder_that_is_not_there_yet_has_none_of_its_own(directory: Path) -> None:
    above = environment(directory / ".venv")
    assert found(directory / "not" / "mounted") == above
    assert found(Path("/not/mounted")) == "python3"
