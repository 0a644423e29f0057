"""Every sentence that a person reads, as functions of plain values: summaries, errors, remarks in the log.

Short, plain, present tense, blaming nobody, saying whose move it is. The page's own words are in web/page/words.js.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fujita.django.problem import Problem


# systemd: what a socket unit passed, what the journal did not get


def passed_no_socket(fd: int, name: str) -> str:
    return f"systemd passed descriptor {fd} ({name}), which is no socket: write ListenStream=0.0.0.0:9000"


def passed_no_tcp(fd: int, name: str) -> str:
    return f"systemd passed descriptor {fd} ({name}), which is no TCP socket: write ListenStream=0.0.0.0:9000"


def passed_not_listening(fd: int, name: str) -> str:
    return f"systemd passed descriptor {fd} ({name}), which does not listen: remove Accept=yes"


def missing_in_the_journal(records: int) -> str:
    return f"{records} records of output came faster than the journal takes them, and are missing here"


# A project's summary. `who` is "Django", or the project's title when it runs a command of its own

SAVE = "save"
INSTALL = "install"
RESTART = "restart"
CONFIG = "config"
NOBODY = "nobody"

MENDED_BY = {
    "AddressUnavailable": CONFIG,
    "BadAddress": CONFIG,
    "DatabaseUnreachable": RESTART,
    "DjangoMissing": INSTALL,
    "Killed": NOBODY,
    "ModuleNotFoundError": INSTALL,
    "NoManagePy": CONFIG,
    "PortForbidden": CONFIG,
    "PortInUse": NOBODY,
    "UsageError": CONFIG,
    "WrongPython": CONFIG,
}
"""Whose move it is, by a problem's kind. Everything else is mended by saving a file."""


def mended_by_a_save(problem: Problem | None) -> bool:
    """Whether a start after the next saved file has a chance."""
    return problem is None or MENDED_BY.get(problem.kind, SAVE) in (SAVE, INSTALL)


def waiting(path: str) -> str:
    return f"Waiting for {path}"


def starting(who: str) -> str:
    return f"{who} is starting"


def running(who: str) -> str:
    return f"{who} is running"


def stopping(who: str) -> str:
    return f"{who} is stopping"


def stopped(who: str) -> str:
    return f"{who} is stopped"


def backoff(who: str, seconds: float) -> str:
    return f"{who} keeps exiting: next try in {max(1, round(seconds))} s"


def broken(who: str, problem: Problem | None) -> str:
    """The process lives and does not serve: why, and what makes it go on."""
    if problem is None:
        return f"{who} could not start: it restarts when you save a fix"
    move = {
        SAVE: f"{who} restarts when you save a fix",
        INSTALL: "install it and press Restart, or save a fix",
        RESTART: "press Restart when it answers again",
        CONFIG: "change fujita.yml",
        NOBODY: "press Restart",
    }[MENDED_BY.get(problem.kind, SAVE)]
    return sentences(place(problem), move)


def exited(who: str, problem: Problem | None, code: int | None, signal: str | None, on_change: bool) -> str:
    """It ended by itself: why, and what makes it start again. `signal` is a name such as SIGKILL."""
    if problem:
        why = f"{who} exited: {place(problem)}"
    elif signal:
        why = f"{who} exited: killed by {signal}"
    else:
        why = f"{who} exited with code {code}" if code else f"{who} exited"
    mended_by = MENDED_BY.get(problem.kind, SAVE) if problem else SAVE
    move = {
        SAVE: "Fujita starts it again when you save a fix" if problem else "Fujita starts it again when you save a file",
        INSTALL: "Install it, then press Start",
    }.get(mended_by, "")
    if mended_by == SAVE and not on_change:
        move = "Press Start when it is mended" if problem else "Press Start to run it again"
    return sentences(why, move)


def place(problem: Problem) -> str:
    """What is wrong, in a few words: where it is, if a file is known, else what was said."""
    if problem.kind in STATEMENTS:
        return problem.message
    if problem.file:
        line = f", line {problem.line}" if problem.line else ""
        return f"{problem.kind} in {problem.file}{line}"
    return shortened(f"{problem.kind}: {problem.message}" if problem.message else problem.kind)


STATEMENTS = frozenset(MENDED_BY) - {"ModuleNotFoundError"} | {"SystemExit", "CommandError", "Error"}
"""Kinds whose message is a statement of its own: their names add nothing for a person."""


def sentences(what: str, move: str) -> str:
    """`SyntaxError in views.py: Django restarts …`, or two sentences where there is a colon already."""
    if not move:
        return what
    if ":" in what:
        return f"{what.rstrip('.')}. {move[0].upper()}{move[1:]}"
    return f"{what}: {move}"


def shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


# What Django says is wrong: messages that are ours, and hints


def port_in_use(port: int | None, holder_name: str | None, pid: int | None, project: str | None = None) -> str:
    """`project` is the project of ours that holds it, if one does."""
    what = f"port {port} is in use" if port else "the port is in use"
    if project:
        return f"{what} by the project {project}"
    if holder_name:
        return f"{what} by {holder_name} (pid {pid})" if pid else f"{what} by {holder_name}"
    return what


def free_the_port() -> str:
    return "Stop the program that uses it, or choose another port in fujita.yml, then press Start"


def port_forbidden() -> str:
    return "Django may not listen on that port"


def choose_a_high_port() -> str:
    return "Ports below 1024 belong to the administrator: choose one above in fujita.yml"


def address_unavailable() -> str:
    return "this machine does not have that address"


def choose_another_address() -> str:
    return "Use 0.0.0.0:8000 (reachable from outside the box) or 127.0.0.1:8000 as address in fujita.yml"


def host_unknown() -> str:
    return "the host name of the address is unknown"


def port_too_high() -> str:
    return "the port is above 65535"


def django_missing() -> str:
    return "this python has no Django"


def wrong_python(first: str) -> str:
    return f"this Django does not fit this python ({first})"


def choose_another_python() -> str:
    return "Choose another python for the project in fujita.yml, or install a Django that fits"


def python_2() -> str:
    return "this python is python 2, and the project is written for python 3"


def no_manage_py() -> str:
    return "there is no manage.py"


def say_where_manage_py_is() -> str:
    return "Check directory and manage in fujita.yml"


def check_the_options() -> str:
    return "Check options in fujita.yml"


def install(distribution: str, requirements: str | None) -> str:
    if requirements:
        return f"pip install -r {requirements} (or pip install {distribution}, if it is not listed there)"
    return f"pip install {distribution}"


def named_in(setting: str, module: str, requirements: str | None) -> str:
    """A module that only the settings name, not an import of the project's."""
    return f"{setting} names {module}: correct it, or {install(module, requirements)}"


def killed(signal: str) -> str:
    return f"the server was killed ({signal})"


def out_of_memory() -> str:
    return "Somebody killed it, or the machine ran out of memory: give the box more, or look into its log (dmesg)"


def crashed_in_c() -> str:
    return "A module written in C crashed. PYTHONFAULTHANDLER=1 in its environment shows where"


def start_the_database() -> str:
    return "Start the database, or correct DATABASES in the settings, then press Restart"


def make_the_folder() -> str:
    return "Make the folder that DATABASES names, then press Restart"


def apply_migrations() -> str:
    return "python manage.py migrate"


def more_errors(message: str, more: int) -> str:
    return f"{message} (and {more} more)" if more else message


def use_http() -> str:
    return "A browser asked for https, and Django's server speaks http only: use http://"


def no_traceback() -> str:
    return "Django shows no traceback while DEBUG is False"
