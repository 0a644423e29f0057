"""All projects by name: takes a config, the first one and every later one, and ends everything at the end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fujita import words
from fujita.config.load import ConfigError, load
from fujita.config.mistakes import Mistake
from fujita.config.models import Config, Console, ProjectConfig
from fujita.host import Host, read_host
from fujita.process.cgroup import Cgroup
from fujita.process.reaper import Reaper
from fujita.process.starter import Starter
from fujita.process.tree import Tree, end_orphans, marker_of
from fujita.project.handover import Handovers, Inherited
from fujita.project.lasting import LastingProject
from fujita.project.looking import LOOK_LIMIT
from fujita.project.project import Project
from fujita.project.states import Event, State
from fujita.stream.board import Board
from fujita.stream.cache import Cache
from fujita.stream.spool import Unreadable

log = logging.getLogger("fujita")

ORPHANS_PATIENCE = 2.0
"""Seconds from SIGTERM to SIGKILL for what a dead sidecar left behind."""
LOOK_PAUSE = 2.0
"""Seconds between two looks at a config that is missing or wrong."""
MEASURE_PAUSE = 5.0
"""Seconds between two looks at memory and CPU, while somebody sees them."""
CONFIG = ":config"
"""The board's key for the config; no project can have this name."""


class Supervisor:
    """`projects` by name, the `config` in force (None before the first good one) and `error`, why the file is not.
    `listens` is the config's `listen` that the console was opened at, if it was that.

    Everything that people see is on `board`: a line for each project, one for the config.
    """

    def __init__(
        self,
        config_path: Path,
        reaper: Reaper,
        cgroup: Cgroup | None = None,
        handovers: Handovers | None = None,
    ) -> None:
        self.config_path = config_path
        self.config: Config | None = None
        self.error: str | None = None
        self.listens: str | None = None
        self.projects: dict[str, Project] = {}
        self.board = Board()
        self.host = Host()
        self._reaper = reaper
        self._cgroup = cgroup
        self._handovers = handovers
        self._inherited: dict[str, Inherited] = {}
        self._damaged: dict[str, str] = {}
        self._wrong = asyncio.Event()
        self._applying = asyncio.Lock()
        self._watchers = 0
        self._watched = asyncio.Event()

    @property
    def marker(self) -> dict[str, str]:
        """What the environment of everything it starts has, so that a later sidecar knows its orphans."""
        return marker_of(self.config_path)

    async def begin(self) -> None:
        """Takes over what an earlier sidecar left and may go on, ends what else it left, and starts the rest."""
        async with self._applying:
            self.host = await asyncio.to_thread(read_host)
            config = await self._config_at_the_start()
            if config:
                left = {name: self._inherit(project) for name, project in config.projects.items()}
                self._inherited = {name: inherited for name, inherited in left.items() if inherited}
            if orphans := await self._end_orphans():
                log.warning(words.ended_orphans(orphans))
            if config:
                await self._apply(config)

    async def reload(self) -> list[str]:
        """Reads the config and applies it; returns what changed, in words. ConfigError leaves everything as it is."""
        async with self._applying:
            self.host = await asyncio.to_thread(read_host)
            config = await self._load()
            changes = await self._apply(config)
            for project in self.projects.values():
                project.publish()
            return changes

    async def keep_looking(self) -> None:
        """Looks again at a config that is missing or wrong until it is right; sleeps while it is."""
        while True:
            await self._wrong.wait()
            await asyncio.sleep(LOOK_PAUSE)
            with suppress(ConfigError):
                await self.reload()

    async def keep_measuring(self) -> None:
        """Measures the projects while somebody watches."""
        while True:
            await self._watched.wait()
            for project in list(self.projects.values()):
                await project.measure()
            await asyncio.sleep(MEASURE_PAUSE)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While it is entered, somebody sees memory and CPU."""
        self._watchers += 1
        self._watched.set()
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._watched.clear()

    @property
    def summary(self) -> str:
        running = sum(project.state is State.RUNNING for project in self.projects.values())
        return words.sidecar_summary(running, len(self.projects), self.error is not None)

    @property
    def longest_stop(self) -> float:
        """Seconds that the end of all projects may take."""
        return max((project.config.stop_timeout for project in self.projects.values()), default=0.0)

    async def close(self) -> None:
        """Ends every project, all at the same time."""
        async with self._applying:
            await asyncio.gather(*(project.close() for project in self.projects.values()))
            if self._handovers:
                for name in self.projects:
                    self._handovers.drop(name)
            await end_orphans(self.marker, 0)

    @property
    def can_leave(self) -> bool:
        """Whether everything could go on without this sidecar, for the next one to take over."""
        return self._handovers is not None and self._handovers.complete

    @property
    def stored(self) -> int:
        """How many descriptors systemd should have for the next sidecar."""
        return self._handovers.stored if self._handovers else 0

    async def leave(self) -> None:
        """Ends nothing."""
        async with self._applying:
            lasting = [project for project in self.projects.values() if isinstance(project, LastingProject)]
            await asyncio.gather(*(project.leave() for project in lasting))

    async def _load(self) -> Config:
        """The config in the file, which is in force from now on; ConfigError is told, and leaves the old one."""
        reading = asyncio.ensure_future(asyncio.to_thread(load, self.config_path))
        await asyncio.wait({reading}, timeout=LOOK_LIMIT)
        if not reading.done():  # it lies on a mount that hangs: nobody may wait for it, least of all the end
            hangs = Mistake(self.config_path.name, 1, 1, "", words.does_not_answer(self.config_path))
            self._tell(str(hangs))
            raise ConfigError([hangs])
        try:
            config = reading.result()
        except ConfigError as error:
            awaited = not await asyncio.to_thread(os.path.exists, self.config_path)
            self._tell(words.waiting(str(self.config_path)) if awaited else str(error))
            raise
        self._tell(None)
        if self._handovers:
            await asyncio.to_thread(self._handovers.keep_config, self.config_path, config)
        return config

    async def _config_at_the_start(self) -> Config | None:
        """That of the file; where it is wrong or not there, that of the last sidecar; else None."""
        with suppress(ConfigError):
            return await self._load()
        return await asyncio.to_thread(self._last_config)

    def _last_config(self) -> Config | None:
        """That of the last sidecar, if it left one."""
        if self._handovers:
            with suppress(ConfigError):
                return load(self.config_path, self._handovers.config)
        return None

    def console_at_the_start(self) -> Console:
        """How the console is to be had, whatever is wrong with the rest of the file."""
        try:
            return load(self.config_path).console
        except ConfigError:
            last = self._last_config()
            return last.console if last else Console()

    def _inherit(self, config: ProjectConfig) -> Inherited | None:
        """What an earlier sidecar left of a project. Where that is damaged, all begins anew."""
        if self._handovers is None:
            return None
        handover = self._handovers.of(config.name)
        try:
            return handover.inherited(config)
        except (Unreadable, OSError) as error:
            self._damaged[config.name] = words.not_taken_over(config.name, str(error))
            return None

    async def _end_orphans(self) -> int:
        """How many processes of an earlier sidecar were ended: those that were not inherited."""
        spared: list[Tree] = []
        for name, inherited in self._inherited.items():
            starter = self._starter(name)
            spared += [starter.tree(going.start, going.pid) for going in inherited.starts]
        orphans = await end_orphans(self.marker, ORPHANS_PATIENCE, spared)
        if self._handovers:
            self._handovers.drop_rest()
        if self._cgroup:
            self._cgroup.end_all_but([tree.group for tree in spared if tree.group])
        return orphans

    async def _apply(self, config: Config) -> list[str]:
        """From what is there to `config`: what is the same is left alone; ports are free before they are taken."""
        old, new = self.projects, config.projects
        gone = [name for name in old if name not in new]
        changed = [name for name in new if name in old and old[name].config != new[name]]
        added = [name for name in new if name not in old]
        wanted = {name for name in changed if old[name].state is not State.STOPPED}
        await asyncio.gather(*(old[name].close() for name in gone + changed))
        for name in gone:
            del self.projects[name]
            if self._handovers:
                self._handovers.drop(name)
            self.board.post(name, json.dumps({"removed": name}).encode() + b"\n")
        caches = {name: old[name].cache for name in changed}
        self.projects = {
            name: old[name] if name not in changed + added else self._project(project, caches.get(name))
            for name, project in new.items()
        }
        self.config = config
        for name in changed + added:
            project, inherited = self.projects[name], self._inherited.pop(name, None)
            if isinstance(project, LastingProject) and inherited and inherited.same_config:
                await self._go_on(project, inherited)
            elif name in wanted or (name in added and self._starts_by_itself(new[name], inherited)):
                project.ask(Event.START)
        moved = self.listens is not None and self.listens != config.console.listen
        return [
            words.config_changes(kind, name)
            for kind, names in (("added", added), ("changed", changed), ("removed", gone))
            for name in names
        ] + [words.listen_needs_restart(config.console.listen)] * moved

    async def _go_on(self, project: LastingProject, inherited: Inherited) -> None:
        """With what an earlier sidecar left. Where that fails, what was left is ended, and the project begins anew."""
        name, wanted = project.config.name, self._starts_by_itself(project.config, inherited)
        try:
            project.adopt(inherited)
        except Exception as error:
            log.exception("%s can't be taken over", name)
            self._damaged[name] = words.not_taken_over(name, repr(error))
            await project.close()
            await self._end_left(name, inherited)
            self.projects[name] = self._project(project.config, None)
            if wanted:
                self.projects[name].ask(Event.START)

    async def _end_left(self, name: str, inherited: Inherited) -> None:
        deadline = asyncio.get_running_loop().time() + ORPHANS_PATIENCE
        for left in inherited.starts:
            await self._starter(name).tree(left.start, left.pid).end(lambda: deadline)
            if self._handovers:
                self._handovers.of(name).forget(left.start)
        if self._handovers:
            self._handovers.drop(name)

    def _starts_by_itself(self, config: ProjectConfig, inherited: Inherited | None) -> bool:
        """As somebody last wanted it of an earlier sidecar, else as the config says."""
        wanted = inherited.wanted if inherited else None
        return config.autostart if wanted is None else wanted

    def _project(self, config: ProjectConfig, cache: Cache | None) -> Project:
        handover = self._handovers.of(config.name) if self._handovers else None
        if cache is None:
            inherited = self._inherited.get(config.name)
            cache = handover.cache(config.cache, inherited, remark) if handover else Cache(config.cache)
        cache.resize(config.cache)
        if damage := self._damaged.pop(config.name, None):
            log.warning(damage)
            remark(cache, damage)
        starter, host = self._starter(config.name), lambda: self.host
        if handover:
            return LastingProject(config, cache, self.board, starter, host, handover)
        return Project(config, cache, self.board, starter, host)

    def _starter(self, name: str) -> Starter:
        return Starter(self._reaper, {**self.marker, "FUJITA_PROJECT": name}, self._cgroup)

    def _tell(self, error: str | None) -> None:
        self.error = error
        if error:
            self._wrong.set()
        else:
            self._wrong.clear()
        told = {"config": {"path": str(self.config_path), "error": error}}
        self.board.post(CONFIG, json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def remark(cache: Cache, text: str) -> None:
    cache.append("fujita", text + "\n")
