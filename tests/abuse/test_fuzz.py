"""Thousands of broken requests and frames: each is answered, refused or hung up on. Nothing else ever happens."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.abuse.wire import (
    BINARY,
    CHANGES,
    CLOSE,
    PAGES,
    PING,
    PONG,
    STREAMS,
    TEXT,
    alive,
    clean,
    frame,
    handshake,
    request,
    wire,
)
from tests.sidecar import Fujita, sidecar

JSON = "Content-Type: application/json"
HARMLESS = tuple(path for path in CHANGES if path != "/api/reload")
"""A reload reads the disk and is no question of HTTP."""
CONFIG = (
    "projects: {one: {directory: ., command: [cat], stop_timeout: 1, cache: 64 KiB, commands: {hello: [echo, hello]}}}"
)
REQUESTS = (
    *(request("GET", path, "Accept-Encoding: gzip", "Cookie: a=b; c=d") for path in PAGES),
    *(request("HEAD", path) for path in PAGES),
    *(request("POST", path, JSON, "Origin: http://localhost", body=b'{"text": "x\\n"}') for path in HARMLESS),
    request("GET", "/api/projects/one/log?lines=10&format=ndjson&download", "Range: bytes=0-10", "If-None-Match: *"),
    request("POST", "/sign-in", "Content-Type: application/x-www-form-urlencoded", body=b"token=x&next=/projects/one"),
    request("POST", "/api/projects/one/run", JSON, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n",
    *(handshake(path, "Origin: http://localhost") for path in STREAMS),
    handshake(f"{STREAMS[0]}?after=abc:1", "Sec-WebSocket-Extensions: permessage-deflate"),
)
FRAMES = (
    frame(TEXT, b"hello"), frame(BINARY, bytes(300)), frame(PING, b"x" * 125), frame(PONG), frame(TEXT, final=False),
    frame(0, b"more"), frame(CLOSE, (1000).to_bytes(2, "big") + b"bye"), frame(BINARY, length=2**40),
)  # fmt: skip
PIECES = (
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%00", b"%", b"%ff", b"..", b"//", b"?", b"#", b"&", b"=", b";",
    b'"', b"\\", b"\xff", b"\x80", b"\xc3", "ü".encode(), b"HTTP/1.1", b"HTTP/9.9", b"Content-Length: 5\r\n", b"{",
    b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n", b"Upgrade: websocket\r\n", b"Connection: close\r\n",
    b"Expect: 100-continue\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"Host: \r\n", b"A" * 5000, b"-1", b"9" * 400,
)  # fmt: skip
AT_ONCE = 20
MUCH = 4096
"""Bytes of an answer that are looked at."""
LOOK = 0.05
"""Seconds that an answer is waited for: whoever hangs up early is part of the game."""


def mutated(chance: random.Random, seed: bytes) -> bytes:
    """A few pieces put in, cut out, repeated or exchanged."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 5)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 0, 1, 2, 10, 50)))
        kind = chance.choice(("piece", "nothing", "again", "byte", "cut"))
        data[start:end] = {
            "piece": chance.choice(PIECES),
            "nothing": b"",
            "again": data[start:end] * chance.randint(2, 5),
            "byte": bytes([chance.randrange(256)]),
            "cut": data[start:end],
        }[kind]
        if kind == "cut" and chance.random() < 0.2:
            del data[start:]
    return bytes(data)


@pytest.mark.parametrize("count", [1000, pytest.param(50_000, marks=pytest.mark.slow)])
async def test_no_request_and_no_frame_brings_the_sidecar_out_of_step(tmp_path: Path, count: int) -> None:
    chance = random.Random(f"fujita {count}")
    async with sidecar(tmp_path, CONFIG) as fujita:
        await fujita.until_state("one", "running")
        async with alive(fujita):
            for _ in range(count // AT_ONCE):
                said = [told(chance) for _ in range(AT_ONCE)]
                answers = await asyncio.gather(*(say(fujita, data) for data in said))
                failed = [data for data, answer in zip(said, answers, strict=True) if b"HTTP/1.1 5" in answer]
                assert not failed
                assert "Traceback" not in "".join(fujita.stderr), said
        await fujita.post("/api/projects/one/start")
        await fujita.until_state("one", "running")
        async with clean(fujita):
            pass


def told(chance: random.Random) -> bytes:
    """One broken request, or frames of which some are broken after a good handshake."""
    if chance.random() < 0.7:
        return mutated(chance, b"".join(chance.choices(REQUESTS, k=chance.choice((1, 1, 1, 2)))))
    frames = b"".join(chance.choices(FRAMES, k=chance.randint(1, 4)))
    return handshake(chance.choice(STREAMS)) + mutated(chance, frames)


async def say(fujita: Fujita, data: bytes) -> bytes:
    """All that is answered soon; then the line is cut, politely or not."""
    answer = b""
    async with wire(fujita) as one:
        await one.say(data)
        with suppress(asyncio.TimeoutError, ConnectionError):
            while piece := await asyncio.wait_for(one.reader.read(65536), LOOK):
                answer = (answer + piece)[:MUCH]
        one.hang_up(rudely=len(data) % 2 == 0)
    return answer
