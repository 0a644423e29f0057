"""A folder in, "this file was saved" out. Polls, since no inotify crosses a synced folder; ignores what no person
saves, and waits until nothing more is saved, so that a branch switch is one change. Leaves to others why one asks."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LOOK_PAUSE = 0.3
"""Seconds between two looks, if the looks are short."""
LOOK_SHARE = 0.1
"""The part of the time that may go into looking: a large tree is looked at less often."""
SETTLED_AFTER = 0.4
"""Seconds without another save after which what was saved is complete."""
SETTLED_AT_LAST = 5.0
"""Seconds after which it counts as complete even if files are still being saved."""
FOLDERS_LIMIT = 5000
"""Folders that are looked into at most, the nearest first."""

FILLED_BY_TOOLS = frozenset("__pycache__ node_modules bower_components site-packages htmlcov".split())
"""Folders beside those whose name begins with a dot (.git, .tox, .idea …) and virtual environments (pyvenv.cfg)."""
MAYBE_APPS = frozenset("media uploads static_root staticfiles build dist target tmp logs".split())
"""Folders that programs fill too, unless they are packages of the project's own: an app may be called media."""
MATTERING_SUFFIXES = frozenset(
    ".py .pyi .toml .cfg .ini .env .yml .yaml .json .txt .lock .pth .html .jinja .jinja2 .j2 .po .mo .sql .xml "
    ".graphql .js .mjs .cjs .ts .mts .tsx .jsx .vue .svelte .css .scss .sass .less .sh .go .rs .rb .php .java .kt "
    ".ex .exs".split()
)
MATTERING_NAMES = frozenset("Pipfile Procfile Makefile Dockerfile Gemfile .python-version".split())
TEMPORARY_PREFIXES = (".", "#", "~", "flycheck_")
"""What editors and systems write beside the file that is being edited: vim, emacs, macOS, office programs."""

Stamp = tuple[int, int, int]
"""st_mtime_ns, st_size and st_ino: a file that differs in any was saved, whatever the clocks of host and guest say."""
FOLDER: Stamp = (0, 0, 0)
"""Of a folder only its being there counts."""
How = Literal["saved", "made", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One file of those that were saved together, relative to the folder, or else a folder that was made, or what was
    removed; `early` if that was before anybody waited."""

    file: str
    how: How
    early: bool = False


class Watch:
    """What was saved below `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, Stamp] | None = None
        self._looking = asyncio.Lock()

    async def begin(self) -> None:
        """From now on each save counts, even if nobody waits for it yet."""
        async with self._looking:
            self._known = await self._look(None)

    def forget(self) -> None:
        """What was saved so far does not count; `saved` begins anew."""
        self._known = None

    async def saved(self, beside: Path | None = None, since: float | None = None) -> Change:
        """The next save, as soon as no other follows; files in the folder `beside` count too. So does what bears a time
        `since` (of time.time) that is not in the future: it may have been saved while the first look was going on."""
        async with self._looking:
            known, files = self._known, await self._look(beside)
            if known is None:
                known = files
            if since is not None:
                known = older(known, since)
            elif beside:
                known = await asyncio.to_thread(files_in, beside) | known
            early = files != known
            while True:
                if files == known:
                    files = await self._other_than(known, beside)
                files = await self._settled(files, beside)
                self._known = files
                if files != known:
                    return self._change(known, files, early)
                early = False

    async def _other_than(self, known: dict[str, Stamp], beside: Path | None) -> dict[str, Stamp]:
        """The files as soon as they differ from `known`."""
        took = 0.0
        while True:
            await asyncio.sleep(max(LOOK_PAUSE, took / LOOK_SHARE))
            started = time.monotonic()
            if (files := await self._look(beside)) != known:
                return files
            took = time.monotonic() - started

    async def _settled(self, files: dict[str, Stamp], beside: Path | None) -> dict[str, Stamp]:
        """The files when they no longer change."""
        deadline = time.monotonic() + SETTLED_AT_LAST
        while time.monotonic() < deadline:
            await asyncio.sleep(SETTLED_AFTER)
            before, files = files, await self._look(beside)
            if files == before:
                break
        return files

    async def _look(self, beside: Path | None) -> dict[str, Stamp]:
        return await asyncio.to_thread(files_below, self._directory, beside)

    def _change(self, before: dict[str, Stamp], after: dict[str, Stamp], early: bool) -> Change:
        new = [path for path, stamp in after.items() if before.get(path) != stamp]
        saved = [path for path in new if after[path] != FOLDER]
        how: How = "saved" if saved else "made" if new else "removed"
        first = min(saved or new or before.keys() - after.keys())
        return Change(os.path.relpath(first, self._directory), how, early)


def older(files: dict[str, Stamp], since: float) -> dict[str, Stamp]:
    newest, now = int(since * 1e9), time.time_ns()
    return {path: stamp for path, stamp in files.items() if not newest < stamp[0] <= now}


def files_below(directory: Path, beside: Path | None = None) -> dict[str, Stamp]:
    """The files that matter and the folders, in `directory` and below it, and those in the folder `beside`."""
    files = files_in(beside) if beside else {}
    for entries in folders_below(directory):
        files.update(stamped(entries))
    return files


def files_in(folder: Path) -> dict[str, Stamp]:
    return dict(stamped(entries_of(str(folder))))


def folders_below(directory: Path) -> Iterator[list[os.DirEntry[str]]]:
    """What is in `directory`, and in each folder below it that may have sources, without following links. What can't
    be read is empty: a mount that went, a folder that was renamed."""
    generation = [str(directory)]
    room = FOLDERS_LIMIT
    while generation and room > 0:
        folders, generation = generation[:room], []
        room -= len(folders)
        for folder in folders:
            entries = entries_of(folder)
            generation += [entry.path for entry in entries if has_sources(entry)]
            yield entries


def entries_of(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except OSError:
        return []
    is_environment = any(entry.name == "pyvenv.cfg" for entry in entries)
    return [] if is_environment else entries


def stamped(entries: list[os.DirEntry[str]]) -> Iterator[tuple[str, Stamp]]:
    for entry in entries:
        if matters(entry.name) and (stamp := stamp_of(entry)):
            yield entry.path, stamp
        elif has_sources(entry):
            yield entry.path, FOLDER


def stamp_of(entry: os.DirEntry[str]) -> Stamp | None:
    try:
        status = entry.stat()
    except OSError:  # it has just gone, or is a link to nowhere
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def matters(name: str) -> bool:
    """Whether saving a file of this name may mend a project: source and settings do; compiled, temporary and data
    files don't."""
    if name in MATTERING_NAMES or name.startswith(".env"):
        return True
    return os.path.splitext(name)[1] in MATTERING_SUFFIXES and not name.startswith(TEMPORARY_PREFIXES)  # noqa: PTH122


def has_sources(entry: os.DirEntry[str]) -> bool:
    """A folder, and not one that programs fill."""
    name = entry.name
    if name.startswith(".") or name in FILLED_BY_TOOLS or not entry.is_dir(follow_symlinks=False):
        return False
    return name not in MAYBE_APPS or os.path.exists(f"{entry.path}/__init__.py")  # noqa: PTH110 - no Path per entry
