"""HTTP on the wire: what is malformed, too big, too slow or too clever is refused, and nobody else notices."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.abuse.wire import (
    CHANGES,
    MIB,
    SLEEPER,
    alive,
    ask,
    clean,
    cpu_seconds,
    forget_peak,
    peak_rss,
    python,
    request,
    rss,
    tell,
    wire,
)
from tests.sidecar import PATIENCE, sidecar

JSON = "Content-Type: application/json"
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
RUN = "POST /api/projects/one/run HTTP/1.1\r\nHost: localhost\r\n"

AMBIGUOUS = (
    *(f"Content-Length: {length}\r\n\r\n" for length in ("+5", "-1", "5_0", "5, 6", "0x5", "٥", "5 5", "")),
    "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    *(
        f"Transfer-Encoding: chunked\r\n\r\n{size}\r\nabcde\r\n0\r\n\r\n"
        for size in ("0x5", "+5", "5_", "-5", "", " 5")
    ),
    "Transfer-Encoding: chunked\r\n\r\n5\r\nabcdeXX0\r\n\r\n",
    "X: a\rb\r\n\r\n",
    "X: a\0b\r\n\r\n",
    "X : y\r\nContent-Length : 5\r\n\r\n",
    "no colon\r\n\r\n",
    ": no name\r\n\r\n",
)
"""The rest of a POST's head, and a body whose end two readers would see in two places."""


