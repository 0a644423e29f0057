"""The WebSockets of the contract: each connection is a cursor, written only as fast as its own socket drains."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Collection
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

from fujita.stream.cache import Cache
from fujita.stream.frame import Frame
from fujita.web.handler import Handler

log = logging.getLogger("fujita")

BATCH = 512 * 1024
"""Bytes that are handed to a socket at once: the most that waits in the sidecar for one client."""
LONGEST_CONTROL_FRAME = 125
"""RFC 6455 §5.5. A longer frame can only be a message, and clients have nothing to say."""
GOING_AWAY, UNSUPPORTED, TOO_BIG, INTERNAL_ERROR = 1001, 1003, 1009, 1011
"""RFC 6455 §7.4.1."""
CURSOR = re.compile(rb"([A-Za-z0-9]{1,32}):([0-9]{1,15})")


class Stream(Handler, WebSocketHandler):
    """What all three have in common: nothing is taken from the client, and the end is said with 1001."""

    open_streams: set[Stream] = set()  # noqa: RUF012 - of all connections, so that the end can be told to each

    def check_origin(self, origin: str) -> bool:
        return True  # the guard has looked already, and at more than the origin

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        protocol = super().get_websocket_protocol()
        return OneWay(self, False, protocol.params) if isinstance(protocol, WebSocketProtocol13) else None

    def open(self, *args: str, **kwargs: str) -> None:
        self.open_streams.add(self)
        self.set_nodelay(True)  # Tornado leaves it off: a line would wait until the client's kernel confirmed the last
        self._sending = asyncio.create_task(self._send())
        self._leaving = asyncio.create_task(self._leave_in_time())

    def on_message(self, message: str | bytes) -> None:
        self.close(UNSUPPORTED)

    def on_close(self) -> None:
        self.open_streams.discard(self)
        self._sending.cancel()
        self._leaving.cancel()

    async def _send(self) -> None:
        try:
            await self.send_all()
        except (WebSocketClosedError, StreamClosedError):
            pass
        except Exception:
            log.exception("a defect of Fujita's own, in %s", self.request.path)
            self.close(INTERNAL_ERROR)

    async def _leave_in_time(self) -> None:
        """Says goodbye once the project is no more (another one of this name would have another log), or the token is
        another one: who has the old one must not stay."""
        board, admitted = self.supervisor.board, self._admitted()
        while self._admitted() == admitted:
            await board.wait(board.version)
        self.close(GOING_AWAY)

    def _admitted(self) -> tuple[str | None, list[str]]:
        """What it was let in by, and the logs that it may see."""
        config, projects = self.supervisor.config, self.supervisor.projects
        shown = [projects[name].cache.epoch for name in self.path_args if name in projects]
        return config.console.token if config else None, shown

    async def send_all(self) -> None:
        """Sends for ever."""
        raise NotImplementedError

    async def put(self, frame: Frame) -> None:
        """Sends a message that is framed already, and returns when the socket has taken it."""
        if sending := self.connection.send(frame):
            await asyncio.shield(sending)  # cancelled when the client leaves, and Tornado asks it for an exception

    @property
    def connection(self) -> OneWay:
        if not isinstance(self.ws_connection, OneWay) or self.ws_connection.is_closing():
            raise WebSocketClosedError
        return self.ws_connection


class OneWay(WebSocketProtocol13):
    """Says 1003 also where Tornado, at a message beyond its limit, says 1009. What goes out is framed elsewhere: it is
    never compressed, since Tornado would do that for each client anew."""

    def send(self, frame: Frame) -> asyncio.Future[None] | None:
        """None if the socket took `frame` at once, as it mostly does: then Tornado's buffer, its copies and its futures
        are left out. Else it is done when the socket has the rest; what went wrong, Tornado meets again and handles."""
        taken, stream = 0, self.stream
        if not stream.closed() and not stream.writing():
            try:
                taken = stream.socket.sendmsg(frame.parts)
            except OSError:
                taken = 0
        return stream.write(frame.after(taken)) if taken < frame.size else None

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        super().close(UNSUPPORTED if code == TOO_BIG else code, None if code == TOO_BIG else reason)


class LogStream(Stream):
    """Replay, `live`, then every record as it is read; a `gap` where the client was too slow for the cache."""

    def prepare(self) -> None:
        super().prepare()
        self._shown = self.project(self.path_args[0])

    async def send_all(self) -> None:
        cache = self._shown.cache
        hello = {
            "project": self._shown.config.name,
            "epoch": cache.epoch,
            "first": cache.first,
            "next": cache.next,
        }
        await self.put(told(hello=hello))
        cursor = self._resumed(cache)
        live = cache.next - 1
        while cursor < live:
            cursor = await self._send_after(cache, cursor)
        await self.put(told(live=cursor + 1))
        while True:
            while cursor < cache.next - 1:
                cursor = await self._send_after(cache, cursor)
            cursor = await AtTheEnd(cache, self.connection, cursor).left()

    async def _send_after(self, cache: Cache, cursor: int) -> int:
        """Sends what comes after the cursor, as much as goes into a message; returns the new cursor."""
        batch = cache.shared_after(cursor, BATCH)
        if batch.gap:
            await self.put(told(gap={"from": batch.gap[0], "to": batch.gap[1]}))
        await self.put(batch.frame)
        if batch.last < cache.next - 1:
            await asyncio.sleep(0)  # a fast socket takes all at once: the loop turns nevertheless
        return batch.last

    def _resumed(self, cache: Cache) -> int:
        """The client's cursor, if it is one of this epoch; else the one before the first kept record."""
        asked = self.request.query_arguments.get("after", [b""])[-1]  # bytes: what is no UTF-8 is no cursor either
        match = CURSOR.fullmatch(asked)
        if match and match[1].decode() == cache.epoch and int(match[2]) < cache.next:
            return int(match[2])
        return cache.first - 1


