"""What a sidecar leaves of a project for the next one: its state, noted at every change. Its log is in the spool, and
its processes' pipes are in systemd's store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from fujita import files
from fujita.config.models import ProjectConfig
from fujita.project.observer import Seen
from fujita.project.status import Run
from fujita.project.telling import Facts

NAME = "left.json"
SIZE_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Going:
    """A process that goes on: its pid, the name of its start, and the id of the first record after that."""

    pid: int
    start: str
    first: int


@dataclass(frozen=True, slots=True)
class Left:
    """`config` is a digest of what it was started with, `seen` what its output said up to the record `read`, and
    `running_since` of the clock that goes on from sidecar to sidecar (time.monotonic)."""

    config: str
    facts: Facts
    failures: int
    running_since: float | None
    seen: Seen
    read: int
    server: Going | None
    run: Run | None
    runs: Going | None


def digest(config: ProjectConfig) -> str:
    """The same for every version of Fujita in which the config means the same."""
    return hashlib.sha256(config.model_dump_json(exclude_defaults=True).encode()).hexdigest()


def note(folder: Path, left: Left) -> None:
    """Replaces what was noted. OSError if there is no room."""
    files.replace(folder / NAME, _adapter().dump_json(left))


def noted(folder: Path) -> Left:
    """OSError or ValueError if there is none that makes sense."""
    return _adapter().validate_json(files.read(folder / NAME, SIZE_LIMIT))


@cache
def _adapter() -> TypeAdapter[Left]:
    return TypeAdapter(Left)
