"""Looks whether what a project needs is on the disk, which may hang as long as it likes: a dead mount does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fujita import words
from fujita.config.models import ProjectConfig
from fujita.project import launch

SEEK_PAUSE = 1.0
"""Seconds between two looks for what is missing: no inotify tells of a mount."""
LOOK_LIMIT = 5.0
"""Seconds that a look may take before the folder counts as not there."""


class Look:
    """Of one project."""

    def __init__(self, config: ProjectConfig) -> None:
        self._config = config
        self._looking: asyncio.Future[str | None] | None = None

    async def missing(self) -> str | None:
        """What is not there, in words; None if all is."""
        if self._looking is None or self._looking.done():  # one that hangs is enough
            self._looking = asyncio.ensure_future(asyncio.to_thread(launch.missing, self._config))
        looking = self._looking
        await asyncio.wait({looking}, timeout=LOOK_LIMIT)  # wait_for swallows a cancellation now and then (to 3.11)
        return looking.result() if looking.done() else words.does_not_answer(self._config.directory)

    async def until_found(self) -> AsyncIterator[str]:
        """What is missing, again and again, until nothing is."""
        while missing := await self.missing():
            yield missing
            await asyncio.sleep(SEEK_PAUSE)
