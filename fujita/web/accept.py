"""Lets clients in while there are descriptors for them. When few are left, who comes is turned away and nothing spins:
Tornado's own loop would fail at accept(2) as fast as it turns."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable, Iterable
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

RESERVE = 32
"""Descriptors that no client gets: a project needs some to be started, watched and ended."""
AT_ONCE = 100
"""Clients that are let in before the loop has its turn again."""
REST = 0.5
"""Seconds until the next look when there was no room."""


class Door:
    """Accepts on `listening` and hands every connection to `enter`."""

    def __init__(self, listening: socket.socket, enter: Callable[[socket.socket, Any], object]) -> None:
        self._listening = listening
        self._enter = enter
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._open()

    def close(self) -> None:
        if self._resting:
            self._resting.cancel()
        self._loop.remove_reader(self._listening)
        self._listening.close()

    def _open(self) -> None:
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                connection, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # EMFILE, ENFILE, ENOBUFS, ENOMEM (accept(2)): the client stays in the queue
                self._rest()
                return
            if not has_room(connection.fileno()):
                connection.close()
                self._rest()
                return
            self._enter(connection, address)

    def _rest(self) -> None:
        self._loop.remove_reader(self._listening)
        self._resting = self._loop.call_later(REST, self._open)


class Server(HTTPServer):
    """Tornado's server with our doors."""

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        self._doors = [Door(listening, self._enter) for listening in sockets]

    def stop(self) -> None:
        while self._doors:
            self._doors.pop().close()

    def _enter(self, connection: socket.socket, address: Any) -> None:
        self.handle_stream(IOStream(connection, max_buffer_size=self.max_buffer_size), address)


def has_room(newest: int) -> bool:
    """Whether the reserve is untouched. The kernel gives the lowest free number (open(2)), so `newest` counts them."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit == resource.RLIM_INFINITY or newest < limit - RESERVE
