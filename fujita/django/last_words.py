"""Why a process ended, from the last that it wrote to stderr."""

from __future__ import annotations

import re

from fujita import words
from fujita.django import rules
from fujita.django.exceptions import problem_of
from fujita.django.lines import WATCHING
from fujita.django.problem import MESSAGE_LIMIT, Problem
from fujita.django.tracebacks import CHECKS_HEADER, FRAME, Report, Tree, begins_traceback

REQUEST_LINE = re.compile(r'\[\d\d/\w{3}/\d{4} \d\d:\d\d:\d\d\] "')
RELOADED = re.compile(r"^/.+ changed, reloading\.$", re.MULTILINE)
LINES_AFTER = 10
"""Lines that a dying process may still print after what ended it."""


def last_words(text: str, tree: Tree, requirements: str | None, listened: bool) -> Problem | None:
    """The last traceback or `Error: …` that nothing was served after; else, of a process that never
    `listened`, its last line: what `sys.exit("text")` leaves."""
    lines = RELOADED.split(text)[-1].rstrip("\n").split("\n")
    report: Report | None = None
    said: Problem | None = None
    newest = 0
    for number, line in enumerate(lines):
        if REQUEST_LINE.match(line):
            report, said = None, None
        elif problem := None if in_frames(report) else rules.last_line(line):
            report, said, newest = None, problem, number
        elif report and report.take(line):
            newest = number if not report.over else newest
        elif line == CHECKS_HEADER or begins_traceback(line) or begins_without_header(line):
            report, said, newest = Report(tree, line), None, number
    if len(lines) - newest > LINES_AFTER + 1:
        return None
    if report and report.chain:
        return problem_of(report, tree, requirements)
    return said or (None if listened else last_line(lines))


def in_frames(report: Report | None) -> bool:
    return report is not None and not report.raised


def begins_without_header(line: str) -> bool:
    """A SyntaxError in manage.py itself has no other first line than its place."""
    frame = FRAME.match(line)
    return frame is not None and frame["name"] is None


def last_line(lines: list[str]) -> Problem | None:
    told = [line for line in lines if line.strip() and not line.startswith(WATCHING)]
    if not told or REQUEST_LINE.match(told[-1]):
        return None
    return Problem("SystemExit", words.shortened(told[-1].strip(), MESSAGE_LIMIT))
