"""`Status`: what a project is doing, for people (`summary`) and for programs (`state`), and its JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from fujita.django.problem import Problem
from fujita.process.process import Exit
from fujita.process.usage import Usage


@dataclass(frozen=True, slots=True)
class Errors:
    """Requests that ended in a 500 since the start; `record` is where the newest begins in the log."""

    count: int
    kind: str
    message: str
    file: str | None
    line: int | None
    record: int
    hint: str | None = None

    @property
    def json(self) -> dict[str, Any]:
        newest = asdict(self)
        return {"count": newest.pop("count"), "newest": newest}


@dataclass(frozen=True, slots=True)
class Run:
    """A command that runs beside the server now; `since` in seconds since 1970."""

    id: str
    command: str
    since: float


@dataclass(frozen=True, slots=True)
class Help:
    """What would help now, in a sentence, and the configured command that does it."""

    text: str
    command: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """STATUS as clients get it; times are in seconds since 1970. See the README, *The API*."""

    project: str
    title: str
    state: str
    summary: str
    url: str | None
    pid: int | None
    since: float
    exit: Exit | None
    problem: Problem | None
    restarts: int
    usage: Usage | None
    commands: tuple[str, ...]
    migrations: int | None
    retry: float | None
    port: int | None
    directory: str
    prompt: str | None
    errors: Errors | None
    run: Run | None
    help: Help | None
    epoch: str

    @property
    def json(self) -> dict[str, Any]:
        """As an object of JSON."""
        return {**asdict(self), "errors": self.errors.json if self.errors else None}

    @property
    def line(self) -> bytes:
        """Its JSON in one line, with the newline."""
        return json.dumps(self.json, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