async def test_a_message_whose_end_is_ambiguous_is_refused_and_nothing_smuggled_in_it_is_answered(
    tmp_path: Path,
) -> None:
    wrong = {}
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for rest in AMBIGUOUS:
            async with wire(fujita) as one:
                await one.say(RUN.encode() + rest.encode() + SMUGGLED)
                one.writer.write_eof()
                said = await asyncio.wait_for(one.reader.read(), PATIENCE)
            statuses = [line.split()[1] for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
            if b"200" in statuses or (statuses and statuses[0] not in (b"400", b"405", b"415", b"501")):
                wrong[rest] = statuses
    assert wrong == {}


OUTSIDE = (
    "/../etc/passwd", "/static/../../handler.py", "/static/../handler.py", "/static/%2e%2e%2fhandler.py",
    "/static/..%2fhandler.py", "/static/..%5chandler.py", "/static/%00", "/static/main.js%00.html", "//etc/passwd",
    "/static//etc/passwd", "/static/%2fetc/passwd", "/static/....//handler.py", "/static/", "/static", "/static/log",
    "/static/%ff", "/static/%c0%ae%c0%ae/handler.py", "/@fs/etc/passwd", "/api/projects/..",
    "/api/projects/../reload", "/api/projects/%2e%2e", "/projects/..", "/projects/%00", "/api/projects/ONE", "\\", "*",
)  # fmt: skip


async def test_no_file_outside_the_page_is_ever_read(tmp_path: Path) -> None:
    wrong = {}
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for target in OUTSIDE:
            for tail in ("", "?raw??", "#x"):
                answer = await ask(fujita, "GET", target + tail)
                if answer.status not in (0, 400, 403, 404) or b"root:" in answer.body or b"import " in answer.body:
                    wrong[target + tail] = answer.status
        for target in ("/?raw??", "/static/main.js?import&raw??"):
            assert (await ask(fujita, "GET", target)).status == 200
    assert wrong == {}


async def test_a_body_over_a_megabyte_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita), clean(fujita):
        path = "/api/projects/one/run"
        assert (await ask(fujita, "POST", path, JSON, body=b" " * 2048)).status == 422  # all is warm
        before = rss(fujita)
        forget_peak(fujita)
        over = await ask(fujita, "POST", path, JSON, body=b" " * (MIB + 1))
        assert over.status in (0, 400, 413)
        announced = f"{RUN}{JSON}\r\nContent-Length: {100 * MIB}\r\n\r\n".encode()
        assert (await tell(fujita, announced)).status in (0, 400, 413)
        async with wire(fujita) as one:
            await one.say(f"{RUN}{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            for _ in range(100):
                await one.say(b"10000\r\n" + b" " * 65536 + b"\r\n")
                if one.reader.at_eof():
                    break
            assert (await one.answer()).status in (0, 400, 413)
        bomb = gzip.compress(b" " * (100 * MIB))
        zipped = await ask(fujita, "POST", path, JSON, "Content-Encoding: gzip", body=bomb)
        assert zipped.status in (400, 415, 422)
        assert peak_rss(fujita) - before < 8 * MIB


HOSTILE_JSON = (
    b"", b"{", b"[]", b'"x"', b"null", b"true", b"5", b"NaN", b"Infinity", b"[1]", b"{}", b'{"text": 5}',
    b'{"text": null}', b'{"text": NaN}', b'{"text": true}', b'{"text": []}', b'{"text": {}}', b'{"text": 1e999}',
    b'{"text": ' + b"9" * 100_000 + b"}", b'{"text": -' + b"9" * 100_000 + b"}", b'{"text": 0.' + b"9" * 100_000 + b"}",
    b"[" * 100_000, b'{"text":' * 80_000, b'{"text": "\\ud800"}', b'{"\\ud800": "x"}', b'{"text": "\xff"}',
    b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b'{"text": "a\nb"}', b"{'text': 'x'}", b'{"text": "x"} {}', b"\0" * 1000,
)  # fmt: skip


async def test_json_that_makes_no_sense_is_refused_at_once_with_a_sentence(tmp_path: Path) -> None:
    wrong = []
    async with sidecar(tmp_path, SLEEPER) as fujita:
        await fujita.until_state("one", "running")
        for path in ("/api/projects/one/input", "/api/projects/one/run"):
            for text in HOSTILE_JSON:
                body = text.replace(b"text", b"command") if path.endswith("run") else text
                began = cpu_seconds(fujita)
                answer = await ask(fujita, "POST", path, JSON, body=body)
                took = cpu_seconds(fujita) - began
                if answer.status not in (400, 422) or not json.loads(answer.body)["error"] or took > 1:
                    wrong.append((path, text[:40], answer.status, took))
    assert wrong == []


BAD_QUERIES = (
    "lines=-1", "lines=1e9", "lines=٣", "lines=NaN", "lines=", "lines=" + "9" * 5000, "lines=0x10", "lines=1_0",
    "format=xml", "format=", "lines=%ff", "lines=%00",
)  # fmt: skip


async def test_numbers_that_are_none_are_named_in_a_sentence(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for query in BAD_QUERIES:
            answer = await ask(fujita, "GET", f"/api/projects/one/log?{query}")
            assert answer.status in (0, 400), query
        assert "lines" in json.loads((await ask(fujita, "GET", "/api/projects/one/log?lines=-1")).body)["error"]
        assert (await ask(fujita, "GET", "/api/projects/one/log?lines=0")).body == b""


async def test_heads_without_end_are_refused_soon(tmp_path: Path) -> None:
    heads = {
        "a long target": request("GET", "/" + "x" * 200_000),
        "many headers": request("GET", "/", *(f"X-{number}: 1" for number in range(5000))),
        "one header, often": request("GET", "/", *["X: 1"] * 20_000),
        "many folded lines": request("GET", "/", "X: 1", *[" 1"] * 20_000),
        "a long query": request("GET", "/api/projects/one/log?lines=" + "9" * 60_000),
    }
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita), clean(fujita):
        for name, head in heads.items():
            began = cpu_seconds(fujita)
            answer = await tell(fujita, head)
            assert answer.status in (0, 200, 400, 414, 431), (name, answer.status)
            assert cpu_seconds(fujita) - began < 2, name


async def test_a_multipart_body_costs_nothing(tmp_path: Path) -> None:
    bodies = (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 15_000 + b"--x--\r\n",
        b"--x\r\nnonsense\r\n\r\n1\r\n" * 40_000 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="' + b'a\\";' * 100_000 + b'"\r\n\r\n1\r\n--x--\r\n',
    )
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita):
        for path in CHANGES:
            for body in bodies:
                answer = await ask(fujita, "POST", path, "Content-Type: multipart/form-data; boundary=x", body=body)
                assert answer.status < 500, path
        assert len(fujita.stderr) < 3 * len(CHANGES) * len(bodies)


