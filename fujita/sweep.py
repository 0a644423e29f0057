"""Ends what a sidecar left behind when its unit stops (ExecStopPost= of fujita.service).

A unit that is restarted, or whose sidecar crashed, keeps its projects for the next sidecar; a unit that stops keeps
nothing, whatever became of the sidecar that should have seen to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from fujita.systemd.job import RESTART, START, job_of_this_unit

PATIENCE = 2.0
"""Seconds from SIGTERM to SIGKILL."""


def main(config: Path, environ: Mapping[str, str]) -> None:
    job = job_of_this_unit()
    failed = environ.get("SERVICE_RESULT") != "success"  # systemd.exec(5): then Restart=on-failure starts it again
    if job in (RESTART, START) or (job is None and failed):
        return

    import asyncio  # not while a restart waits for us

    from fujita.process.cgroup import delegated
    from fujita.process.tree import end_orphans, marker_of

    asyncio.run(end_orphans(marker_of(config), PATIENCE))
    if cgroup := delegated():
        cgroup.end_all_but([])


if __name__ == "__main__":
    main(Path(sys.argv[1]), os.environ)
