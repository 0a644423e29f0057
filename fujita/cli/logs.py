"""`fujita logs`: what was kept of one or several logs, in the order of time, then what comes."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from fujita import words
from fujita.cli.client import Client, connect, path_of
from fujita.cli.failure import MISUSED, Failure
from fujita.cli.printer import Printer
from fujita.cli.terminal import harmless

AGO = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")

Json = dict[str, Any]
Told = tuple[Json, str]
"""A record, or another object of the log stream, and its line of JSON."""


def run(arguments: Namespace) -> int:
    since = moment(arguments.since, datetime.now().astimezone()) if arguments.since else 0.0
    client = connect(arguments)
    projects = list(dict.fromkeys(arguments.projects)) or client.names()
    output = JsonOutput() if arguments.json else TextOutput(projects, arguments.times)
    logs = Logs(projects, output, arguments.lines, since)
    try:
        if arguments.follow:
            from fujita.cli.follow import follow

            follow(client, logs)
        else:
            for project in projects:
                logs.take(project, kept(client, project, arguments.lines, since))
            logs.print_kept()
    finally:
        output.close()
    return 0


def kept(client: Client, project: str, lines: int | None, since: float) -> list[Told]:
    """The records in the sidecar's cache: of the last `lines` only, if nothing else narrows them."""
    few = f"&lines={lines}" if lines is not None and not since else ""
    text = client.text(path_of(project, f"log?format=ndjson{few}"))
    return [(json.loads(line), line) for line in text.split("\n") if line]


class Logs:
    """Collects what was kept of every log, then prints it sorted by time; what comes after that is printed at once."""

    def __init__(
        self, projects: Sequence[str], output: TextOutput | JsonOutput, lines: int | None, since: float
    ) -> None:
        self.projects = projects
        self._output = output
        self._lines = lines
        self._since = since
        self._kept: dict[str, list[Told]] = {name: [] for name in projects}
        self._awaited: set[str] = set()
        self._live = False

    def await_all(self) -> None:
        """Every log will say when it is live: only then is what was kept complete."""
        self._awaited = set(self.projects)
        if not self._awaited:
            self.print_kept()

    def take(self, project: str, told: Iterable[Told]) -> None:
        for one, line in told:
            if "gap" in one and (self._live or self._lines is None):
                self._output.gap(project, one, line)
            elif "live" in one and project in self._awaited:
                self._awaited.remove(project)
                if not self._awaited:
                    self.print_kept()
            elif "id" in one and one["time"] >= self._since:
                if self._live:
                    self._output.record(project, one, line)
                else:
                    self._kept[project].append((one, line))
        if self._live:
            self._output.flush()

    def print_kept(self) -> None:
        chosen = [
            (one["time"], project, one, line)
            for project, told in self._kept.items()
            for one, line in (told if self._lines is None else self._output.last(told, self._lines))
        ]
        chosen.sort(key=lambda kept: kept[0])
        for _, project, one, line in chosen:
            self._output.record(project, one, line)
        self._kept = {name: [] for name in self.projects}
        self._live = True
        self._output.flush()


class TextOutput:
    """For people."""

    def __init__(self, projects: Sequence[str], times: bool) -> None:
        self._printer = Printer(projects, sys.stdout, times)

    def record(self, project: str, record: Json, line: str) -> None:
        self._printer.write(project, record)

    def gap(self, project: str, gap: Json, line: str) -> None:
        self.flush()
        missing = gap["gap"]["to"] - gap["gap"]["from"] + 1
        print(f"fujita: {words.missing_records(project, missing)}", file=sys.stderr, flush=True)

    def last(self, told: Sequence[Told], lines: int) -> list[Told]:
        """The last `lines` lines: the first record among them may lose some of its own."""
        chosen: list[Told] = []
        for one, line in reversed(told):
            if lines <= 0:
                break
            own = re.findall(r"[^\n]*\n|[^\n]+", one["text"])
            chosen.append(({**one, "text": "".join(own[-lines:])}, line))
            lines -= len(own)
        return chosen[::-1]

    def flush(self) -> None:
        sys.stdout.flush()

    def close(self) -> None:
        self._printer.close()


class JsonOutput:
    """For programs: each object as the sidecar told it, with the project's name before the rest."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()

    def record(self, project: str, record: Json, line: str) -> None:
        named = f'{{"project": {json.dumps(project)}, {line[1:]}\n'
        sys.stdout.write(harmless(named) if self._is_terminal else named)

    gap = record

    def last(self, told: Sequence[Told], lines: int) -> list[Told]:
        """The records with the last `lines` lines, whole."""
        first = len(told)
        while first and lines > 0:
            first -= 1
            lines -= max(1, told[first][0]["text"].count("\n"))
        return list(told[first:])

    def flush(self) -> None:
        sys.stdout.flush()

    close = flush


def moment(text: str, now: datetime) -> float:
    """Seconds since 1970 of `10m` or `1h30m` (ago), `14:05` (the last time that it was), or a date of ISO 8601."""
    ago = AGO.fullmatch(text)
    if ago and text:
        days, hours, minutes, seconds = (int(part or 0) for part in ago.groups())
        try:
            return (now - timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)).timestamp()
        except OverflowError:
            return 0.0
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text):
            hour, minute, *second = map(int, text.split(":"))
            today = now.replace(hour=hour, minute=minute, second=sum(second), microsecond=0)
            return (today if today <= now else today - timedelta(days=1)).timestamp()
        return datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text)).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise Failure(words.no_moment(text), MISUSED) from None
