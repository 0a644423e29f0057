"""Threads for what may hang: a look at a dead mount stays in the kernel for as long as it likes. It must keep nobody
else from working, and the sidecar from ending; the pool that asyncio makes would do both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads(ThreadPoolExecutor):
    """An executor (the loop wants this class) that starts a thread for each piece of work and waits for none. Where
    the kernel makes no thread, the work is done at once: to wait for one could be to wait for ever."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()

        def work() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:  # whoever waits for the future is told
                    future.set_exception(error)

        try:
            Thread(target=work, daemon=True).start()
        except RuntimeError:  # EAGAIN (clone(2)): what took all threads can be ended by us alone
            work()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing to wait for: daemon threads end with the process."""
