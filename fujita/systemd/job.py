"""Why systemd ends a unit: to stop it, or to start it anew. It says so to nobody, but its queue of jobs tells."""

from __future__ import annotations

import subprocess
from pathlib import Path

PATIENCE = 3.0
"""Seconds in which systemd must answer; it is asked on the way to the end."""


def is_restarted() -> bool:
    """Whether this process is ended by `systemctl restart` of its unit (or of another that takes it along), which then
    keeps its descriptor store and its other processes. Blocks: ask in a thread."""
    unit = unit_of_this_process()
    if unit is None:
        return False
    jobs = asked("list-jobs", "--plain", "--no-legend", unit)
    kept = asked("show", unit, "--property=KillMode")
    return any(line.split()[1:3] == [unit, "restart"] for line in jobs) and "KillMode=process" in kept


def unit_of_this_process() -> str | None:
    """As the name of its control group says: systemd names it so (systemd.unit(5))."""
    try:
        groups = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    names = (group.rpartition("/")[2] for group in groups if group.startswith(("0::", "1:name=systemd:")))
    return next((name for name in names if name.endswith(".service")), None)


def asked(*question: str) -> list[str]:
    """The lines of systemctl's answer; none if there is none in time."""
    try:
        answer = subprocess.run(["systemctl", *question], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return answer.stdout.decode("utf-8", "replace").splitlines()
