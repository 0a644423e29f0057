"""What it takes to start a project: its folder, its python, its manage.py, and the command that comes of them."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.project.python import python_of

SHELL = "/bin/sh"


@dataclass(frozen=True, slots=True)
class Launch:
    """A program and its arguments, the folder it runs in, and what is added to its environment."""

    argv: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]


def server(project: ProjectConfig) -> Launch:
    """`runserver`, or the `command` that the config gave in its place."""
    if project.command is not None:
        return _launch(project, program(project.command))
    addrport = (project.address,) if project.address else ()
    return manage(project, ("runserver", *addrport, *project.options))


def manage(project: ProjectConfig, arguments: Sequence[str]) -> Launch:
    """`manage.py` with the project's python."""
    return _launch(project, (python_of(project), project.manage, *arguments))


def command(project: ProjectConfig, name: str) -> Launch:
    """One of `commands`: a string holds arguments for manage.py, a list is any program."""
    asked = project.commands[name]
    return manage(project, shlex.split(asked)) if isinstance(asked, str) else _launch(project, asked)


def unobtrusively(asked: Launch) -> Launch:
    """The same with the lowest priority: what people wait for comes first (nice(1))."""
    return replace(asked, argv=("nice", "-n", "19", *asked.argv))


def program(command: str | Sequence[str]) -> tuple[str, ...]:
    """A list runs as it is; only a string was meant for a shell."""
    return (SHELL, "-c", command) if isinstance(command, str) else tuple(command)


def missing(project: ProjectConfig) -> str | None:
    """What is not there yet, in words, or None. Looks at the disk, which may hang where a mount does."""
    try:
        return _missing(project)
    except OSError as error:  # ENOTCONN, EIO, ESTALE: a mount that died
        return words.unreachable(project.directory, error.strerror or str(error))


def _missing(project: ProjectConfig) -> str | None:
    directory = project.directory
    if not directory.exists():
        return words.missing_path(directory)
    if not directory.is_dir():
        return words.not_a_folder(directory)
    if not os.access(directory, os.R_OK | os.X_OK):
        return words.not_readable(directory)
    if project.command is None:
        return _missing_program(project, python_of(project)) or _missing_file(directory / project.manage)
    if isinstance(project.command, str):
        return None
    return _missing_program(project, project.command[0])


def _missing_program(project: ProjectConfig, name: str) -> str | None:
    if "/" not in name:
        path = _environment(project).get("PATH", os.environ.get("PATH"))
        return None if shutil.which(name, path=path) else words.missing_program(name)
    file = project.directory / name
    if sentence := _missing_file(file):
        return sentence
    return None if os.access(file, os.X_OK) else words.not_executable(file)


def _missing_file(path: Path) -> str | None:
    if not path.exists():
        return words.missing_path(path)
    return None if path.is_file() else words.not_a_file(path)


def _launch(project: ProjectConfig, argv: tuple[str, ...]) -> Launch:
    return Launch(argv, str(project.directory), _environment(project))


def _environment(project: ProjectConfig) -> dict[str, str]:
    """The project's own variables; its virtual environment comes first in PATH, as if it were activated."""
    environment: dict[str, str] = {}
    python = Path(python_of(project))
    if (python.parent.parent / "pyvenv.cfg").is_file():
        environment["VIRTUAL_ENV"] = str(python.parent.parent)
        environment["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if project.settings:
        environment["DJANGO_SETTINGS_MODULE"] = project.settings
    return {**environment, **project.environment}
