"""From one sidecar to the next, under systemd: a project's log, its state and its processes go on, whether the one
before ended in order or was killed. Anything that does not fit together is not taken over: then all begins anew."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from fujita import files, words
from fujita.config.load import ConfigError, load
from fujita.config.models import Config, ProjectConfig
from fujita.process.spawn import Child
from fujita.project.left import NAME, Going, Left, digest, note, noted
from fujita.project.states import State
from fujita.stream import spool
from fujita.stream.cache import Cache
from fujita.stream.intake import Intake
from fujita.stream.spool import Spool, Spooled
from fujita.systemd.store import FdStore

KEPT = ("stdin", "stdout", "stderr", "pidfd")


@dataclass(frozen=True)
class Inherited:
    """What of a project goes on: its log; and if its config is the same its state, and the processes of that state."""

    spooled: Spooled
    left: Left | None = None
    same_config: bool = False
    server: Child | None = None
    run: Child | None = None

    @property
    def wanted(self) -> bool | None:
        """Whether it was not stopped by somebody; None if that is not known."""
        return self.left.facts.state is not State.STOPPED if self.left else None

    @property
    def starts(self) -> list[Going]:
        """The processes that go on."""
        going = ((self.left.server, self.server), (self.left.runs, self.run)) if self.left else ()
        return [start for start, child in going if start and child]


class Handover:
    """Of one project. `folder` is nobody else's. Keeps processes (`Keeper`) while they live."""

    def __init__(self, folder: Path, store: FdStore) -> None:
        self._folder = folder
        self._store = store
        self._spool: Spool | None = None
        self._begin: Callable[[], None] = lambda: None
        self._positions: dict[str, int] = {}
        self._noted: Left | None = None
        self._kept: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether the next sidecar will find everything."""
        return bool(self._spool and not self._spool.broken) and not self._kept & self._store.lost

    def inherited(self, config: ProjectConfig) -> Inherited | None:
        """What the last sidecar left; None if that is nothing. Unreadable or OSError if the log is damaged."""
        try:
            spooled = spool.read(self._folder, config.cache)
        except FileNotFoundError:
            return None
        try:
            left = noted(self._folder)
        except (OSError, ValueError):  # of another version: the log goes on, the rest begins anew
            return Inherited(spooled)
        if left.config != digest(config):
            return Inherited(spooled, left)
        return Inherited(spooled, left, True, self._child(left.server), self._child(left.runs))

    def cache(self, limit: int, inherited: Inherited | None, say: Callable[[Cache, str], object]) -> Cache:
        """A log that is kept here, and goes on after what was inherited. `say` is called where it can't be kept."""
        starts = [going.start for going in inherited.starts] if inherited else []
        self._positions = {
            name: position
            for name, position in (inherited.spooled.read.items() if inherited else ())
            if name.partition(".")[0] in starts
        }
        spool.clear(self._folder, keep=(NAME, *starts) if inherited else ())
        cache = Cache(limit, earlier=inherited.spooled if inherited else None)
        self._begin = lambda: self._keep_log(cache, limit, say)
        self._begin()
        return cache

    def _keep_log(self, cache: Cache, limit: int, say: Callable[[Cache, str], object]) -> None:
        def complain(error: OSError) -> None:
            say(cache, words.not_kept(error.strerror or str(error)))

        try:
            files.own(self._folder)
        except OSError as error:
            complain(error)
            return
        start = Spooled(cache.epoch, [], cache.next, self._positions)
        self._spool = cache.spool = Spool(self._folder, limit, start, complain)

    def note(self, left: Left) -> None:
        if not self._spool or self._spool.broken:
            return
        if self._noted and left == replace(self._noted, read=left.read):  # it may well be read once more
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
        if self._spool and self._spool.broken and not self._kept:
            self._begin()  # there may be room again
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
            for fd in found.values():
                os.close(fd)
            self._store.remove(going.start)
            return None
        return Child(going.pid, stdin, stdout, stderr, pidfd)


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

    @property
    def stored(self) -> int:
        """How many descriptors systemd should have."""
        return self._store.count

    def keep_config(self, path: Path, config: Config) -> None:
        """Copies the file at `path`, if that is still the `config` that was read there."""
        with suppress(OSError, ConfigError):
            files.own(self._folder)
            new = self._folder / "next.yml"
            files.replace(new, path.read_bytes())
            if load(path, new) == config:
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
