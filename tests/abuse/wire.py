"""Exact bytes on a socket, where a client library would be polite, and what must stay true of a sidecar meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import psutil

from tests.sidecar import PATIENCE, Fujita

MIB = 1024 * 1024
LOOP_TURN = 8.0
"""Seconds that /healthz may take at most: more than is promised, since tests share their machine with others."""
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
SLEEPER = "projects: {one: {directory: ., command: [sleep, '600'], commands: {hello: [echo, hello]}}}"
"""A project that runs at once, costs nothing and prints nothing."""
STREAMS = ("/api/projects/one/log/stream", "/api/projects/one/status/stream", "/api/status/stream")
CHANGES = (
    *(f"/api/projects/one/{action}" for action in ("start", "stop", "restart", "kill", "run", "run/stop", "input")),
    "/api/reload",
    "/sign-in",
    "/sign-out",
)
"""Every path that a POST changes something by."""
PAGES = (
    "/", "/projects/one", "/static/main.js", "/static/nothing", "/healthz", "/sign-in", "/api/projects",
    "/api/projects/one", "/api/projects/two", "/api/projects/one/log", "/nothing", "/favicon.ico",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; status 0: the connection was closed without a word."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Wire:
    """One TCP connection to a sidecar."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes) -> None:
        """Writes; that the other end is gone is found out by reading."""
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def answer(self, patience: float = PATIENCE, *, bodiless: bool = False) -> Answer:
        """The next answer; that to a HEAD is `bodiless`, whatever length it names."""
        try:
            return await asyncio.wait_for(self._answer(bodiless), patience)
        except (ConnectionError, asyncio.IncompleteReadError):
            return Answer(0)

    async def frame(self, patience: float = PATIENCE) -> tuple[int, bytes]:
        """The next frame of a WebSocket: its opcode and payload."""
        return await asyncio.wait_for(self._frame(), patience)

    async def close_code(self, patience: float = PATIENCE) -> int | None:
        """The code that the sidecar closes with, whatever it sends before; None if it just hangs up."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                opcode, payload = await self.frame(patience)
                if opcode == CLOSE:
                    return int.from_bytes(payload[:2], "big") or None
        return None

    def hang_up(self, *, rudely: bool = False) -> None:
        if rudely:  # RST instead of FIN (socket(7), SO_LINGER)
            raw = self.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()

    async def _answer(self, bodiless: bool) -> Answer:
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name}
        status = int(first.split()[1])
        if headers.get("transfer-encoding") == "chunked":
            return Answer(status, headers, await self._chunks())
        if status == 101 or bodiless:
            return Answer(status, headers)
        return Answer(status, headers, await self.reader.readexactly(int(headers.get("content-length", 0))))

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
        await self.reader.readexactly(2)
        return body

    async def _frame(self) -> tuple[int, bytes]:
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(await self.reader.readexactly(2 if length == 126 else 8), "big")
        return first & 0x0F, await self.reader.readexactly(length)


@asynccontextmanager
async def wire(fujita: Fujita) -> AsyncIterator[Wire]:
    one = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port, limit=4 * MIB))
    try:
        yield one
    finally:
        one.hang_up()


def request(
    method: str, target: str, *headers: str, host: str | None = "localhost", body: bytes | None = None
) -> bytes:
    """The bytes of one request; every header as it is to stand there."""
    lines = [f"{method} {target} HTTP/1.1"]
    if host is not None:
        lines.append(f"Host: {host}")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, *headers])
    return head.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + (body or b"")


def handshake(target: str, *headers: str, host: str | None = "localhost") -> bytes:
    """The bytes that ask for a WebSocket."""
    asked = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    return request("GET", target, *asked, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers, host=host)


def frame(opcode: int, payload: bytes = b"", *, final: bool = True, length: int | None = None) -> bytes:
    """A client's frame, masked with zeros (RFC 6455 §5.2); `length` may announce more than there is."""
    size = len(payload) if length is None else length
    first = bytes([(0x80 if final else 0) | opcode])
    if size <= 125:
        return first + bytes([0x80 | size]) + bytes(4) + payload
    if size < 1 << 16:
        return first + b"\xfe" + size.to_bytes(2, "big") + bytes(4) + payload
    return first + b"\xff" + size.to_bytes(8, "big") + bytes(4) + payload


