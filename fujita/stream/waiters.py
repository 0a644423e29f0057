"""Wakes whoever waits for something new; knows neither who they are nor what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiters:
    """A place to wait in. Leaving needs no clean-up: a cancelled wait takes itself out."""

    def __init__(self) -> None:
        self._waiting: set[Callable[[], object]] = set()

    async def wait(self) -> None:
        """Returns at the next `wake`."""
        waiter = asyncio.get_running_loop().create_future()

        def call() -> None:
            if not waiter.done():
                waiter.set_result(None)

        self.call(call)
        try:
            await waiter
        finally:
            self.forget(call)

    def call(self, waiting: Callable[[], object]) -> None:
        """Calls `waiting` at the next `wake`, once, in the middle of what is new: it may note that, and no more."""
        self._waiting.add(waiting)

    def forget(self, waiting: Callable[[], object]) -> None:
        self._waiting.discard(waiting)

    def wake(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, set()
        for call in waiting:
            call()
