"""One project: obeys the table of `states.py`, owns its process, its log and its reader, and publishes its STATUS.
Leaves HTTP to web/ and other projects to the supervisor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from fujita import words
from fujita.django.finding import Failed, Finding, Reloading, SpokeHttps
from fujita.django.problem import Problem
from fujita.host import Host
from fujita.process.listeners import holder_of
from fujita.process.process import Keeper, Process
from fujita.process.starter import Starter
from fujita.process.usage import Meter
from fujita.project import launch
from fujita.project.looking import Look
from fujita.project.migrations import Migrations
from fujita.project.observer import Observer
from fujita.project.probe import Server, until_serving, until_silent
from fujita.project.recovery import Recovery
from fujita.project.runs import Runs
from fujita.project.states import ALIVE, IDLE, Effect, Event, State, back_off, step
from fujita.project.status import Status
from fujita.project.tasks import Tasks
from fujita.project.telling import Facts, status_of, summary
from fujita.stream.board import Board
from fujita.stream.cache import Cache

if TYPE_CHECKING:
    from fujita.config.models import ProjectConfig

FORGIVEN_AFTER = 60.0
"""Seconds of running after which earlier failures no longer lengthen the back-off."""
STUCK_AFTER = 3.0
"""Seconds after the SIGKILL at which a process that is still there can't be ended by anybody."""
RACE = 0.5
"""Seconds by which one stream may be behind the other; Django's reloader needs longer to begin anew."""
HTTPS_HELP = 60.0
"""Seconds that whoever asked for https is helped."""

TASKS_OF: dict[State, tuple[str, ...]] = {
    State.WAITING: ("seek",),
    State.STARTING: ("launch", "run", "probe", "tries", "slow"),
    State.RUNNING: ("run", "guard", "places", "migrations", "https"),
    State.BROKEN: ("run", "probe", "tries", "watch", "answers"),
    State.STOPPING: ("run", "stuck"),
    State.RESTARTING: ("run", "stuck"),
    State.STOPPED: ("migrations",),
    State.EXITED: ("tries", "watch", "port", "migrations"),
    State.BACKOFF: ("retry", "migrations"),
}
"""What may go on in each state; the rest is cancelled on entering it. "read" goes on always."""


