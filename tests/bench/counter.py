"""The client, fast enough not to be what is measured: a process that counts marks in what it receives, and
does nothing else. `python -m tests.bench.counter HOW CLIENTS LINES [PORT PATH]` says "ready", and then its result."""

from __future__ import annotations

import json
import os
import re
import selectors
import socket
import sys
import time
from typing import Any

from tests.bench.printer import MARK, THE_END

ROOM = 512 * 1024
PATIENCE = 20.0
"""Seconds without a byte after which the rest counts as lost."""
STAMP = re.compile(rb"at=(\d+);")
HANDSHAKE = (
    "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
ENDINGS = (THE_END.strip(), b'"live"')


class Client:
    """One reader: of frames (RFC 6455 §5.2), whose payload alone is counted, or of plain bytes."""

    def __init__(self, source: socket.socket | int, framed: bool) -> None:
        self.source = source
        self.framed = framed
        self.lines = 0
        self.frames = 0
        self.bytes = 0
        self.delays: list[int] = []
        self._left = 0
        self._header = b""
        self._tail = b""

    def read(self, buffer: bytearray) -> int:
        source = self.source
        size = os.readv(source, [buffer]) if isinstance(source, int) else source.recv_into(buffer)
        self.bytes += size
        self._tail = (self._tail + buffer[max(0, size - 64) : size])[-64:]
        return size

    def count(self, data: bytearray, size: int) -> None:
        at = 0
        while at < size:
            if self.framed and not self._left:
                at = self._take_header(data, at)
                continue
            end = min(size, at + self._left) if self.framed else size
            self.lines += data.count(MARK, at, end)
            self._left -= end - at
            at = end

    def time(self, data: bytearray, size: int) -> None:
        now = time.monotonic_ns()
        self.delays += [now - int(stamp) for stamp in STAMP.findall(data, 0, size)]

    def said(self, ending: bytes) -> bool:
        return ending in self._tail

    def _take_header(self, data: bytearray, at: int) -> int:
        self._header += data[at : at + 1]
        size = len(self._header)
        short = self._header[1] & 0x7F if size > 1 else 0
        if size > 1 and size == {126: 4, 127: 10}.get(short, 2):
            self._left = int.from_bytes(self._header[2:], "big") if short > 125 else short
            self._header = b""
            self.frames += 1
        return at + 1


def connected(port: int, path: str, small: bool = False) -> socket.socket:
    """A WebSocket after its handshake; `small`: with a receive buffer that is soon full."""
    sock = socket.socket()
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.sendall(HANDSHAKE.format(path).encode())
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += sock.recv(1)
        assert answer, "closed during the handshake"
    assert b" 101 " in answer, answer
    return sock


def opened(how: str, clients: int, port: int, path: str) -> list[Client]:
    if how == "stdin":
        return [Client(0, framed=False)]
    if how == "http":
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        return [Client(sock, framed=False)]
    return [Client(connected(port, path), framed=True) for _ in range(clients)]


def run(clients: list[Client], lines: int, ending: bytes = b"") -> float:
    """Reads until each has `lines` lines, or was told `ending`; returns when the last of them had."""
    buffer = bytearray(ROOM)
    last = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.source, selectors.EVENT_READ, client)
        while selector.get_map() and (ready := selector.select(PATIENCE)):
            for key, _ in ready:
                client = key.data
                size = client.read(buffer)
                client.count(buffer, size)
                client.time(buffer, size if lines <= 100_000 and not ending else 0)
                if not size or (ending and client.said(ending)) or (not ending and client.lines >= lines):
                    selector.unregister(client.source)
            last = time.monotonic()
    return last


def main(how: str, number: int, lines: int, port: int = 0, path: str = "") -> dict[str, Any]:
    """`replay` counts what is there already; `ws` what comes after `live`; the others count from the start."""
    start = time.monotonic()
    clients = opened(how, number, port, path)
    if how == "ws":
        run(clients, 0, b'"live"')
    if how != "replay":
        for client in clients:
            client.lines = client.frames = client.bytes = 0
        print("ready", flush=True)
    end = run(clients, lines) if lines else start
    if not lines:
        sys.stdin.read()  # hold them
    delays = sorted(delay for client in clients for delay in client.delays)
    return {
        "start": start,
        "end": end,
        "lines": sum(client.lines for client in clients),
        "frames": sum(client.frames for client in clients),
        "bytes": sum(client.bytes for client in clients),
        "delay": [delays[int(len(delays) * part)] / 1e6 for part in (0.5, 0.99)] if delays else [],
    }


if __name__ == "__main__":
    how, number, lines, *place = sys.argv[1:]
    print(json.dumps(main(how, int(number), int(lines), *((int(place[0]), place[1]) if place else ()))), flush=True)
