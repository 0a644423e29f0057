"""Wakes whoever waits for something new; knows neither who they are nor what is new."""

from __future__ import annotations

import asyncio


class Waiters:
    """A place to wait in. Leaving needs no clean-up: a cancelled wait takes itself out."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    async def wait(self) -> None:
        """Returns at the next `wake`."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    def wake(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
