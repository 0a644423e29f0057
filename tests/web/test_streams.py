"""Promises of a log's stream: what is new costs each client a send(2), and a client that falls behind loses nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from pytest import MonkeyPatch
from tornado.netutil import bind_sockets
from tornado.websocket import WebSocketClientConnection, websocket_connect

from fujita.process.reaper import Reaper
from fujita.stream import cache as cache_module
from fujita.stream import record
from fujita.stream.cache import Cache
from fujita.supervisor import Supervisor
from fujita.web import app
from fujita.web.streams import Stream
from tests.abuse.wire import until
from tests.sidecar import PATIENCE
from tests.stream.test_cache import counted

CLIENTS = 20
CONFIG = "projects: {one: {directory: ., autostart: false, command: [sleep, '600'], cache: 32 MiB}}"


@asynccontextmanager
async def log(folder: Path) -> AsyncIterator[tuple[Cache, str]]:
    """The cache of a project that does not run, and the address of its stream, served from this very loop."""
    (folder / "fujita.yml").write_text(CONFIG)
    supervisor = Supervisor(folder / "fujita.yml", Reaper())
    await supervisor.reload()
    server = app.server(supervisor)
    sockets = bind_sockets(0, "127.0.0.1")
    server.add_sockets(sockets)
    try:
        port = sockets[0].getsockname()[1]
        yield supervisor.projects["one"].cache, f"ws://127.0.0.1:{port}/api/projects/one/log/stream"
    finally:
        server.stop()
        await supervisor.close()


@asynccontextmanager
async def client(url: str) -> AsyncIterator[WebSocketClientConnection]:
    """One that was told `live`."""
    connection = await websocket_connect(url)
    try:
        while "live" not in (await told(connection))[-1]:
            pass
        yield connection
    finally:
        connection.close()


async def told(connection: WebSocketClientConnection) -> list[dict[str, Any]]:
    message = await asyncio.wait_for(connection.read_message(), PATIENCE)
    assert isinstance(message, str)
    return [json.loads(line) for line in message.splitlines()]


async def test_what_is_new_is_encoded_once_and_framed_once_however_many_wait_for_it(
    tmp_path: Path, monkeypatch: MonkeyPatch
) -> None:
    async with log(tmp_path) as (cache, url), AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client(url)) for _ in range(CLIENTS)]
        encoded, framed = counted(monkeypatch, record, "quoted"), counted(monkeypatch, cache_module, "Frame")
        for text in ("a\n", "b\n", "c\n"):
            cache.append("stdout", text)
        for connection in clients:
            assert [one["text"] for one in await told(connection)] == ["a\n", "b\n", "c\n"]
        assert (len(encoded), len(framed)) == (3, 1)


async def test_a_line_does_not_wait_until_the_last_one_is_confirmed(tmp_path: Path) -> None:
    async with log(tmp_path) as (_, url), client(url):
        (stream,) = Stream.open_streams
        assert stream.connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_client_that_falls_behind_gets_everything_and_then_what_is_new(tmp_path: Path) -> None:
    async with log(tmp_path) as (cache, url), client(url) as connection:
        for _ in range(2):
            first = cache.next
            for number in range(300):  # 18 MB: more than sockets hold
                cache.append("stdout", f"{number} {'x' * 60_000}\n")
                if number % 10 == 0:
                    await asyncio.sleep(0)
            seen: list[int] = []
            while len(seen) < 300:
                seen += [one["id"] for one in await told(connection)]
            assert seen == list(range(first, cache.next))


async def test_who_leaves_is_waited_for_no_more(tmp_path: Path) -> None:
    async with log(tmp_path) as (cache, url), client(url):
        waiting = len(cache._waiters._calls)
        for _ in range(CLIENTS):
            async with client(url):
                pass
        await until(lambda: len(cache._waiters._calls) == waiting, "a client that left is still waited for")
