"""What makes a project that does not serve try again: a saved file, a port that is free, a database that answers.
Each is waited for by a coroutine that returns the remark to say then; what follows is up to the project."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.django.problem import Problem
from fujita.process.began import server_began
from fujita.project.observer import Observer
from fujita.project.probe import until_answers, until_port_is_free
from fujita.project.states import back_off
from fujita.watch import Change, Watch

UNHEEDED_AFTER = 2.0
"""Seconds after a settled save in which Django's own reloader must have begun anew; it looks once a second."""
SLOW_START = 10.0
"""Seconds after which a save restarts a start too: an endless import is never reloaded by Django itself."""


class Recovery:
    """Of one project, from the first try to the one that serves."""

    def __init__(self, config: ProjectConfig, who: str, observer: Observer) -> None:
        self._who = who
        self._observer = observer
        self._watch = Watch(config.directory)
        self._by_itself = False
        self._known = False
        self._unwatched_since: float | None = None
        self._answers = 0

    def resumes(self, since: float) -> None:
        """Nobody may have watched `since` (time.time) what had exited then."""
        self._unwatched_since = since

    async def starts(self) -> None:
        """Fujita starts it: what is saved from now on may mend it, even before it has failed. Not twice in a row, since
        a start that itself writes files would mend itself for ever. How things were is known where a save is the
        reason: a new look at a large tree would take long, and hide what is saved meanwhile."""
        known, self._known = self._known, False
        if self._by_itself:
            self._watch.forget()
        elif not known:
            await self._watch.begin()

    async def reloads(self) -> None:
        """The same of a start by Django's own reloader, which does not start by itself."""
        self._by_itself = False
        await self._watch.begin()

    def rests(self) -> None:
        """Nothing is tried until somebody says so; what was saved by then belongs to that try."""
        self._known = False

    def serves(self) -> None:
        """The try was good: what was saved since belongs to no failure."""
        self._watch.forget()
        self._by_itself = False
        self._answers = 0

    async def saved(self, problem: Problem | None) -> str:
        """A file that matters was saved since the try began."""
        since, self._unwatched_since = self._unwatched_since, None
        change = await self._change(problem, since)
        self._by_itself, self._known = change.early, True
        return words.said_starting_because(self._who, words.changed(change.file, change.how))

    async def unheeded(self, problem: Problem | None, reloader: int | None = None) -> str:
        """The same, and Django's own reloader has not noticed. Where `reloader` is given, what was saved since the
        server below it began counts, but not twice in a row, as in `starts`."""
        since = await asyncio.to_thread(server_began, reloader) if reloader and not self._by_itself else None
        while True:
            change, since = await self._change(problem, since), None
            tries = self._observer.seen.tries
            await asyncio.sleep(UNHEEDED_AFTER)
            if self._observer.seen.tries == tries:
                self._by_itself, self._known = change.early, True
                return words.said_restarting_because(self._who, words.changed(change.file, change.how))

    async def slow(self) -> str:
        """The same, in a start that takes very long."""
        await asyncio.sleep(SLOW_START)
        return await self.unheeded(None)

    async def port_is_free(self, port: int) -> str:
        await until_port_is_free(port)
        return words.said_port_is_free(self._who, port)

    async def answers(self, address: str) -> str:
        """What listens there may not be ready, or not be the database: each next try waits longer."""
        await until_answers(address)
        self._answers += 1
        await asyncio.sleep(back_off(self._answers))
        return words.said_database_answers(self._who, address)

    async def _change(self, problem: Problem | None, since: float | None = None) -> Change:
        outside = problem.file if problem and problem.file and problem.file.startswith("/") else None
        return await self._watch.saved(Path(outside).parent if outside else None, since)
