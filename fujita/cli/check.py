"""`fujita check`: every mistake in the config; or what it leads to: each project's python, Django and manage.py."""

from __future__ import annotations

import argparse
import os
import select
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fujita import words
from fujita.cli.failure import FAILED, Failure
from fujita.cli.terminal import harmless
from fujita.config.load import ConfigError, find, load
from fujita.config.models import Config, ProjectConfig
from fujita.project.python import python_of

ASK = "import sys; print('%d.%d' % sys.version_info[:2]); import django; print(django.get_version())"
"""For python 2.7 as well."""
PATIENCE = 10.0
"""Seconds for a python to answer."""
ANSWER_LIMIT = 4096
AT_ONCE = 4
"""Pythons that are asked at the same time."""


def run(arguments: argparse.Namespace) -> int:
    """Mistakes go to stderr, one a line, and fail; projects that are not ready do not."""
    path = find(arguments.config, os.environ, Path.cwd())
    if path is None:
        raise Failure(words.no_config())
    try:
        config = load(path)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return FAILED
    print(harmless(report(path, config)))
    return 0


def report(path: Path, config: Config) -> str:
    """What was found, for people; asks every project's python, for 10 seconds at most."""
    projects = config.projects.values()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(_about, projects))
    return "\n".join([words.check_passed(path, config.console.listen), *found])


def _about(project: ProjectConfig) -> str:
    """A headline, and what it comes of, indented."""
    if not os.path.isdir(project.directory):  # noqa: PTH112 - Path.is_dir raises where access is denied
        return "\n".join([words.check_not_there(project.name), f"  {words.check_missing(project.directory)}"])
    if project.command is not None:
        what, facts = words.check_command(project.command), [str(project.directory)]
    else:
        python = python_of(project)
        answer = ask(python, project)
        what = words.check_versions(answer.python, answer.django)
        facts = [answer.trouble or python, _about_file(project.directory / project.manage)]
    return "\n".join([words.check_headline(project.name, what, project.address), *(f"  {fact}" for fact in facts)])


def _about_file(path: Path) -> str:
    return str(path) if os.path.isfile(path) else words.check_missing(path)  # noqa: PTH113 - as above


@dataclass(frozen=True, slots=True)
class Answer:
    """What a python says of itself; `trouble` is why it says nothing, or not enough."""

    python: str | None = None
    django: str | None = None
    trouble: str | None = None


def ask(python: str, project: ProjectConfig) -> Answer:
    """Asks a python for its version and Django's, in the project's folder and environment."""
    try:
        process = subprocess.Popen(
            [python, "-c", ASK],
            cwd=project.directory,
            env={**os.environ, **project.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return Answer(trouble=words.check_no_python(python, error.strerror or str(error)))
    with process:
        said = _output(process).decode("utf-8", "replace").split()
        # It may have started others. It is not waited for yet, so its pid is still its own.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    if not said:
        return Answer(trouble=words.check_silent(python))
    if len(said) == 1:
        return Answer(python=said[0], trouble=words.check_no_django(python))
    return Answer(*said[:2])


def _output(process: subprocess.Popen[bytes]) -> bytes:
    """The beginning of what it prints, as far as it comes in time."""
    assert process.stdout
    output = b""
    deadline = time.monotonic() + PATIENCE
    while len(output) < ANSWER_LIMIT:
        ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
        chunk = os.read(process.stdout.fileno(), ANSWER_LIMIT) if ready else b""
        if not chunk:
            break
        output += chunk
    return output
