"""Reads a project's output and finds what Django says in it: no clock, no I/O, no states.

A flood costs it next to nothing: a record is decoded, and looked at line by line, only where a needle of
the rules is in its bytes, or where an unfinished line or a traceback has to go on.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

from fujita.django import rules
from fujita.django.exceptions import problem_of
from fujita.django.finding import Announced, Answered, Checking, Erred, Failed, Finding, Reloading, Watching
from fujita.django.last_words import last_words
from fujita.django.lines import Line, Lines
from fujita.django.problem import Problem
from fujita.django.tracebacks import Report, Tree, begins_traceback, plain
from fujita.stream.record import Record

STREAMS = ("stdout", "stderr")
FLOOD = 32 * 1024
"""Bytes of a record that tell of a flood: half of what is read at once."""
LAST_WORDS_LIMIT = 256 * 1024
"""Bytes of stderr that are kept for the end: python 2.7 needs 100 kB for one traceback."""
PROMPT_LIMIT = 200
PROMPT = re.compile(r"\S.*[:?>)\]$] ?$|[>:?] ?$")


class Reader:
    """Of one project, through all its processes.

    `directory` is the real path of its folder (Django prints real paths), `requirements` the requirements
    file to name where a package is missing.
    """

    def __init__(self, directory: str, requirements: str | None = None) -> None:
        self._tree = Tree(directory)
        self._requirements = requirements
        self.started()

    def started(self) -> None:
        """A process was spawned: what the last one said counts no more."""
        self._ears = {stream: Ear(stream) for stream in STREAMS}
        self._last_words: deque[Record] = deque()
        self._last_words_size = 0
        self._reading: Reading | None = None

    def skipped(self) -> None:
        """Records were lost: half-read lines and tracebacks have no other half."""
        self._reading = None
        for ear in self._ears.values():
            ear.lines.forget()

    def answered(self) -> None:
        """Somebody typed an answer to the prompt, which has no newline of its own."""
        self._ears["stdout"].lines.forget()

    @property
    def prompt(self) -> str | None:
        """The unfinished last line of stdout, if it looks like a question."""
        text = plain(self._ears["stdout"].lines.unfinished)
        return text if len(text) <= PROMPT_LIMIT and PROMPT.search(text) else None

    def read(self, records: Iterable[Record]) -> list[Finding]:
        found: list[Finding] = []
        for record in records:
            if record.stream == "stdout" and record.run is None:
                found.extend(self._stdout(record))
            elif record.stream == "stderr" and record.run is None:
                found.extend(self._stderr(record))
        # Last of a batch: "Performing system checks..." may be read after the traceback of the same start.
        return found if self.holds_back else [*found, *self.so_far()]

    @property
    def holds_back(self) -> bool:
        """Whether a traceback says something already that may turn out to be only the cause of something else."""
        return self._reading is not None and self._reading.told_something and not self._reading.report.whole

    def so_far(self) -> Iterator[Finding]:
        """What the traceback that is being read says already, if it is more than at the last look."""
        if self._reading and (finding := self._reading.finding(self._tree, self._requirements)):
            yield finding

    def ended(self, exit_code: int | None) -> Problem | None:
        """Why the process is gone, as far as its last words or its exit code tell."""
        if exit_code == 0:
            return None
        by_code = rules.exit_code(exit_code) if exit_code else None
        if by_code and exit_code != rules.AMBIGUOUS_CODE:
            return by_code
        text = plain("".join([record.text for record in self._last_words]))
        return last_words(text, self._tree, self._requirements, not self._ears["stdout"].starting) or by_code

    def _remember(self, record: Record) -> None:
        self._last_words.append(record)
        self._last_words_size += len(record.line)
        while self._last_words_size > LAST_WORDS_LIMIT and len(self._last_words) > 1:
            self._last_words_size -= len(self._last_words.popleft().line)

    def _stdout(self, record: Record) -> Iterator[Finding]:
        for line in self._ears["stdout"].lines_of(record):
            finding = self._ears["stdout"].hears(line, self._tree)
            if finding:
                if isinstance(finding, (Checking, Announced)):
                    self._ears["stdout"].listen(starting=isinstance(finding, Checking))
                yield finding

    def _stderr(self, record: Record) -> Iterator[Finding]:
        self._remember(record)
        for line in self._ears["stderr"].lines_of(record, all_of_them=self._reading is not None):
            finding = self._ears["stderr"].hears(line, self._tree)
            if finding and not isinstance(finding, Watching):
                if isinstance(finding, Reloading):
                    self._ears["stdout"].listen(starting=True)
                yield from self._close(finding)
                yield finding
            else:  # the reloader's thread writes into the middle of a traceback
                if finding:
                    yield finding
                yield from self._traceback(line)

    def _traceback(self, line: Line) -> Iterator[Finding]:
        """`line` may be a part of one."""
        if self._reading and self._reading.report.take(line.text):
            if self._reading.report.over:
                yield from self._close()
        elif begins_traceback(line.text):
            yield from self._close()
            self._reading = Reading(Report(self._tree, line.text), line.record, line.before)

    def _close(self, after: Finding | None = None) -> Iterator[Finding]:
        if self._reading:
            if isinstance(after, Answered):
                self._reading.of_a_request = not self._reading.of_the_start
            yield from self.so_far()
            self._reading = None


class Ear:
    """What is heard on one stream: its lines, and the rules that hold for them."""

    def __init__(self, stream: str) -> None:
        self.lines = Lines()
        self._stream = stream
        self.listen(starting=True)

    def listen(self, starting: bool) -> None:
        self.starting = starting
        self._rules = rules.rules_of(self._stream, starting)
        self._needles = rules.needles(self._stream, starting, flood=False)
        self._needles_in_flood = rules.needles(self._stream, starting, flood=True)

    def lines_of(self, record: Record, all_of_them: bool = False) -> Iterator[Line]:
        needles = self._needles if len(record.line) < FLOOD else self._needles_in_flood
        return self.lines.of(record, None if all_of_them else needles)

    def hears(self, line: Line, tree: Tree) -> Finding | None:
        return rules.in_line(line.text, line.record, self._rules, tree)


class Reading:
    """A traceback that is being read: of a start, of a request, or (so far) of neither."""

    def __init__(self, report: Report, record: int, before: str) -> None:
        self.report = report
        self.of_the_start = bool(rules.START_FAILED.match(before))
        self.of_a_request = bool(rules.REQUEST_FAILED.match(before))
        self._record = record
        self._problem: Problem | None = None

    @property
    def told_something(self) -> bool:
        return bool(self.report.chain) and (self.of_a_request or (self.of_the_start and not self.report.torn))

    def finding(self, tree: Tree, requirements: str | None) -> Finding | None:
        """What it means, if that is new."""
        if not self.told_something:
            return None
        problem = problem_of(self.report, tree, requirements)
        before, self._problem = self._problem, problem
        if problem == before:
            return None
        return Failed(problem) if self.of_the_start else Erred(problem, self._record, again=before is not None)
