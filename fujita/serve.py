"""Puts a sidecar together, and takes it apart again: start-up, main loop, shutdown."""

from __future__ import annotations

import asyncio
import errno
import faulthandler
import logging
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from fujita import words
from fujita.cli.terminal import harmless
from fujita.config.load import ConfigError
from fujita.config.models import Console
from fujita.journaling import copy_logs
from fujita.lock import Locked, folder_of, lock
from fujita.process.cgroup import delegated
from fujita.process.listeners import Holder, holder_of
from fujita.process.reaper import Reaper
from fujita.project.handover import Handovers
from fujita.project.tasks import Tasks
from fujita.supervisor import ORPHANS_PATIENCE, Supervisor
from fujita.systemd.job import is_restarted
from fujita.systemd.journal import Journal
from fujita.systemd.notify import Notifier
from fujita.systemd.sockets import PassedSocketError, passed
from fujita.systemd.store import FdStore
from fujita.threads import Threads
from fujita.web import app, streams

log = logging.getLogger("fujita")

ANY_ADDRESS = ("0.0.0.0", "::")
GOODBYE_PATIENCE = 1.0
"""Seconds in which clients may take the news that the sidecar ends."""


class CannotServe(Exception):
    """Why there can be no sidecar; str() is for the person who started it."""


class Harmless(logging.Formatter):
    """Titles and what Django printed are others' text, and this may be a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))


def serve(config: Path) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit status."""
    spoken = logging.StreamHandler(sys.stderr)
    spoken.setFormatter(Harmless("fujita: %(message)s"))
    logging.basicConfig(handlers=[spoken], level=logging.INFO)
    logging.getLogger("tornado.general").setLevel(logging.CRITICAL)  # a client's nonsense is no news
    faulthandler.enable()  # systemd's watchdog ends a hung sidecar by SIGABRT: its log then says where it hung
    unignore_signals()
    raise_limit_of_files()
    try:
        held = lock(config)
        try:
            asyncio.run(live(config, folder_of(config)))
        finally:
            os.close(held)
    except (CannotServe, Locked, PassedSocketError, OSError) as error:
        print(f"fujita: {error}", file=sys.stderr)
        return 1
    return 0


async def live(config: Path, folder: Path) -> None:
    await Sidecar(config, folder).live()


class Sidecar:
    """Everything that one `fujita serve` is made of."""

    def __init__(self, config: Path, folder: Path) -> None:
        self._config = config
        self._notifier = Notifier(os.environ)
        self._passed = passed(os.environ)
        self._tasks = Tasks()
        self._reload_asked = False
        store = FdStore(self._notifier, self._passed.stored)
        handovers = Handovers(folder, store) if self._notifier.active else None
        self._supervisor = Supervisor(config, Reaper(), delegated() if handovers else None, handovers)

    async def live(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Threads())
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        sockets = self._passed.sockets or self._bound()  # whoever connects now waits, and is not refused
        await self._supervisor.begin()
        server = app.server(self._supervisor)
        server.add_sockets(sockets)
        log.info(words.listening(url_of(sockets[0])))
        self._notifier.ready(self._supervisor.summary)
        for name, work in (
            ("config", self._supervisor.keep_looking()),
            ("usage", self._supervisor.keep_measuring()),
            ("watchdog", self._keep_the_watchdog_quiet()),
            ("report", self._report()),
            ("journal", self._copy_to_journal()),
        ):
            self._tasks.start(name, work)
        await stop.wait()
        if self._supervisor.can_leave and await asyncio.to_thread(is_restarted, self._supervisor.stored):
            await self._leave(server)
        else:
            await self._end(server)

    def _bound(self) -> list[socket.socket]:
        console = self._supervisor.console_at_the_start()
        self._supervisor.listens = console.listen
        return bound(console)

    def _reload(self) -> None:
        """Asked while a reload goes on, it is one more after it: one that is cut short leaves projects half ended."""
        self._reload_asked = True
        if not self._tasks.runs("reload"):
            self._tasks.start("reload", self._reload_while_asked())

    async def _reload_while_asked(self) -> None:
        while self._reload_asked:
            self._reload_asked = False
            await self._reload_and_say()

    async def _reload_and_say(self) -> None:
        self._notifier.reloading()
        try:
            for change in await self._supervisor.reload():
                log.info(change)
        except ConfigError as error:
            log.error(words.config_kept(str(error)))
        self._notifier.ready(self._supervisor.summary)

    async def _keep_the_watchdog_quiet(self) -> None:
        """From the loop itself: one that hangs is ended by systemd."""
        while self._notifier.watchdog_interval:
            self._notifier.watchdog()
            await asyncio.sleep(self._notifier.watchdog_interval)

    async def _report(self) -> None:
        """Says what changes: to systemd as STATUS, in a terminal as a line for each project's new summary."""
        board = self._supervisor.board
        said: dict[str, str] = {}
        while True:
            cursor = board.version
            self._notifier.status(self._supervisor.summary)
            summaries = {project.config.title: project.summary for project in self._supervisor.projects.values()}
            if not self._notifier.active:
                for title, summary in summaries.items():
                    if said.get(title) != summary:
                        log.info("%s: %s", title, summary)
            said = summaries
            await board.wait(cursor)

    async def _copy_to_journal(self) -> None:
        console = self._supervisor.config.console if self._supervisor.config else Console()
        if self._notifier.active and console.journal:
            await copy_logs(self._supervisor, Journal())

    async def _end(self, server: HTTPServer) -> None:
        self._notifier.stopping(self._supervisor.longest_stop + ORPHANS_PATIENCE)
        server.stop()
        await asyncio.gather(streams.close_all(GOODBYE_PATIENCE), self._supervisor.close())
        await self._tasks.close()

    async def _leave(self, server: HTTPServer) -> None:
        """The next sidecar is about to start: the projects go on, and it takes them over."""
        self._notifier.stopping()
        server.stop()
        await asyncio.gather(streams.close_all(GOODBYE_PATIENCE), self._supervisor.leave())
        await self._tasks.close()


def bound(console: Console) -> list[socket.socket]:
    """Listening sockets on `console.listen`; CannotServe says who is there already."""
    try:
        return bind_sockets(console.port, console.host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            holder = holder_of(console.port) or Holder()
            raise CannotServe(words.console_port_in_use(console.port, holder.name, holder.pid)) from None
        raise CannotServe(words.cannot_listen(console.listen, error.strerror or str(error))) from None


def unignore_signals() -> None:
    """What is ignored here would be ignored in every project (signal(7)): a background job of sh ignores SIGINT."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


def raise_limit_of_files() -> None:
    """Clients and processes take descriptors; the soft limit of 1024 is for programs that use select(2)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    if host in ANY_ADDRESS:
        host = "localhost"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
