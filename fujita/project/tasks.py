"""The things that a project does at the same time, by name: one owner who starts and cancels them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine

log = logging.getLogger("fujita")


class Tasks:
    """At most one task of each name. An exception that nobody expected is logged and ends its own task only."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Runs `work` under `name`, in the place of what ran under it."""
        self._cancel(name)
        task = self._tasks[name] = asyncio.create_task(self._guarded(name, work), name=name)
        task.add_done_callback(lambda _: work.close())  # cancelled before it began, it would be reported as forgotten

    def keep(self, names: Collection[str]) -> None:
        """Cancels all but `names`, and but the one that asks."""
        for name in [name for name in self._tasks if name not in names]:
            self._cancel(name)

    def runs(self, name: str) -> bool:
        return name in self._tasks

    async def end(self, name: str) -> None:
        """Cancels one, and waits until it has ended."""
        task = self._tasks.get(name)
        self._cancel(name)
        if task:
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Cancels all, and waits until they have ended."""
        tasks = [task for task in self._tasks.values() if task is not asyncio.current_task()]
        self.keep(())
        await asyncio.gather(*tasks, return_exceptions=True)

    def _cancel(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task and task is not asyncio.current_task():
            task.cancel()

    async def _guarded(self, name: str, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a defect of Fujita's own, in %s", name)
        finally:
            if self._tasks.get(name) is asyncio.current_task():
                del self._tasks[name]
