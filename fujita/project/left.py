"""What a sidecar leaves of a project for the next one: its state, noted at every change. Its log is in the spool, and
its processes' pipes are in systemd's store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from fujita.config.models import ProjectConfig
from fujita.project.status import Run
from fujita.project.telling import Facts


@dataclass(frozen=True, slots=True)
class Going:
    """A process that goes on: its pid, the name of its start, and the id of the first record after that."""

    pid: int
    start: str
    first: int


@dataclass(frozen=True, slots=True)
class Left:
    """`config` is a digest of what it was started with, `read` the id of the last record that was understood, and
    `running_since` of the clock that goes on from boot to boot (time.monotonic)."""

    config: str
    facts: Facts
    failures: int
    running_since: float | None
    read: int
    server: Going | None
    run: Run | None
    runs: Going | None


def digest(config: ProjectConfig) -> str:
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()


def note(folder: Path, left: Left) -> None:
    """Replaces what was noted; whoever reads finds the old or the new. OSError if there is no room."""
    new = folder / "left.new"
    new.write_bytes(_adapter().dump_json(left))
    new.replace(folder / "left.json")


def noted(folder: Path) -> Left:
    """OSError or ValueError if there is none that makes sense."""
    return _adapter().validate_json((folder / "left.json").read_bytes())


@cache
def _adapter() -> TypeAdapter[Left]:
    return TypeAdapter(Left)
