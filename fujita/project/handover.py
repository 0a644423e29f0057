"""From one sidecar to the next, under systemd: a project's log, its state and its processes go on, whether the one
before ended in order or was killed. Anything that does not fit together is not taken over: then all begins anew."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.process.spawn import Child
from fujita.project.left import Going, Left, digest, note, noted
from fujita.stream import spool
from fujita.stream.cache import Cache
from fujita.stream.intake import Intake
from fujita.stream.spool import Spool, Spooled, Unreadable
from fujita.systemd.store import FdStore

KEPT = ("stdin", "stdout", "stderr", "pidfd")


@dataclass(frozen=True)
class Inherited:
    """What of a project goes on: its log; its state, if its config is the same; and the processes of that state."""

    spooled: Spooled
    left: Left | None
    server: Child | None
    run: Child | None


class Handover:
    """Of one project. `folder` is nobody else's. Keeps processes (`Keeper`) while they live."""

    def __init__(self, folder: Path, store: FdStore) -> None:
        self._folder = folder
        self._store = store
        self._spool: Spool | None = None
        self._positions: dict[str, int] = {}
        self._noted: Left | None = None
        self._kept: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether the next sidecar will find everything."""
        return bool(self._spool and not self._spool.broken) and not self._kept & self._store.lost

    def inherited(self, config: ProjectConfig) -> Inherited | None:
        """What the last sidecar left; None if that is nothing. Unreadable, OSError or ValueError if it is damaged."""
        try:
            spooled = spool.read(self._folder, config.cache)
        except FileNotFoundError:
            return None
        left = noted(self._folder)
        if left.config != digest(config):
            return Inherited(spooled, None, None, None)
        server, run = (self._child(going) for going in (left.server, left.runs))
        if (left.server and not server) or (left.runs and not run):
            raise Unreadable("its process is not in systemd's store")
        return Inherited(spooled, left, server, run)

    def cache(self, limit: int, spooled: Spooled | None, say: Callable[[Cache, str], object]) -> Cache:
        """A log that is kept here, and goes on after `spooled`. `say` is called if it can be kept no longer."""
        cache = Cache(limit, earlier=spooled)
        try:
            if not spooled:
                self.clear()
            own(self._folder)
        except OSError as error:
            say(cache, words.not_kept(error.strerror or str(error)))
            return cache
        self._positions = dict(spooled.read) if spooled else {}
        start = spooled or Spooled(cache.epoch, [], cache.next)
        self._spool = cache.spool = Spool(
            self._folder, limit, start, lambda error: say(cache, words.not_kept(error.strerror or str(error)))
        )
        return cache

    def note(self, left: Left) -> None:
        if not self._spool or self._spool.broken:
            return
        if self._noted and left == replace(self._noted, read=left.read):  # what was read since then told nothing
            return
        try:
            note(self._folder, left)
            self._noted = left
        except OSError as error:
            self._spool.fail(error)

    def clear(self) -> None:
        """Nothing goes on."""
        if self._spool:
            self._spool.close()
        spool.clear(self._folder)
        with suppress(OSError):
            self._folder.rmdir()

    # As the keeper of its processes

    def intake(self, fd: int, name: str) -> Intake:
        return self._spool.intake(fd, name, self._positions.pop(name, 0)) if self._spool else Intake(fd)

    def keep(self, start: str, child: Child) -> None:
        self._kept.add(start)
        if child.pidfd is None:  # without it nobody could tell this process from a later one of its pid
            self._store.lost.add(start)
        self._store.put(start, {name: fd for name in KEPT if (fd := getattr(child, name)) is not None})

    def forget(self, start: str) -> None:
        self._kept.discard(start)
        self._store.remove(start)
        if self._spool:
            for stream in ("stdout", "stderr"):
                self._spool.forget(f"{start}.{stream}")

    def _child(self, going: Going | None) -> Child | None:
        """The process with its pipes as they came out of the store; None if something is missing."""
        if going is None:
            return None
        found = self._store.take(going.start)
        stdin, stdout, stderr, pidfd = (found.get(name) for name in KEPT)
        if stdout is None or stderr is None or pidfd is None:
            return None
        return Child(going.pid, stdin, stdout, stderr, pidfd)


def own(folder: Path) -> None:
    """Makes `folder` if it is not there. OSError if it is a link, or another user's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(1, os.strerror(1))


class Handovers:
    """Of all projects of a config, below `folder`, and of the config itself."""

    def __init__(self, folder: Path, store: FdStore) -> None:
        self._folder = folder
        self._store = store
        self._handovers: dict[str, Handover] = {}

    @property
    def complete(self) -> bool:
        """Whether the next sidecar will find everything of every project."""
        return all(handover.complete for handover in self._handovers.values())

    @property
    def config(self) -> Path:
        """A copy of the config in force, for a sidecar that begins while the file is wrong or not there."""
        return self._folder / "fujita.yml"

    def of(self, name: str) -> Handover:
        if name not in self._handovers:
            self._handovers[name] = Handover(self._folder / "projects" / name, self._store)
        return self._handovers[name]

    def keep_config(self, path: Path) -> None:
        with suppress(OSError):
            own(self._folder)
            new = self._folder / "fujita.new"
            shutil.copyfile(path, new)
            new.replace(self.config)

    def drop(self, name: str) -> None:
        """The project is no more."""
        self.of(name).clear()
        del self._handovers[name]

    def drop_rest(self) -> None:
        """What belongs to none of the projects so far asked for."""
        self._store.remove_rest()
        with suppress(OSError):
            for folder in (self._folder / "projects").iterdir():
                if folder.name not in self._handovers:
                    Handover(folder, self._store).clear()
