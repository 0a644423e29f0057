"""What the reader finds in Django's output: one small value per thing that Django says. What follows
from it is up to the project's states."""

from __future__ import annotations

from dataclasses import dataclass

from fujita.django.problem import Problem


@dataclass(frozen=True, slots=True)
class Watching:
    """`Watching for file changes with StatReloader`: this Django says when it reloads (2.2+, unless the project's
    LOGGING silences django.utils.autoreload)."""


@dataclass(frozen=True, slots=True)
class Reloading:
    """`…/views.py changed, reloading.`: the server ends, and a new one starts (2.2+; 1.11 says nothing)."""

    file: str


@dataclass(frozen=True, slots=True)
class Checking:
    """`Performing system checks...`: a start goes on. On another stream than its traceback, and so read before or
    after that; a start that fails early does not say it at all."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The start failed and Django waits for a save. May come again, more exact: the newest counts."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class Announced:
    """The banner, with the address as printed. It proves nothing: to Django 3.2 it comes before bind()."""

    address: str


@dataclass(frozen=True, slots=True)
class Unapplied:
    """`You have 18 unapplied migration(s)…`, said once per start."""

    count: int
    apps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Erred:
    """A request ended in an exception. `record` is where its traceback began; `again` tells that it is the same
    error as the last one, more exact."""

    problem: Problem
    record: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """A request was answered with a 5xx."""

    status: int
    record: int


@dataclass(frozen=True, slots=True)
class SpokeHttps:
    """A browser spoke HTTPS to the port, which speaks HTTP only."""

    record: int


Finding = Watching | Reloading | Checking | Failed | Announced | Unapplied | Erred | Answered | SpokeHttps
