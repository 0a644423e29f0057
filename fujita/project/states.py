"""What a project does next: a table from (state, event) to (state, effects). No I/O, no clock; `project.py` obeys."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """The states of the contract, and one of our own: `RESTARTING` is a `stopping` that will start again."""

    WAITING = "waiting"
    STARTING = "starting"
    RUNNING = "running"
    BROKEN = "broken"
    STOPPING = "stopping"
    RESTARTING = "restarting"
    STOPPED = "stopped"
    EXITED = "exited"
    BACKOFF = "backoff"

    @property
    def public(self) -> str:
        return "stopping" if self is State.RESTARTING else self.value


class Event(Enum):
    # Somebody asked
    START = auto()
    STOP = auto()
    RESTART = auto()
    KILL = auto()
    # While it is started
    MISSING = auto()  # its directory, python or manage.py is not there
    UNSTARTABLE = auto()  # the kernel refused (execve(2), fork(2))
    LISTENING = auto()  # a process of its tree listens on its port, or it needs none and lives
    # While it lives
    SERVER_GONE = auto()  # what listened has ended or listens no more
    FAILED = auto()  # Django says that its start failed, and waits for a save
    TRIES_AGAIN = auto()  # Django begins anew
    UNHEEDED = auto()  # a fix was saved and Django has not noticed, or what it needs is there again
    # When it is over
    ENDED = auto()  # the process and its whole tree are gone
    ENDED_RETRY = auto()  # the same, and `restart: always` asks for another try
    # While nothing runs
    FOUND = auto()  # what was missing is there
    SAVED = auto()  # a file that matters was saved, or what was in the way has gone
    RETRY_DUE = auto()


class Effect(Enum):
    LAUNCH = auto()  # look for what it needs, then spawn it
    PROBE = auto()  # find out who listens on its port
    END = auto()  # SIGTERM, SIGKILL after stop_timeout
    KILL = auto()  # SIGKILL at once
    SEEK = auto()  # look for what is missing until it is there
    WATCH = auto()  # report saved files
    RETRY_LATER = auto()  # report RETRY_DUE after the back-off


IDLE = (State.STOPPED, State.EXITED, State.BACKOFF, State.WAITING)
ALIVE = (State.STARTING, State.RUNNING, State.BROKEN)
ENDING = (State.STOPPING, State.RESTARTING)

Step = tuple[State, tuple[Effect, ...]]

TABLE: dict[tuple[State, Event], Step] = {
    **{(state, Event.START): (State.STARTING, (Effect.LAUNCH,)) for state in IDLE},
    **{(state, Event.STOP): (State.STOPPED, ()) for state in IDLE},
    **{(state, Event.KILL): (State.STOPPED, ()) for state in IDLE},
    **{(state, Event.RESTART): (State.STARTING, (Effect.LAUNCH,)) for state in IDLE},
    **{(state, Event.STOP): (State.STOPPING, (Effect.END,)) for state in ALIVE},
    **{(state, Event.KILL): (State.STOPPING, (Effect.KILL,)) for state in ALIVE},
    **{(state, Event.RESTART): (State.RESTARTING, (Effect.END,)) for state in ALIVE},
    **{(state, Event.ENDED): (State.EXITED, (Effect.WATCH,)) for state in ALIVE},
    **{(state, Event.ENDED_RETRY): (State.BACKOFF, (Effect.RETRY_LATER,)) for state in ALIVE},
    (State.STARTING, Event.MISSING): (State.WAITING, (Effect.SEEK,)),
    (State.STARTING, Event.UNSTARTABLE): (State.EXITED, (Effect.WATCH,)),
    (State.STARTING, Event.LISTENING): (State.RUNNING, ()),
    (State.STARTING, Event.FAILED): (State.BROKEN, (Effect.PROBE, Effect.WATCH)),
    (State.STARTING, Event.UNHEEDED): (State.RESTARTING, (Effect.END,)),
    (State.RUNNING, Event.SERVER_GONE): (State.STARTING, (Effect.PROBE,)),
    (State.BROKEN, Event.LISTENING): (State.RUNNING, ()),
    (State.BROKEN, Event.FAILED): (State.BROKEN, (Effect.WATCH,)),
    (State.BROKEN, Event.TRIES_AGAIN): (State.STARTING, (Effect.PROBE,)),
    (State.BROKEN, Event.UNHEEDED): (State.RESTARTING, (Effect.END,)),
    (State.STOPPING, Event.START): (State.RESTARTING, ()),
    (State.STOPPING, Event.RESTART): (State.RESTARTING, ()),
    (State.STOPPING, Event.KILL): (State.STOPPING, (Effect.KILL,)),
    (State.RESTARTING, Event.STOP): (State.STOPPING, ()),
    (State.RESTARTING, Event.KILL): (State.STOPPING, (Effect.KILL,)),
    (State.STOPPING, Event.ENDED): (State.STOPPED, ()),
    (State.STOPPING, Event.ENDED_RETRY): (State.STOPPED, ()),
    (State.RESTARTING, Event.ENDED): (State.STARTING, (Effect.LAUNCH,)),
    (State.RESTARTING, Event.ENDED_RETRY): (State.STARTING, (Effect.LAUNCH,)),
    (State.WAITING, Event.FOUND): (State.STARTING, (Effect.LAUNCH,)),
    (State.EXITED, Event.SAVED): (State.STARTING, (Effect.LAUNCH,)),
    (State.BACKOFF, Event.RETRY_DUE): (State.STARTING, (Effect.LAUNCH,)),
}


GOING_ON: dict[State, tuple[Effect, ...]] = {
    State.WAITING: (Effect.SEEK,),
    State.STARTING: (Effect.PROBE,),
    State.RUNNING: (Effect.PROBE,),
    State.BROKEN: (Effect.PROBE, Effect.WATCH),
    State.STOPPING: (Effect.END,),
    State.RESTARTING: (Effect.END,),
    State.STOPPED: (),
    State.EXITED: (Effect.WATCH,),
    State.BACKOFF: (Effect.RETRY_LATER,),
}
"""What a sidecar does that takes over a project in this state from another one."""


def step(state: State, event: Event) -> Step:
    """The next state and what to do. What the table does not name changes nothing: it came too late, or twice."""
    return TABLE.get((state, event), (state, ()))


def back_off(failures: int) -> float:
    """Seconds until the next try after so many failures in a row: 1, 2, 4 … 60."""
    return float(min(60, 2 ** min(failures - 1, 6)))
