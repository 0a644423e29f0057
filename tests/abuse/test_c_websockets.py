"""WebSockets: who does not read is slow alone, who comes back misses nothing, and nobody has anything to say."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from pathlib import Path

import psutil
import pytest

from tests.abuse.wire import (
    BINARY,
    CLOSE,
    MIB,
    PING,
    PONG,
    SLEEPER,
    STREAMS,
    TEXT,
    Wire,
    alive,
    clean,
    deaf,
    forget_peak,
    frame,
    handshake,
    peak_rss,
    python,
    request,
    rss,
    stream,
    tell,
    until,
)
from tests.sidecar import Fujita, Json, sidecar

LOG = "/api/projects/one/log/stream"
LINES = 500_000
DEAF_CLIENTS = 5
CACHE = 48
"""MiB: all lines fit in, so that whoever reads misses none, however busy the machine is."""


def printer(code: str, cache: int = 8) -> str:
    return f"projects: {{one: {{directory: ., autostart: false, cache: {cache} MiB, command: {python(code)}}}}}"


async def messages(client: Wire, end: bytes) -> bytes:
    """All that comes over a WebSocket until `end` does; pings are answered."""
    parts: list[bytes] = []
    while True:
        opcode, payload = await client.frame(60)
        assert opcode in (TEXT, BINARY, PING), (opcode, payload)
        if opcode == PING:
            await client.say(frame(PONG, payload))
            continue
        parts.append(payload)
        if end in payload:
            return b"".join(parts)


def objects(lines: bytes) -> list[Json]:
    return [json.loads(line) for line in lines.split(b"\n") if line]


async def test_half_a_million_lines_arrive_whole_and_in_order_while_others_never_read(tmp_path: Path) -> None:
    code = (
        "import os, sys; sys.stdin.readline()\n"
        f"for start in range(0, {LINES}, 1000):\n"
        "    data = b''.join(b'%078d.' % number + b'\\n' for number in range(start, start + 1000))\n"
        "    while data: data = data[os.write(1, data):]\n"
        "print('all said', flush=True); sys.stdin.readline()"
    )
    async with sidecar(tmp_path, printer(code, CACHE)) as fujita, alive(fujita), clean(fujita):
        await fujita.post("/api/projects/one/start")
        await fujita.until_state("one", "running")
        clients = [deaf(fujita, LOG) for _ in range(DEAF_CLIENTS)]
        try:
            async with stream(fujita, LOG) as reading:
                before = rss(fujita)
                forget_peak(fujita)
                await fujita.post("/api/projects/one/input", {"text": "go\n"})
                told = objects(await messages(reading, b"all said"))
                assert peak_rss(fujita) - before < (CACHE + 64) * MIB
            assert not [one for one in told if "gap" in one]
            records = [one for one in told if "id" in one]
            assert [one["id"] for one in records] == list(range(1, len(records) + 1))
            lines = "".join(one["text"] for one in records if one["stream"] == "stdout").split("\n")
            assert lines[:LINES] == [f"{number:078d}." for number in range(LINES)]
        finally:
            for client in clients:
                client.close()
        await fujita.post("/api/projects/one/kill")
        await fujita.until_state("one", "stopped")


async def test_a_client_that_was_asleep_is_told_exactly_what_it_missed_and_goes_on(tmp_path: Path) -> None:
    code = (
        "import os, sys; sys.stdin.readline(); data = (b'y' * 99 + b'\\n') * 1000\n"
        "for _ in range(600): os.write(1, data)\n"
        "print('all said', flush=True); sys.stdin.readline(); print('one more', flush=True); sys.stdin.readline()"
    )
    async with sidecar(tmp_path, printer(code, 1)) as fujita, alive(fujita):
        await fujita.post("/api/projects/one/start")
        await fujita.until_state("one", "running")
        sleeper = deaf(fujita, LOG)
        await fujita.post("/api/projects/one/input", {"text": "go\n"})
        await fujita.until_log("one", "all said", 60)
        await fujita.post("/api/projects/one/input", {"text": "go\n"})
        sleeper.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=sleeper, limit=4 * MIB)
        client = Wire(reader, writer)
        assert (await client.answer()).status == 101
        seen = 0
        gaps = 0
        for one in objects(await messages(client, b"one more")):
            if "gap" in one:
                gaps += 1
                assert one["gap"]["from"] == seen + 1
                seen = one["gap"]["to"]
            if "id" in one:
                assert one["id"] == seen + 1
                seen = one["id"]
        assert gaps
        client.hang_up()


async def test_fifty_resumes_while_output_goes_on_give_every_record_exactly_once(tmp_path: Path) -> None:
    code = "import time\nfor n in range(10**6): print('line', n, flush=True); time.sleep(0.002)"
    chance = random.Random(7)
    async with sidecar(tmp_path, printer(code)) as fujita, clean(fujita):
        await fujita.post("/api/projects/one/start")
        seen: list[int] = []
        epoch = ""
        for _ in range(50):
            after = f"?after={epoch}:{seen[-1]}" if seen else ""
            async with stream(fujita, LOG + after) as client:
                wanted = len(seen) + chance.randint(1, 40)
                while len(seen) < wanted:
                    for one in objects((await client.frame())[1]):
                        assert "gap" not in one
                        epoch = one["hello"]["epoch"] if "hello" in one else epoch
                        seen += [one["id"]] if "id" in one else []
                client.hang_up(rudely=chance.random() < 0.5)
        assert seen == list(range(1, len(seen) + 1))
        await fujita.post("/api/projects/one/kill")
        await fujita.until_state("one", "stopped")


CURSORS = (
    "", "x", ":", "{epoch}:", "{epoch}:-1", "{epoch}:99999999999999999999", "{epoch}:999999999", "{epoch}:1:2",
    "{epoch}:٣", "%00", "k3v9:1", ":1", "{epoch}", "x" * 60_000, "{epoch}:" + "9" * 60_000, "%0d%0a", "%20",
)  # fmt: skip


async def test_a_cursor_that_makes_no_sense_gets_the_whole_cache(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita:
        epoch = (await fujita.until_state("one", "running"))["epoch"]
        for cursor in CURSORS:
            async with stream(fujita, f"{LOG}?after={cursor.format(epoch=epoch)}") as client:
                hello, first = [objects((await client.frame())[1])[0] for _ in range(2)]
                assert hello["hello"]["epoch"] == epoch
                assert first["id"] == 1, cursor
        for bad in ("%ff", "%c0%80"):
            answer = await tell(fujita, handshake(f"{LOG}?after={bad}"))
            assert answer.status in (101, 400), bad
        async with stream(fujita, f"{LOG}?after={epoch}:1") as client:
            assert objects((await client.frame())[1])[0]["hello"]
            assert objects((await client.frame())[1]) == [{"live": 2}]


MESSAGES = {
    "text": frame(TEXT, b"hello"),
    "binary": frame(BINARY, b"\0\1\2"),
    "empty": frame(TEXT),
    "64 MiB announced": frame(BINARY, length=64 * MIB),
    "126 bytes": frame(TEXT, b"x" * 126),
    "ten thousand fragments": frame(TEXT, b"x", final=False) + frame(0, b"x", final=False) * 10_000,
    "ten thousand empty fragments and an end": frame(TEXT, final=False) + frame(0, final=False) * 10_000 + frame(0),
}


async def test_any_message_is_answered_with_1003_at_once(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita), clean(fujita):
        before = rss(fujita)
        for path in STREAMS:
            for name, data in MESSAGES.items():
                async with stream(fujita, path) as client:
                    await client.say(data)
                    code = await client.close_code(10)
                    # Where more was sent than was read, TCP may throw the answer away (RFC 9112 §9.6).
                    assert code == 1003 or (code is None and len(data) > 1000), (path, name, code)
        assert rss(fujita) - before < 16 * MIB


async def test_pings_are_answered_and_pongs_ignored(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, stream(fujita, "/api/status/stream") as client:
        await client.say(frame(PONG, b"nobody asked") + frame(PING, b"x" * 125))
        while (got := await client.frame())[0] != PONG:
            assert got[0] in (TEXT, BINARY)
        assert got[1] == b"x" * 125
        await client.say(frame(CLOSE, (1000).to_bytes(2, "big")))
        assert await client.close_code() == 1000


BROKEN_FRAMES = {
    "not masked": b"\x81\x05hello",
    "reserved bit 1": b"\xc1\x80\0\0\0\0",
    "reserved bits": b"\xf1\x80\0\0\0\0",
    "opcode 3": b"\x83\x80\0\0\0\0",
    "opcode 15": b"\x8f\x80\0\0\0\0",
    "fragmented ping": b"\x09\x80\0\0\0\0",
    "ping of 126 bytes": frame(PING, b"x" * 126),
    "continuation of nothing": frame(0, b"x"),
    "a new message inside another": frame(TEXT, b"x", final=False) + frame(TEXT, b"y"),
    "a length with its top bit set": b"\x82\xff" + b"\xff" * 8 + bytes(4),
    "a close of one byte": frame(CLOSE, b"x"),
    "close code 1005": frame(CLOSE, (1005).to_bytes(2, "big")),
    "a reason that is no UTF-8": frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff"),
    "text that is no UTF-8": frame(TEXT, b"\xff"),
}


async def test_broken_frames_end_the_connection_and_nothing_else(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita), clean(fujita):
        for name, data in BROKEN_FRAMES.items():
            async with stream(fujita, LOG) as client:
                await client.say(data)
                code = await client.close_code(8)
                assert code in (None, 1000, 1002, 1003, 1005, 1007, 1009), (name, code)
    assert "Traceback" not in "".join(fujita.stderr)


async def test_compression_is_not_negotiated_and_unknown_extensions_are_declined(tmp_path: Path) -> None:
    offers = (
        "permessage-deflate", *(f"permessage-deflate; server_max_window_bits={bits}" for bits in (7, 8, 15, "abc")),
        "permessage-deflate; client_max_window_bits", "x-unknown; y=1", "", ";;;", "x" * 10_000,
    )  # fmt: skip
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for offer in offers:
            answer = await tell(fujita, handshake(LOG, f"Sec-WebSocket-Extensions: {offer}"))
            assert answer.status == 101, offer
            assert "sec-websocket-extensions" not in answer.headers


async def test_a_handshake_that_is_none_is_refused(tmp_path: Path) -> None:
    good = handshake(LOG)
    broken = {
        "version 12": good.replace(b"Version: 13", b"Version: 12"),
        "no key": re.sub(rb"Sec-WebSocket-Key.*\r\n", b"", good),
        "no connection": good.replace(b"Connection: Upgrade", b"Connection: close"),
        "no upgrade": request("GET", LOG),
        "POST": good.replace(b"GET", b"POST", 1),
        "another protocol": good.replace(b"Upgrade: websocket", b"Upgrade: h2c"),
    }
    async with sidecar(tmp_path, SLEEPER) as fujita, clean(fujita):
        for name, data in broken.items():
            assert (await tell(fujita, data)).status in (400, 405, 426), name
        assert b"WebSocket" in (await tell(fujita, broken["no upgrade"])).body
        odd = await tell(fujita, handshake(LOG, "Sec-WebSocket-Protocol: x"))
        assert odd.status == 101
        assert "sec-websocket-protocol" not in odd.headers


async def test_hundreds_of_streams_come_and_go_at_once(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, clean(fujita), alive(fujita):
        before = rss(fujita)
        clients: list[Wire] = []
        for path, count in ((STREAMS[2], 400), (LOG, 100)):
            for _ in range(count):
                client = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
                await client.say(handshake(path))
                clients.append(client)
        for client in clients:
            assert (await client.answer()).status == 101
        assert rss(fujita) - before < 500 * MIB // 4
        for client in clients:
            client.hang_up(rudely=True)


TWO = "projects:\n  one: {directory: ., command: [sleep, '600']}\n  two: {directory: ., command: [sleep, '600']}\n"


async def test_streams_of_a_project_that_is_removed_close_with_1001(tmp_path: Path) -> None:
    async with sidecar(tmp_path, TWO) as fujita, clean(fujita):
        log = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
        status = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
        other = Wire(*await asyncio.open_connection("127.0.0.1", fujita.port))
        for client, path in ((log, LOG), (status, STREAMS[1]), (other, STREAMS[2])):
            await client.say(handshake(path))
            assert (await client.answer()).status == 101
        fujita.write_config("projects:\n  two: {directory: ., command: [sleep, '600']}\n")
        assert (await fujita.ask("POST", "/api/reload")).code == 200
        assert await log.close_code(10) == 1001
        assert await status.close_code(10) == 1001
        assert b'"removed": "one"' in await messages(other, b'"removed"')
        for client in (log, status, other):
            client.hang_up()
        fujita.write_config(TWO)
        await fujita.post("/api/reload")


async def test_the_end_of_the_sidecar_is_said_with_1001_and_deaf_clients_do_not_delay_it(tmp_path: Path) -> None:
    code = "import os\nwhile True: os.write(1, b'y\\n' * 10000)"
    config = f"projects: {{one: {{directory: ., command: {python(code)}}}}}"
    async with sidecar(tmp_path, config) as fujita:
        clients = [deaf(fujita, LOG) for _ in range(DEAF_CLIENTS)]
        listening = [Wire(*await asyncio.open_connection("127.0.0.1", fujita.port)) for _ in range(50)]
        for client in listening:
            await client.say(handshake("/api/status/stream"))
            assert (await client.answer()).status == 101
        began = time.monotonic()
        codes = asyncio.gather(*(client.close_code() for client in listening))
        assert await fujita.end() == 0
        assert set(await codes) == {1001}
        assert time.monotonic() - began < 30
        for one in clients:
            one.close()
        for client in listening:
            client.hang_up()


@pytest.mark.slow
async def test_a_client_that_vanished_without_a_word_is_let_go(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita:
        clients = [deaf(fujita, path) for path in STREAMS for _ in range(5)]  # they answer no ping
        await until(lambda: connections(fujita) == len(clients), "not connected")
        await until(lambda: connections(fujita) == 0, "still there", 65)
        for client in clients:
            client.close()


def connections(fujita: Fujita) -> int:
    return sum(one.status == psutil.CONN_ESTABLISHED for one in psutil.Process(fujita.pid).net_connections("tcp"))


async def test_status_streams_end_with_their_client(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, clean(fujita):
        for _ in range(20):
            async with stream(fujita, "/api/status/stream") as client:
                await client.frame()
                client.hang_up(rudely=True)