class AtTheEnd:
    """A client that has all there is, and whose socket takes at once what is new: it goes there from one callback of
    the loop. A step of the client's task would take as long as the sending itself."""

    def __init__(self, cache: Cache, connection: OneWay, cursor: int) -> None:
        self.cursor = cursor
        self._cache = cache
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._sending: asyncio.Future[asyncio.Future[None] | None] = self._loop.create_future()

    async def left(self) -> int:
        """Returns the cursor once the client has fallen behind, and its socket has taken what it was given so far."""
        self._cache.call(self._go_on)
        try:
            if sending := await self._sending:
                await asyncio.shield(sending)
        finally:
            self._cache.forget(self._go_on)
        return self.cursor

    def _go_on(self) -> None:
        if self._sending.done():  # the client is gone
            return
        batch = self._cache.shared_after(self.cursor, BATCH)
        if batch.gap:
            self._sending.set_result(None)
            return
        try:
            sending = self._connection.send(batch.frame)
        except StreamClosedError as error:
            self._sending.set_exception(error)
            return
        self.cursor = batch.last
        if sending:
            self._sending.set_result(sending)
        elif self.cursor < self._cache.next - 1:
            self._loop.call_soon(self._go_on)
        else:
            self._cache.call(self._go_on)


class StatusStream(Stream):
    """STATUS at once and after every change: of all projects, and of the config, where the path names no project."""

    def prepare(self) -> None:
        super().prepare()
        for name in self.path_args:
            self.project(name)

    async def send_all(self) -> None:
        board = self.supervisor.board
        keys: Collection[str] | None = self.path_args or None
        cursor = 0
        with self.supervisor.watched():
            while True:
                seen = board.version
                if lines := board.after(cursor, keys):
                    await self.put(Frame([lines]))
                cursor = seen
                await board.wait(cursor)


def told(**message: Any) -> Frame:
    return Frame([json.dumps(message).encode() + b"\n"])


async def close_all(patience: float) -> None:
    """Says 1001 to every client, and leaves those that don't take it after `patience` seconds."""
    streams = list(Stream.open_streams)
    for stream in streams:
        stream.close(GOING_AWAY)
    deadline = asyncio.get_running_loop().time() + patience
    while Stream.open_streams and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