async def test_no_header_and_no_line_of_the_log_can_be_forged(tmp_path: Path) -> None:
    evil = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0a"
    async with sidecar(tmp_path, SLEEPER) as fujita:
        for path in (
            f"/{evil}",
            f"/api/projects/{evil}",
            f"/sign-in?next={evil}",
            f"/api/projects/one/log?lines={evil}",
        ):
            assert "set-cookie" not in (await ask(fujita, "GET", path)).headers, path
        body = json.dumps({"command": "\r\nSet-Cookie: evil=1\r\n\r\n"}).encode()
        answer = await ask(fujita, "POST", "/api/projects/one/run", JSON, body=body)
        assert (answer.status, "set-cookie" in answer.headers) == (404, False)
        assert not any("evil" in line for line in fujita.stderr)


async def test_pipelined_requests_are_answered_in_order_and_half_closed_clients_too(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, clean(fujita):
        async with wire(fujita) as one:
            await one.say(b"".join(request("GET", f"/nothing-{number}") for number in range(100)))
            one.writer.write_eof()
            for number in range(100):
                answer = await one.answer()
                assert answer.status == 404
                assert f"'/nothing-{number}'" in json.loads(answer.body)["error"]
        async with wire(fujita) as one:
            for _ in range(3):
                await one.say(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n")
                assert (await one.answer()).status == 200
        for _ in range(50):
            async with wire(fujita) as one:
                await one.say(request("GET", "/api/projects/one/log"))
                one.hang_up(rudely=True)


async def test_what_is_no_http_is_hung_up_on(tmp_path: Path) -> None:
    noise = {
        "TLS": bytes.fromhex("16030100c8010000c40303") + random.Random(1).randbytes(190),
        "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
        "SSH": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "noise": random.Random(2).randbytes(MIB),
        "newlines": b"\r\n" * 100_000,
    }
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita), clean(fujita):
        for name, data in noise.items():
            async with wire(fujita) as one:
                await one.say(data)
                with suppress(OSError):  # it may have hung up before the noise was over
                    one.writer.write_eof()
                assert (await one.answer()).status in (0, 400), name
        assert len(fujita.stderr) < 2 + len(noise) + 5


async def test_logs_that_nobody_takes_are_not_copied_for_each_client(tmp_path: Path) -> None:
    printing = python(
        "import sys; sys.stdout.write(('x' * 99 + chr(10)) * 80_000); print('all said', flush=True); input()"
    )
    async with sidecar(tmp_path, f"projects: {{one: {{directory: ., command: {printing}}}}}") as fujita:
        await fujita.until_log("one", "all said")
        await ask(fujita, "GET", "/api/projects/one/log")
        before = rss(fujita)
        async with alive(fujita), clean(fujita):
            import socket

            clients = []
            for _ in range(20):
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", fujita.port))
                client.sendall(request("GET", "/api/projects/one/log?download"))
                clients.append(client)
            assert len((await ask(fujita, "GET", "/api/projects/one/log")).body) > 5 * MIB
            assert rss(fujita) - before < 20 * 2 * MIB + 8 * MIB
            for client in clients:
                client.close()


@pytest.mark.slow
async def test_clients_that_take_for_ever_to_say_what_they_want_are_hung_up_on(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, clean(fujita), alive(fujita):

        async def drip(begin: bytes) -> float:
            began = time.monotonic()
            async with wire(fujita) as one:
                await one.say(begin)
                while not one.reader.at_eof() and time.monotonic() - began < 40:
                    await one.say(b"x")
                    try:
                        await asyncio.wait_for(one.reader.read(1000), 1)
                    except asyncio.TimeoutError:
                        continue
                    except ConnectionError:
                        break
            return time.monotonic() - began

        heads = [drip(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ") for _ in range(300)]
        bodies = [drip(request("POST", "/api/projects/one/run", JSON, "Content-Length: 500")) for _ in range(50)]
        assert max(await asyncio.gather(*heads, *bodies)) < 25


@pytest.mark.slow
async def test_who_says_nothing_at_all_is_hung_up_on(tmp_path: Path) -> None:
    async with sidecar(tmp_path, SLEEPER) as fujita, alive(fujita), wire(fujita) as silent, wire(fujita) as idle:
        await idle.say(request("GET", "/healthz"))
        assert (await idle.answer()).status == 200
        for one in (silent, idle):
            assert await asyncio.wait_for(one.reader.read(), 120) == b""
