"""What systemd is about to do with our unit. It tells nobody why it ends a process, but its queue of jobs does."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

PATIENCE = 3.0
"""Seconds in which systemd must answer; it is asked on the way to the end."""
RESTART, START = "restart", "start"


def is_restarted(stored: int) -> bool:
    """Whether this process is ended by `systemctl restart`, and all else of its unit goes on (`KillMode=process`), with
    the `stored` descriptors. Blocks: ask in a thread."""
    if job_of_this_unit() != RESTART:
        return False
    said = dict(line.partition("=")[::2] for line in asked("show", unit(), "--property=KillMode,NFileDescriptorStore"))
    return said.get("KillMode") == "process" and int(said.get("NFileDescriptorStore", 0)) >= stored


def job_of_this_unit() -> str | None:
    """The type of the job that is under way: "restart", "stop", "start"; None after a crash, or without systemd."""
    for line in asked("list-jobs", "--plain", "--no-legend", unit()):
        _, name, kind, *_ = line.split()
        if name == unit():
            return kind
    return None


def unit() -> str:
    """The service that this process belongs to, "" outside of one: its control group is named so (systemd.unit(5))."""
    return next((name for name in reversed(control_group().parts) if name.endswith(".service")), "")


def control_group() -> PurePosixPath:
    """That of this process, below the mount of cgroup v2; without that as systemd's own hierarchy says."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return PurePosixPath()
    paths = dict(line.split(":", 1)[1].split(":", 1) for line in lines)
    return PurePosixPath(paths.get("", paths.get("name=systemd", "")).lstrip("/"))


def asked(*question: str) -> list[str]:
    """The lines of systemctl's answer; none if there is none in time."""
    try:
        answer = subprocess.run(["systemctl", *question], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return answer.stdout.decode("utf-8", "replace").splitlines()
