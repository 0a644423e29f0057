"""Folders in, "this file was saved" out. Polls, since no inotify crosses a synced folder; ignores what no person saves,
and waits until nothing more is saved, so that a branch switch is one event. Leaves to others why one asks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from watchfiles import Change, awatch

POLL_MS = 400
SETTLED_MS = 500
"""Milliseconds without another save after which what was saved is complete; more than one poll."""
LONGEST_MS = 5000
"""Milliseconds after which it is reported even if files are still being saved."""
FOLDERS_LIMIT = 5000
"""Folders that are watched at most: a poll looks at every file in them."""

IGNORED_FOLDERS = frozenset(
    "__pycache__ node_modules bower_components site-packages venv env virtualenv media static_root staticfiles "
    "build dist htmlcov target tmp".split()
)
"""Beside those whose name begins with a dot: .git, .venv, .tox, .idea, .mypy_cache …"""
MATTERING_SUFFIXES = frozenset(
    ".py .pyi .toml .cfg .ini .env .yml .yaml .json .txt .html .js .mjs .cjs .ts .tsx .jsx .vue .svelte .css .scss "
    ".sh .po .sql .xml .graphql .lock .pth".split()
)
MATTERING_NAMES = frozenset(["Pipfile", "Procfile", "Makefile", "Dockerfile", ".env", ".python-version"])
TEMPORARY_PREFIXES = (".#", "#", "~", ".~")
"""What editors write beside the file that is being edited: emacs, office programs."""


async def saved_files(directory: Path) -> AsyncIterator[Path]:
    """Yields one file, relative to `directory`, for each time that something was saved below it and is settled."""
    while True:
        folders = list(watched_folders(directory))
        changes_of_folders = awatch(
            *folders,
            watch_filter=None,
            recursive=False,
            force_polling=True,
            poll_delay_ms=POLL_MS,
            step=SETTLED_MS,
            debounce=LONGEST_MS,
            yield_on_timeout=False,
            raise_interrupt=False,
        )
        async for changes in changes_of_folders:
            saved = sorted(path for change, path in changes if matters(path) and change is not Change.deleted)
            if saved:
                yield Path(os.path.relpath(saved[0], directory))
            if any(Path(path).is_dir() for _, path in changes):
                break  # a folder came or went: look at the new ones too


def matters(path: str) -> bool:
    """Whether saving `path` may mend a project: source and settings do; compiled, temporary and data files don't."""
    name = os.path.basename(path)  # noqa: PTH119 - hundreds at a branch switch
    if name.startswith(TEMPORARY_PREFIXES) or name.endswith("~"):
        return False
    return name in MATTERING_NAMES or os.path.splitext(name)[1] in MATTERING_SUFFIXES  # noqa: PTH122


def watched_folders(directory: Path, limit: int = FOLDERS_LIMIT) -> Iterator[Path]:
    """`directory` and the folders below it, nearest first, without the ignored ones and without following links."""
    generation = [directory]
    while generation and limit > 0:
        yield from generation[:limit]
        limit -= len(generation)
        generation = [child for folder in generation for child in folders_in(folder)]


def folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False) and not ignored(entry)]
    except OSError:
        return []


def ignored(folder: os.DirEntry[str]) -> bool:
    """A hidden folder, one that tools fill, or a virtual environment by whatever name."""
    name = folder.name
    return name.startswith(".") or name in IGNORED_FOLDERS or os.path.exists(f"{folder.path}/pyvenv.cfg")  # noqa: PTH110
