"""The smallest program that moves the same bytes from a pipe to as many WebSocket clients: one frame for each read,
given to all, nothing kept. Whoever stalls stalls all. `python -m tests.bench.ceiling CLIENTS FIFO`, or with a file
in place of the FIFO, which is sent to each client in frames as large as Fujita's. With `json` as a third word each
read is decoded and encoded as the contract wants it: what that costs, whoever does it."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson

READ = 64 * 1024
REPLAY = 256 * 1024
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def main(clients: int, work: Path, made: Callable[[bytes], bytes]) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    if stat.S_ISFIFO(work.stat().st_mode):
        printer = subprocess.Popen([sys.executable, "-m", "tests.bench.printer", work], stdout=subprocess.PIPE)
        try:
            live(printer, [greeted(listening) for _ in range(clients)], made)
        finally:
            printer.kill()
    else:
        frames = frames_of(work.read_bytes())
        for _ in range(clients):
            replay(greeted(listening), frames)


def live(printer: subprocess.Popen[bytes], sockets: list[socket.socket], made: Callable[[bytes], bytes]) -> None:
    assert printer.stdout
    fd = printer.stdout.fileno()
    while data := os.read(fd, READ):
        frame = framed(made(data))
        for sock in sockets:
            try:
                sock.sendall(frame)
            except OSError:
                return


def as_it_is(data: bytes) -> bytes:
    return data


def as_json(data: bytes) -> bytes:
    said = {"id": 1, "time": 1.0, "stream": "stdout", "text": data.decode()}
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def frames_of(data: bytes) -> list[bytes]:
    return [framed(data[at : at + REPLAY]) for at in range(0, len(data), REPLAY)]


def replay(sock: socket.socket, frames: list[bytes]) -> None:
    with sock:
        for frame in frames:
            sock.sendall(frame)


def framed(data: bytes) -> bytes:
    if len(data) < 126:
        return struct.pack("!BB", 0x81, len(data)) + data
    if len(data) < 65536:
        return struct.pack("!BBH", 0x81, 126, len(data)) + data
    return struct.pack("!BBQ", 0x81, 127, len(data)) + data


def greeted(listening: socket.socket) -> socket.socket:
    sock, _ = listening.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += sock.recv(4096)
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    sock.sendall(b"HTTP/1.1 101 .\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    sock.sendall(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    return sock


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), as_json if "json" in sys.argv[3:] else as_it_is)