async def tell(fujita: Fujita, data: bytes) -> Answer:
    """Says `data` on a connection of its own, and returns the first answer."""
    async with wire(fujita) as one:
        await one.say(data)
        return await one.answer(bodiless=data.startswith(b"HEAD "))


async def ask(fujita: Fujita, method: str, target: str, *headers: str, body: bytes | None = None) -> Answer:
    if method == "POST" and body is None:
        body = b""
    return await tell(fujita, request(method, target, *headers, body=body))


@asynccontextmanager
async def stream(fujita: Fujita, target: str, *headers: str) -> AsyncIterator[Wire]:
    """An open WebSocket."""
    async with wire(fujita) as one:
        await one.say(handshake(target, *headers))
        answer = await one.answer()
        assert answer.status == 101, answer
        yield one


def deaf(fujita: Fujita, target: str) -> socket.socket:
    """A client that opens the WebSocket at `target` and reads nothing, with as small a buffer as the kernel gives."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", fujita.port))
    client.sendall(handshake(target))
    return client


def rss(fujita: Fujita) -> int:
    return int(psutil.Process(fujita.pid).memory_info().rss)


def peak_rss(fujita: Fujita) -> int:
    """The most memory that was ever resident (proc_pid_status(5))."""
    with open(f"/proc/{fujita.pid}/status") as status:  # noqa: PTH123
        match = re.search(r"VmHWM:\s+(\d+) kB", status.read())
    assert match
    return int(match[1]) * 1024


def forget_peak(fujita: Fujita) -> None:
    """From now on `peak_rss` counts anew (proc_pid_clear_refs(5))."""
    with open(f"/proc/{fujita.pid}/clear_refs", "w") as refs:  # noqa: PTH123
        refs.write("5")


def cpu_seconds(fujita: Fujita) -> float:
    times = psutil.Process(fujita.pid).cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def alive(fujita: Fujita) -> AsyncIterator[None]:
    """All the while, the loop turns: /healthz answers in time, and the pid is the same."""
    slowest = 0.0

    async def look() -> None:
        nonlocal slowest
        while True:
            slowest = max(slowest, await asyncio.to_thread(seconds_of_healthz, fujita.port))
            await asyncio.sleep(0.1)

    looking = asyncio.create_task(look())
    try:
        yield
        assert not looking.done(), looking.exception()
        assert fujita.process.returncode is None
    finally:
        while not looking.done():  # again and again: wait_for swallows a cancellation now and then (to Python 3.11)
            looking.cancel()
            await asyncio.wait({looking}, timeout=1)
    assert slowest < LOOP_TURN


def seconds_of_healthz(port: int) -> float:
    """Asked from a thread: the test's own loop may be busier than the sidecar's."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(request("GET", "/healthz", "Connection: close"))
        with connection.makefile("rb") as answer:
            assert b" 200 " in answer.readline()
    return time.monotonic() - began


@asynccontextmanager
async def clean(fujita: Fujita) -> AsyncIterator[None]:
    """Afterwards the sidecar has as many descriptors as before (two more or less), and no zombies."""
    process = psutil.Process(fujita.pid)
    for project in (await fujita.get("/api/projects"))["projects"]:
        await fujita.until(project["project"], lambda status: status["state"] != "starting")
    before = process.num_fds()
    for _ in range(10):  # connections from before may still be closing
        await asyncio.sleep(0.05)
        before = min(before, process.num_fds())
    yield
    await until(lambda: abs(process.num_fds() - before) <= 2, "descriptors are left over")
    await until(lambda: not [1 for child in process.children() if child.status() == "zombie"], "zombies are left over")


async def until(true: Callable[[], object], otherwise: str, patience: float = PATIENCE) -> None:
    """Waits until `true()` holds."""
    deadline = time.monotonic() + patience
    while not true():
        assert time.monotonic() < deadline, otherwise
        await asyncio.sleep(0.02)


def living(pids: list[int]) -> list[int]:
    """Those of `pids` that are processes still."""
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def pids_in(text: str) -> list[int]:
    """What a test's processes printed as "pid 123"."""
    return [int(number) for number in re.findall(r"^pid (\d+)$", text, re.M)]


def family(pid: int) -> list[int]:
    root = psutil.Process(pid)
    return [pid, *(child.pid for child in root.children(recursive=True))]


def python(code: str) -> str:
    """Code as a `command` of a config: JSON is YAML."""
    return json.dumps([sys.executable, "-c", code])


IS_ROOT = os.geteuid() == 0
