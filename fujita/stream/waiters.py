"""Wakes whoever waits for something new; knows neither who they are nor what is new."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Waiters:
    """A place to wait in. Leaving needs no clean-up: a cancelled wait takes itself out."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._calls: set[Callable[[], object]] = set()

    async def wait(self) -> None:
        """Returns at the next `wake`."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)

    def call(self, call: Callable[[], object]) -> None:
        """Calls back once, in the loop's turn after the next `wake`."""
        self._calls.add(call)

    def forget(self, call: Callable[[], object]) -> None:
        self._calls.discard(call)

    def wake(self) -> None:
        if self._calls:
            calls, self._calls = self._calls, set()
            asyncio.get_running_loop().call_soon(self._call, calls)
        if self._waiting:
            waiting, self._waiting = self._waiting, set()
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_result(None)

    def _call(self, calls: set[Callable[[], object]]) -> None:
        """All in one go: what they send arrives where somebody is awake already."""
        try:
            while calls:
                calls.pop()()
        finally:
            if calls:  # one failed, and the loop logs that: the others are none the worse
                asyncio.get_running_loop().call_soon(self._call, calls)
