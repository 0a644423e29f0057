"""Reads a project's log with a cursor, as any client does, and keeps what Django said in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.django.finding import Announced, Answered, Checking, Erred, Finding, Reloading, Unapplied, Watching
from fujita.django.problem import Problem
from fujita.django.reader import Reader
from fujita.project.status import Errors
from fujita.stream.cache import Cache

GATHER = 0.03
"""Seconds to wait for the rest of what has begun: a traceback is written in pieces over some 10 ms."""
BATCH = 1024 * 1024
"""Bytes read at once; a flood beyond that is skipped, not queued."""
REQUIREMENTS = ("requirements.txt", "requirements/dev.txt", "requirements/local.txt", "requirements/base.txt")
"""Where a project says what it needs, the first that is there."""
REST = 0.3
"""Seconds to wait for the rest of a traceback that may turn out to be only a cause: on a busy machine the pieces come
slowly. Then what is there is told, and corrected when more comes."""
INTERNAL_SERVER_ERROR = 500
FAILURE = 1
"""An exit code that says nothing more: those of other programs mean other things than those of Django's reloader."""
PROMPT_AFTER = 0.3
"""Seconds of silence after which an unfinished line is a question."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the output since the start says; `tries` counts how often Django began anew. It `tells_reloads` from 2.2 on,
    and then nothing else counts as one."""

    migrations: int | None = None
    errors: Errors | None = None
    prompt: str | None = None
    tries: int = 0
    tells_reloads: bool = False

    def begins_anew(self, finding: Finding | None) -> bool:
        """Whether `finding` says that Django does."""
        return isinstance(finding, Reloading) or (isinstance(finding, Checking) and not self.tells_reloads)


class Observer:
    """`understood` is called for every finding, in order, after `seen` has taken it in."""

    def __init__(self, config: ProjectConfig, cache: Cache, understood: Callable[[Finding | None], None]) -> None:
        self.seen = Seen()
        self._cache = cache
        self._cursor = cache.next - 1
        self._directory = config.directory
        self._is_django = config.command is None
        self._reader = Reader(str(config.directory), None)  # no look at a disk that may hang before somebody did
        self._unanswered = 0
        self._understood = understood

    def started(self) -> None:
        """A new process: what the last one said no longer counts."""
        self._catch_up()
        self._reader = self._new_reader()
        self._reader.started()
        self._unanswered = 0
        self.seen = Seen()

    def counted(self, migrations: int) -> None:
        """How many migrations are not applied was asked of manage.py."""
        self._see(replace(self.seen, migrations=migrations))

    def answered(self) -> None:
        """Somebody typed an answer: what was asked is asked no more."""
        self._reader.answered()
        self._see(replace(self.seen, prompt=None))

    def ended(self, code: int | None) -> Problem | None:
        """Why the process ended, as far as its last words tell."""
        self._catch_up()
        return self._reader.ended(code if self._is_django else code and FAILURE)

    @property
    def read(self) -> int:
        """The id of the last record that was understood."""
        return self._cursor

    def resume(self, seen: Seen, first: int, read: int) -> None:
        """Goes on where another sidecar's observer was: what it has `seen` from record `first` to `read` is known."""
        self._cursor = first - 1
        self._reader = self._new_reader()
        self._reader.started()
        while self._cursor < read and (batch := self._cache.after(self._cursor, BATCH)).records:
            if batch.gap:
                self._reader.skipped()
            known = [record for record in batch.records if record.id <= read]
            for finding in self._reader.read(known):
                self._take(finding)
            self._cursor = known[-1].id if known else read
        self.seen = seen
        if seen.prompt is None:
            self._reader.answered()

    async def observe(self) -> None:
        """Follows the log for ever."""
        while True:
            await self._cache.wait(self._cursor)
            await asyncio.sleep(GATHER)
            self._read()
            if self._reader.holds_back:
                await asyncio.sleep(REST)
                self._read()
                self._tell(self._reader.so_far())
            if self._reader.prompt:
                await self._ask_after_silence()
            elif self.seen.prompt:
                self._see(replace(self.seen, prompt=None))

    async def _ask_after_silence(self) -> None:
        more = asyncio.ensure_future(self._cache.wait(self._cursor))
        try:
            await asyncio.wait({more}, timeout=PROMPT_AFTER)
            if not more.done():
                self._see(replace(self.seen, prompt=self._reader.prompt))
        finally:
            more.cancel()

    def _new_reader(self) -> Reader:
        """Django prints real paths, so the reader compares with the real one; anew at each start: links change."""
        requirements = next((name for name in REQUIREMENTS if os.path.isfile(self._directory / name)), None)  # noqa: PTH113 - raises nothing
        return Reader(os.path.realpath(self._directory), requirements)

    def _catch_up(self) -> None:
        while self._cursor < self._cache.next - 1:
            self._read()

    def _read(self) -> None:
        batch = self._cache.after(self._cursor, BATCH)
        if batch.gap:
            self._reader.skipped()
        self._cursor = batch.last
        self._tell(self._reader.read(batch.records))

    def _tell(self, found: Iterable[Finding]) -> None:
        for finding in found:
            self._take(finding)
            self._understood(finding)

    def _take(self, finding: Finding) -> None:
        seen = self.seen
        if isinstance(finding, Watching):
            self.seen = replace(seen, tells_reloads=True)
        elif seen.begins_anew(finding):
            self.seen = replace(seen, tries=seen.tries + 1, migrations=None, errors=None)
        elif isinstance(finding, Unapplied):
            self.seen = replace(seen, migrations=finding.count)
        elif isinstance(finding, Announced):
            self.seen = replace(seen, migrations=seen.migrations or 0)
        elif isinstance(finding, Erred):
            self._unanswered += not finding.again
            self.seen = replace(seen, errors=_counted(seen.errors, finding))
        elif isinstance(finding, Answered) and finding.status == INTERNAL_SERVER_ERROR:
            self._take_answer(finding)

    def _take_answer(self, answer: Answered) -> None:
        """Each error's traceback comes before its request line; without one, the line is all that is said of it."""
        if self._unanswered:
            self._unanswered -= 1
        else:
            untold = Erred(Problem("ServerError", words.no_traceback()), answer.record)
            self.seen = replace(self.seen, errors=_counted(self.seen.errors, untold))

    def _see(self, seen: Seen) -> None:
        self.seen = seen
        self._understood(None)


def _counted(errors: Errors | None, erred: Erred) -> Errors:
    count = (errors.count if errors else 0) + (not erred.again)
    problem = erred.problem
    return Errors(count, problem.kind, problem.message, problem.file, problem.line, erred.record, problem.hint)
