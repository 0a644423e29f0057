"""Starts one process: a session of its own, three pipes, a clean environment, no descriptor but 0, 1 and 2."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

SIDECARS_OWN = (
    "NOTIFY_SOCKET",
    "WATCHDOG_",
    "LISTEN_",
    "MAINPID",
    "FDSTORE",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "RUNTIME_DIRECTORY",
    "FUJITA_",
)
"""What systemd and the user told the sidecar alone (sd_notify(3), systemd.exec(5)): a project that had it could
speak for the sidecar, or learn its token."""

FILES_LIMIT = 1024
"""The soft limit of open files that programs expect (select(2)); the sidecar has raised its own."""


def environment_for(
    inherited: Mapping[str, str], added: Mapping[str, str], marker: Mapping[str, str]
) -> dict[str, str]:
    """A process's environment: the sidecar's without its own affairs, then the project's, then `marker`."""
    kept = {key: value for key, value in inherited.items() if not key.startswith(SIDECARS_OWN)}
    # Through a pipe, python keeps stdout to itself until 8 KiB have come together: no banner, no print, no prompt.
    return {**kept, "PYTHONUNBUFFERED": "1", **added, **marker}


@dataclass(frozen=True, slots=True)
class Child:
    """A process and our ends of its pipes; None where there is none. `pidfd` is it, whatever becomes of its pid."""

    pid: int
    stdin: int | None
    stdout: int
    stderr: int
    pidfd: int | None


def spawn(argv: Sequence[str], directory: str, environment: Mapping[str, str]) -> Child:
    """Starts `argv`; OSError or ValueError (a NUL) says why it could not be started.

    `start_new_session` makes it the leader of a session and a group (setsid(2)); Popen closes every other descriptor.
    Signals that are ignored here would be ignored there too, so the sidecar ignores none.
    """
    started = subprocess.Popen(
        argv,
        cwd=directory,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    with suppress(OSError):  # it may be gone already
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(started.pid, resource.RLIMIT_NOFILE, (min(FILES_LIMIT, hard), hard))
    assert started.stdin and started.stdout and started.stderr
    stdin, stdout, stderr = (os.dup(pipe.fileno()) for pipe in (started.stdin, started.stdout, started.stderr))
    for pipe in (started.stdin, started.stdout, started.stderr):
        pipe.close()
    started.returncode = 0  # the reaper waits for it; subprocess must not, ever
    return Child(started.pid, stdin, stdout, stderr, pidfd_of(started.pid))


def pidfd_of(pid: int) -> int | None:
    """pidfd_open(2); None if the process is gone, or where the kernel has none (before Linux 5.3)."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None