class Project:
    """`ask` takes what people ask; everything else it finds out by itself and posts to `board` under its name."""

    def __init__(
        self,
        config: ProjectConfig,
        cache: Cache,
        board: Board,
        starter: Starter,
        host: Callable[[], Host],
        keeper: Keeper | None = None,
    ) -> None:
        self.config = config
        self.cache = cache
        self._board = board
        self._starter = starter
        self._keeper = keeper
        self._host = host
        self._who = words.who(config.title, config.command is not None)
        self._facts = Facts()
        self._process: Process | None = None
        self._began = 0
        self._meter: Meter | None = None
        self._failures = 0
        self._running_since: float | None = None
        self._failed_at = float("-inf")
        self._failed_early: Problem | None = None
        self._look = Look(config)
        self._closing = False
        self._settled = asyncio.Event()
        self._settled.set()
        self._effects = {
            Effect.LAUNCH: self._launch,
            Effect.PROBE: self._probe,
            Effect.END: self._end,
            Effect.KILL: self._kill,
            Effect.SEEK: self._seek,
            Effect.WATCH: self._watch,
            Effect.RETRY_LATER: self._retry_later,
        }
        self._tasks = Tasks()
        self.runs = Runs(config, cache, starter, keeper, self._run_changed)
        self._observer = Observer(config, cache, self._understood)
        self._recovery = Recovery(config, self._who, self._observer)
        self._migrations = Migrations(config, starter, self._observer.counted)
        self._tasks.start("read", self._observer.observe())
        self.publish()

    # What others may do

    def ask(self, event: Event) -> bool:
        """Start, stop, restart or kill; False if that changes nothing."""
        return False if self._closing else self._happen(event)

    def say(self, text: str) -> None:
        """A remark of the sidecar's own, in the project's log."""
        self.cache.append("fujita", text + "\n")

    def type(self, text: str) -> bool:
        """Gives `text` to the process's standard input, and shows it in the log; False if nothing takes it."""
        if not self._process or not self._process.input.write(text.encode("utf-8", "replace")):
            return False
        self.cache.append("fujita", text, input=True)
        self._observer.answered()
        return True

    @property
    def alive(self) -> bool:
        """Whether a process of it exists."""
        return self._process is not None

    async def settled(self) -> None:
        """Returns when nothing is being ended."""
        await self._settled.wait()

    async def measure(self) -> None:
        """Looks again at what it uses, whether its files are still there, and whether its migrations changed."""
        if self._meter:
            self._facts.usage = await asyncio.to_thread(self._meter.look)
        if self.state is State.RUNNING:
            self._facts.missing = await self._look.missing()
            if not self._facts.missing and await self._migrations.look():
                self._tasks.start("migrations", self._migrations.ask())
        self.publish()

    async def close(self) -> None:
        """Ends its process and its commands, and everything it does; it can't be started again."""
        self._happen(Event.STOP)
        self._closing = True
        await asyncio.gather(self.settled(), self.runs.close())
        await self._tasks.close()

    @property
    def state(self) -> State:
        return self._facts.state

    @property
    def status(self) -> Status:
        return status_of(
            self.config, self._facts, self._observer.seen, self.runs.current, self.cache.epoch, self._host()
        )

    @property
    def summary(self) -> str:
        """What it is doing, in a sentence."""
        return summary(self.config, self._facts, self._observer.seen)

    def publish(self) -> None:
        self._board.post(self.config.name, self.status.line)

    # What happens

    def _happen(self, event: Event) -> bool:
        state, effects = step(self.state, event)
        if state is self.state and not effects:
            return False
        if state is not self.state:
            self._enter(state)
        for effect in effects:
            self._effects[effect]()
        self.publish()
        return True

    def _enter(self, state: State) -> None:
        if state is State.RUNNING:
            self._running_since = time.monotonic()
            self._recovery.serves()
        if state is State.STOPPED:
            self._recovery.rests()
        if state in IDLE or state in (State.STARTING, State.RUNNING):
            self._facts.problem = self._facts.problem if state is State.EXITED else None
        if state is not State.BACKOFF:
            self._facts.retry = None
        self._facts.state = state
        self._facts.since = time.time()
        self._tasks.keep(("read", *TASKS_OF[state]))
        if state in IDLE:
            self._settled.set()
        else:
            self._settled.clear()

    # Effects

    def _launch(self) -> None:
        self._tasks.start("launch", self._look_and_start())

    def _probe(self) -> None:
        if self._process:
            self._tasks.start("probe", self._until_serving(self._process))
        if self.state is State.STARTING and self._is_django:
            self._when("slow", Event.UNHEEDED, self._recovery.slow)

    def _end(self) -> None:
        if self._process:
            self._process.end(self.config.stop_timeout, gently=self.config.command is None)
            self._tasks.start("stuck", self._say_when_stuck(self._process))
        elif not self._tasks.runs("run"):
            self._happen(Event.ENDED)  # it was about to be started

    def _kill(self) -> None:
        if self._process:
            self._process.end(0)
        self._end()

    def _seek(self) -> None:
        self._tasks.start("seek", self._until_found())

    def _watch(self) -> None:
        problem = self._facts.problem
        if self.state is State.BROKEN:
            if not self._tasks.runs("watch"):
                self._when("watch", Event.UNHEEDED, self._recovery.unheeded, problem, self._facts.pid)
            if problem and problem.address:
                self._when("answers", Event.UNHEEDED, self._recovery.answers, problem.address)
        elif self.config.restart == "on-change":
            self._when("watch", Event.SAVED, self._recovery.saved, problem)
            if problem and problem.kind == "PortInUse" and self.config.port:
                self._when("port", Event.SAVED, self._recovery.port_is_free, self.config.port)

    def _retry_later(self) -> None:
        wait = back_off(self._failures)
        self._facts.retry = round(time.time() + wait, 3)
        self._tasks.start("retry", self._retry_after(wait))

    # Tasks

    async def _look_and_start(self) -> None:
        self._facts.missing = await self._look.missing()
        if self._facts.missing:
            self._happen(Event.MISSING)
            return
        self._facts.exit = None
        self._facts.problem = None
        self._observer.started()
        self._failed_early = None
        self._tasks.start("tries", self._recovery.starts())
        try:
            asked = launch.server(self.config)
            process = self._starter.start(
                asked.argv, asked.directory, asked.environment, self.cache.append, keeper=self._keeper
            )
        except (OSError, ValueError) as error:
            self._facts.problem = Problem("Unstartable", words.unstartable(error))
            self.say(words.said_unstartable(self._who, self._facts.problem.message))
            self._ended_by_itself(Event.UNSTARTABLE)
            return
        self._facts.starts += 1
        self._running_since = None
        self._began = self.cache.next
        self._lives(process)
        self.say(words.said_started(self._who, process.pid))
        self._probe()
        self.publish()

    def _lives(self, process: Process) -> None:
        self._process = process
        self._facts.pid = process.pid
        self._meter = Meter(process.pid, process.tree.group)
        self._tasks.start("run", self._run(process))

    async def _run(self, process: Process) -> None:
        exit = await process.run()
        self._process = self._meter = None
        self._facts.pid = self._facts.usage = None
        self._facts.exit = exit
        problem = self._observer.ended(exit.returncode)
        if self.state in ALIVE:
            self._facts.problem = await self._explained(problem)
            self.say(words.said_exited(self._who, exit.code, exit.signal))
            self._ended_by_itself(Event.ENDED)
        else:
            self.say(words.said_stopped(self._who))
            self._happen(Event.ENDED)

    def _ended_by_itself(self, event: Event) -> None:
        ran_for = time.monotonic() - self._running_since if self._running_since else 0.0
        self._failures = 1 if ran_for >= FORGIVEN_AFTER else self._failures + 1
        self._happen(Event.ENDED_RETRY if self.config.restart == "always" else event)

    async def _explained(self, problem: Problem | None) -> Problem | None:
        """`problem`, with the name of who holds the port if that is what is wrong."""
        if problem is None or problem.kind != "PortInUse" or self.config.port is None:
            return problem
        holder = await asyncio.to_thread(holder_of, self.config.port)
        if holder is None or holder.pid is None:
            return problem
        message = words.port_in_use(self.config.port, holder.name, holder.pid, holder.project)
        return replace(problem, message=message)

    async def _until_serving(self, process: Process) -> None:
        server = await until_serving(process.pid, self.config.port)
        self._tasks.start("guard", self._guard(server))
        self._tasks.start("places", self._migrations.serving())
        self._happen(Event.LISTENING)

    async def _guard(self, server: Server) -> None:
        await until_silent(server, self.cache)
        if not self._observer.seen.tells_reloads:
            self._tasks.start("tries", self._recovery.reloads())
        self._happen(Event.SERVER_GONE)
        if self._failed_early:
            self._fail(self._failed_early)

    async def _say_when_stuck(self, process: Process) -> None:
        """A process that the kernel holds (state D, proc(5)) outlives SIGKILL: say so rather than wait in silence."""
        await asyncio.sleep(self.config.stop_timeout + STUCK_AFTER)
        if unkillable := process.tree.unkillable:
            self.say(words.unkillable([held.pid for held in unkillable]))

    async def _until_found(self) -> None:
        async for missing in self._look.until_found():
            if missing != self._facts.missing:
                self._facts.missing = missing
                self.publish()
        self._happen(Event.FOUND)

    def _when(self, task: str, event: Event, mended: Callable[..., Awaitable[str]], *arguments: object) -> None:
        """Lets `event` happen as soon as `mended` returns with the remark that says why."""

        async def wait() -> None:
            self.say(await mended(*arguments))
            self._happen(event)

        self._tasks.start(task, wait())

    async def _retry_after(self, wait: float) -> None:
        await asyncio.sleep(wait)
        self._happen(Event.RETRY_DUE)

    async def _help_with_https(self) -> None:
        self._facts.spoke_https = True
        try:
            await asyncio.sleep(HTTPS_HELP)
        finally:
            self._facts.spoke_https = False
            self.publish()

    def _run_changed(self) -> None:
        """A command began or ended; one that ended may have applied or made migrations."""
        self.publish()
        if not self.runs.current and not self._closing and self.state in (State.RUNNING, *IDLE):
            self._tasks.start("migrations", self._migrations.ask())

    @property
    def _is_django(self) -> bool:
        """Whether its output is in Django's words; other programs may print whatever they like."""
        return self.config.command is None

    def _understood(self, finding: Finding | None) -> None:
        """What the observer read in the output; it decides nothing while a process of ours listens."""
        if isinstance(finding, SpokeHttps):
            self._tasks.start("https", self._help_with_https())
        if self._is_django:
            self._follow(finding)
        self.publish()

    def _follow(self, finding: Finding | None) -> None:
        if isinstance(finding, Reloading):
            self._failed_early = None
            self._tasks.start("tries", self._recovery.reloads())
        if isinstance(finding, Failed):
            self._fail(finding.problem)
        elif isinstance(finding, Reloading) or (self._observer.seen.begins_anew(finding) and not self._just_failed):
            self._happen(Event.TRIES_AGAIN)

    def _fail(self, problem: Problem) -> None:
        if self.state is State.RUNNING:  # a start failed, and nobody has noticed yet that the server before it ended
            self._failed_early = problem
        elif self.state in (State.STARTING, State.BROKEN):
            self._facts.problem = problem
            self._failed_at = time.monotonic()
            self._happen(Event.FAILED)

    @property
    def _just_failed(self) -> bool:
        """Then "Performing system checks..." is of the start that failed: stdout and stderr race."""
        return time.monotonic() - self._failed_at < RACE
