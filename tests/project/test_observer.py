"""What is told of an output that comes in pieces, as on a busy machine."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fujita.config.models import ProjectConfig
from fujita.django.finding import Failed, Finding
from fujita.project.observer import Observer
from fujita.stream.cache import Cache
from tests.sidecar import PATIENCE

CAUSE = """Exception in thread django-main-thread:
Traceback (most recent call last):
  File "{folder}/tcpdb/base.py", line 9, in get_new_connection
    socket.create_connection(("127.0.0.1", 5432), timeout=1).close()
ConnectionRefusedError: [Errno 111] Connection refused
"""
EFFECT = """
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/lib/python3.12/threading.py", line 1073, in _bootstrap_inner
    self.run()
  File "{folder}/polls/views.py", line 12, in connect
    raise RuntimeError("no shop without its database")
RuntimeError: no shop without its database
"""


async def test_a_cause_is_told_only_if_nothing_follows_and_what_follows_takes_its_place(tmp_path: Path) -> None:
    told: asyncio.Queue[Finding | None] = asyncio.Queue()
    cache = Cache(1024 * 1024)
    observer = Observer(ProjectConfig(name="blog", directory=tmp_path), cache, told.put_nowait)
    observing = asyncio.create_task(observer.observe())
    try:
        cache.append("stderr", CAUSE.format(folder=tmp_path))
        assert await kind(told) == "ConnectionRefusedError"
        cache.append("stderr", EFFECT.format(folder=tmp_path))
        assert await kind(told) == "RuntimeError"
        cache.append("stderr", (CAUSE + EFFECT).format(folder=tmp_path))
        assert await kind(told) == "RuntimeError"
    finally:
        observing.cancel()


WATCHING = "Watching for file changes with StatReloader\n"
CHECKING = "Performing system checks...\n\n"
RELOADING = "/site/polls/views.py changed, reloading.\n"


async def test_a_line_of_the_start_that_failed_is_no_new_start_however_late_it_is_read(tmp_path: Path) -> None:
    assert await tries(tmp_path, ("stderr", WATCHING), ("stderr", CAUSE), ("stdout", CHECKING)) == 0
    late = (("stderr", WATCHING), ("stderr", CAUSE), ("stderr", RELOADING), ("stdout", CHECKING), ("stderr", CAUSE))
    assert await tries(tmp_path, *late, ("stdout", CHECKING)) == 1
    silent = (("stdout", CHECKING), ("stderr", CAUSE), ("stdout", CHECKING))  # Django 1.11
    assert await tries(tmp_path, *silent) == 2


async def tries(folder: Path, *pieces: tuple[str, str]) -> int:
    cache = Cache(1024 * 1024)
    observer = Observer(ProjectConfig(name="blog", directory=folder), cache, lambda finding: None)
    observer.started()
    for stream, text in pieces:
        cache.append(stream, text)
    observer.ended(None)
    return observer.seen.tries


async def kind(told: asyncio.Queue[Finding | None]) -> str:
    finding = await asyncio.wait_for(told.get(), PATIENCE)
    assert isinstance(finding, Failed)
    return finding.problem.kind
