"""Whether a project serves: does a process of its own tree listen? Text proves nothing (Django prints its banner before
it binds the port up to 3.2), and neither does a port that somebody else holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fujita.process.gone import gone
from fujita.process.listeners import family_of, listening_sockets, server_among
from fujita.stream.cache import Cache

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two looks at a starting project: quick at first, since most start within a second."""
SETTLED_AFTER = 0.5
"""Seconds that a process without a port must live to count as running."""
RECHECK_PAUSE = 2.0
"""Seconds between two looks at a server that prints: it may have closed its port and lived on."""
FREE_PAUSE = 2.0
ANSWER_PAUSE = 2.0
"""Seconds between two looks whether a port is free, and whether a database answers."""


@dataclass(frozen=True, slots=True)
class Server:
    """The process that listens, and on which port; port None: it needs none."""

    pid: int
    port: int | None


async def until_serving(root: int, port: int | None) -> Server:
    """Waits until the tree of `root` listens on `port`; with no port to wait for, until it has lived for a moment."""
    if port is None:
        await asyncio.sleep(SETTLED_AFTER)
        return Server(root, None)
    pause = FIRST_PAUSE
    while True:
        # The sockets first: they cost one small file, the family some hundred.
        if listening_sockets(port) and (found := server_among(family_of(root), port)):
            return Server(*found)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.1)


async def until_silent(server: Server, cache: Cache) -> None:
    """Waits until `server` no longer listens. Sleeps until it ends; looks again only when something was printed."""
    ended = asyncio.ensure_future(gone(server.pid))
    try:
        while not ended.done():
            printed = asyncio.ensure_future(cache.wait(cache.next - 1))
            await asyncio.wait({ended, printed}, return_when=asyncio.FIRST_COMPLETED)
            printed.cancel()
            if not ended.done():
                await asyncio.wait({ended}, timeout=RECHECK_PAUSE)
            if server.port is not None and not server_among([server.pid], server.port):
                return
    finally:
        ended.cancel()


async def until_answers(address: str) -> None:
    """Waits until `address` (`host:port`, or the path of a socket) takes a connection; it looks now and then."""
    while not await _answers(address):
        await asyncio.sleep(ANSWER_PAUSE)


async def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    connecting = asyncio.ensure_future(
        asyncio.open_unix_connection(address) if address.startswith("/") else asyncio.open_connection(host, int(port))
    )
    try:
        await asyncio.wait({connecting}, timeout=ANSWER_PAUSE)
        if not connecting.done() or connecting.exception():
            return False
        connecting.result()[1].close()
        return True
    finally:
        connecting.cancel()


async def until_port_is_free(port: int) -> None:
    """Waits until nobody listens on `port`; there is no event for that, so it looks now and then."""
    while listening_sockets(port):
        await asyncio.sleep(FREE_PAUSE)
