"""Keeps the number of unapplied migrations right while Django runs. Django says it at each start; later a look at the
disk tells that it may be another one, and only then the project's own manage.py is asked, with the lowest priority."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from fujita.config.models import ProjectConfig
from fujita.django import migrations
from fujita.process.process import Exit, Process
from fujita.process.starter import Starter
from fujita.project import launch
from fujita.watch import folders_below

ANSWER_LIMIT = 60.0
"""Seconds that manage.py may take to answer."""
OUTPUT_LIMIT = 1024 * 1024
"""Characters of its answer that are kept: some ten thousand migrations."""
DATABASES = (".sqlite3", ".sqlite", ".db")


class Migrations:
    """Of one project. `serving` when Django has said how many there are, `look` now and then, `ask` when it may be
    another number; `counted` is called with each answer."""

    def __init__(self, config: ProjectConfig, starter: Starter, counted: Callable[[int], None]) -> None:
        self._config = config
        self._starter = starter
        self._counted = counted
        self._places: list[str] = []
        self._traces: list[object] = []

    async def serving(self) -> None:
        """Remembers how things are on the disk."""
        if self._config.command is None:

            def look() -> tuple[list[str], list[object]]:
                places = places_below(self._config.directory)
                return places, [trace(place) for place in places]

            self._places, self._traces = await asyncio.to_thread(look)

    async def look(self) -> bool:
        """Whether something has changed since the last look. A handful of files are looked at."""
        before, self._traces = self._traces, await asyncio.to_thread(lambda: [trace(place) for place in self._places])
        return self._traces != before

    async def ask(self) -> None:
        """Asks manage.py; where it does not know, nothing changes."""
        if self._config.command is not None:
            return
        said: list[str] = []
        asked = launch.unobtrusively(launch.manage(self._config, migrations.QUESTION))
        try:
            process = self._starter.start(
                asked.argv, asked.directory, asked.environment, bounded(said), answerable=False, patience=None
            )
        except (OSError, ValueError):
            return
        exit = await ended(process)
        count = migrations.answer(exit.code, "".join(said)) if exit else None
        if count is not None:
            self._counted(count)


def bounded(said: list[str]) -> Callable[[str, str], None]:
    """Takes what is printed, and keeps the beginning of stdout."""

    def hear(stream: str, text: str) -> None:
        if stream == "stdout" and sum(map(len, said)) < OUTPUT_LIMIT:
            said.append(text)

    return hear


async def ended(process: Process) -> Exit | None:
    """How it ended; None if it took too long. It is gone then, and also where nobody waits for it any more."""
    ending = asyncio.ensure_future(process.run())
    try:
        await asyncio.wait({ending}, timeout=ANSWER_LIMIT)
        return ending.result() if ending.done() else None
    finally:
        process.end(0)
        await ending


def places_below(directory: Path) -> list[str]:
    """The folders of migrations, and the files that look like SQLite databases."""
    return [
        entry.path
        for entries in folders_below(directory)
        for entry in entries
        if (entry.name == "migrations" and entry.is_dir()) or entry.name.endswith(DATABASES)
    ]


def trace(place: str) -> object:
    """What tells whether a migration came, went, or was applied here."""
    if place.endswith(DATABASES):
        return applied(place)
    try:
        return sorted(name for name in os.listdir(place) if name.endswith(".py"))  # noqa: PTH208 - names, often
    except OSError:
        return None


def applied(database: str) -> int | None:
    """How many migrations an SQLite file says are applied. `immutable` takes no lock, so nobody ever waits for this
    look; where somebody writes just now it may fail, and the next look succeeds."""
    try:
        import sqlite3  # 2 MiB, for the few who have such a database

        with closing(sqlite3.connect(f"file:{quote(database)}?mode=ro&immutable=1", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM django_migrations").fetchone()[0])
    except sqlite3.Error:
        return None
