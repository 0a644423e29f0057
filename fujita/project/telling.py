"""What is known of a project, and how it is told: the sentence, the help, STATUS. Pure; `project.py` finds it out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.django.problem import Problem
from fujita.host import Host
from fujita.process.process import Exit
from fujita.process.usage import Usage
from fujita.project.observer import Seen
from fujita.project.states import State
from fujita.project.status import Help, Run, Status

SUMMARIES = {
    State.STARTING: words.starting,
    State.RUNNING: words.running,
    State.STOPPING: words.stopping,
    State.RESTARTING: words.restarting,
    State.STOPPED: words.stopped,
}
"""The summaries that need only to know who; the others have a reason to give."""


@dataclass(slots=True)
class Facts:
    """What is so now. Times are in seconds since 1970; `missing` is what is not there, in words; `starts` counts."""

    state: State = State.STOPPED
    since: float = field(default_factory=time.time)
    pid: int | None = None
    usage: Usage | None = None
    exit: Exit | None = None
    missing: str | None = None
    problem: Problem | None = None
    starts: int = 0
    retry: float | None = None
    spoke_https: bool = False


def status_of(config: ProjectConfig, facts: Facts, seen: Seen, run: Run | None, epoch: str, host: Host) -> Status:
    """STATUS: of the facts, of what the output said, and of the host's ports."""
    port = config.port
    url = config.url
    if url is None and port is not None:
        url = f"http://localhost:{host.ports.get(port, port)}/"
    return Status(
        project=config.name,
        title=config.title,
        state=facts.state.public,
        summary=summary(config, facts, seen),
        url=url,
        pid=facts.pid,
        since=round(facts.since, 3),
        exit=facts.exit,
        problem=facts.problem,
        restarts=max(0, facts.starts - 1),
        usage=facts.usage,
        commands=tuple(config.commands),
        migrations=seen.migrations,
        retry=facts.retry,
        port=port if config.url is None else None,
        directory=str(config.directory),
        prompt=seen.prompt if facts.pid else None,
        errors=seen.errors,
        run=run,
        help=help_for(config, facts, seen),
        epoch=epoch,
    )


def summary(config: ProjectConfig, facts: Facts, seen: Seen) -> str:
    """What the project is doing, in a sentence."""
    who = words.who(config.title, config.command is not None)
    if facts.state is State.BACKOFF and facts.retry:
        return words.backoff(who, facts.retry - time.time())
    if facts.state in (State.STARTING, State.RUNNING) and seen.prompt:
        return words.asks(who)
    if facts.state is State.EXITED:
        exit = facts.exit or Exit()
        return words.exited(who, facts.problem, exit.code, exit.signal, config.restart == "on-change")
    if facts.state is State.WAITING:
        return words.waiting(facts.missing or str(config.directory))
    if facts.state is State.BROKEN:
        return words.broken(who, facts.problem)
    return SUMMARIES[facts.state](who)


def help_for(config: ProjectConfig, facts: Facts, seen: Seen) -> Help | None:
    """What would help a project that serves, if anything."""
    if facts.state is State.RUNNING and facts.missing:
        who = words.who(config.title, config.command is not None)
        return Help(words.gone_while_running(who, facts.missing), None)
    if facts.spoke_https:
        return Help(words.use_http(), None)
    if seen.migrations:
        return Help(words.unapplied(seen.migrations), "migrate" if "migrate" in config.commands else None)
    return None
