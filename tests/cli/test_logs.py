"""`fujita logs`: what was kept, then what comes; over restarts of the sidecar; into pipes that close; on a terminal."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from fujita.cli.failure import Failure
from fujita.cli.logs import moment
from tests.cli.command import fujita, shell, started, terminal
from tests.cli.samples import COUNTER, COUNTER_PY
from tests.sidecar import PATIENCE, Fujita, free_port, sidecar


async def read_until(process: asyncio.subprocess.Process, text: str) -> str:
    """What it prints up to `text`."""
    assert process.stdout
    until = process.stdout.readuntil(text.encode())
    return (await asyncio.wait_for(until, PATIENCE)).decode()


@asynccontextmanager
async def broken_way(port: int) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """An address that leads to `port`, and what breaks all connections that go that way now."""
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while data := await reader.read(65536):
            writer.write(data)

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward, back = await asyncio.open_connection("127.0.0.1", port)
        with suppress(OSError):
            await asyncio.gather(pump(reader, back), pump(onward, writer))

    def cut() -> None:
        for writer in writers:
            writer.transport.abort()

    server = await asyncio.start_server(lead, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", cut
    cut()
    server.close()


async def test_one_log_into_a_pipe_is_the_log(running: Fujita) -> None:
    done = await fujita("logs", "counter", at=running)
    assert done.status == 0 and done.err == ""
    assert done.out == await running.log("counter")


async def test_into_a_pipe_nothing_is_changed(running: Fujita) -> None:
    await fujita("input", "counter", r"bytes b'\x1b]0;x\x07 \xc2\x9b \r\xe2\x80\xae \x1b[31mred\n'", at=running)
    await running.until_log("counter", "red\n")
    done = await fujita("logs", "counter", "-n", "1", at=running)
    assert done.out == "\x1b]0;x\x07 \x9b \r‮ \x1b[31mred\n"


async def test_on_a_terminal_only_colours_pass(running: Fujita) -> None:
    await fujita("input", "counter", r"bytes b'\x1b]0;x\x07 \xc2\x9b \r\xe2\x80\xae \x1b[31mred\n'", at=running)
    await running.until_log("counter", "red\n")
    async with terminal("logs", "counter", "-n", "1", at=running) as shown:
        assert await shown.ended() == 0
        await shown.until("red")
        assert shown.shown.replace("\r\n", "\n") == "^[]0;x^G <U+009B> ^M<U+202E> \x1b[31mred\x1b[0m\n"


async def test_the_last_lines_exactly(running: Fujita) -> None:
    assert (await fujita("logs", "-n", "2", "counter", at=running)).out == "number 4\nnumber 5\n"
    assert (await fujita("logs", "-n", "0", "counter", at=running)).out == ""
    assert (await fujita("logs", "-n", "99999", "counter", at=running)).out == await running.log("counter")


async def test_several_logs_are_prefixed_and_in_the_order_of_time(running: Fujita) -> None:
    await fujita("start", "bad", at=running)
    lines = (await fujita("logs", at=running)).out.splitlines()
    assert {line[:10] for line in lines} == {"counter | ", "quiet   | ", "bad     | "}
    assert lines.index("counter | number 5") < lines.index("bad     | no luck")


async def test_json_is_the_records_with_their_project(running: Fujita) -> None:
    done = await fujita("logs", "--json", "-n", "1", "counter", at=running)
    record = json.loads(done.out)
    assert record["project"] == "counter" and record["stream"] == "stdout" and record["text"].endswith("number 5\n")


async def test_times_lead_the_lines(running: Fujita) -> None:
    done = await fujita("logs", "-t", "-n", "1", "counter", at=running)
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} number 5\n", done.out)


async def test_since_leaves_out_what_is_older(running: Fujita) -> None:
    assert "number 5" in (await fujita("logs", "--since", "10m", "counter", at=running)).out
    tomorrow = (datetime.now().astimezone() + timedelta(days=1)).isoformat()
    assert (await fujita("logs", "--since", tomorrow, "counter", at=running)).out == ""
    done = await fujita("logs", "--since", "yesterday", "counter", at=running)
    assert done.status == 2 and done.err.startswith("fujita: 'yesterday' is no moment: write 10m")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", "2026-01-31T11:59:30+00:00"),
        ("1h30m", "2026-01-31T10:30:00+00:00"),
        ("2d", "2026-01-29T12:00:00+00:00"),
        ("11:05", "2026-01-31T11:05:00+00:00"),
        ("23:05", "2026-01-30T23:05:00+00:00"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
    ],
)
def test_moments(text: str, expected: str) -> None:
    now = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
    assert moment(text, now) == datetime.fromisoformat(expected).timestamp()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "10", "-5m", "2026-13-01", "m", "999999999999d"])
def test_no_moment_is_no_guess(text: str) -> None:
    with pytest.raises(Failure):
        moment(text, datetime.now().astimezone())


async def test_following_prints_what_comes(running: Fujita) -> None:
    async with started("logs", "-f", "-n", "1", "counter", at=running) as process:
        assert await read_until(process, "number 5\n") == "number 5\n"
        await running.post("/api/projects/counter/input", {"text": "hello\n"})
        assert await read_until(process, "read hello\n") == "hello\nread hello\n"


async def test_no_line_is_lost_or_doubled_when_the_sidecar_restarts(tmp_path: Path) -> None:
    """It is killed in the middle, and the next one begins a new epoch on the same port."""
    port = free_port()
    (tmp_path / "counter.py").write_text(COUNTER_PY)
    async with sidecar(tmp_path, COUNTER, port) as first:
        await first.until_log("counter", "number 5\n")
        async with started("logs", "-f", "--json", "counter", at=first) as process:
            printed = await read_until(process, "number 5")
            await first.post("/api/projects/counter/input", {"text": "flood 2000\n"})
            printed += await read_until(process, "flood 1999")
            printed += await read_until(process, "\n")
            before = await first.log("counter")
            first.process.kill()
            await first.process.wait()
            async with sidecar(tmp_path, COUNTER, port) as second:
                await second.until_log("counter", "number 5\n")
                after = await read_until(process, "number 5")
                after += await read_until(process, "\n")
                whole = await second.log("counter")
    assert "".join(json.loads(line)["text"] for line in printed.splitlines()) == before
    assert "".join(json.loads(line)["text"] for line in after.splitlines()) == whole


async def test_a_lost_connection_is_resumed_at_its_record(running: Fujita) -> None:
    """The sidecar stays, the way to it does not."""
    async with broken_way(running.port) as (url, cut), started("logs", "-f", "--json", "counter", at=url) as process:
        printed = await read_until(process, "number 5")
        printed += await read_until(process, "\n")
        cut()
        await running.post("/api/projects/counter/input", {"text": "after\n"})
        printed += await read_until(process, "read after")
        printed += await read_until(process, "\n")
    ids = [json.loads(line)["id"] for line in printed.splitlines()]
    assert ids == list(range(1, len(ids) + 1))


async def test_a_reader_too_slow_for_the_cache_is_told_of_the_gap(tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(COUNTER_PY)
    config = COUNTER.replace("title: The counter", "cache: 20 KiB")
    async with sidecar(tmp_path, config) as small, started("logs", "-f", "counter", at=small) as process:
        await read_until(process, "number 5\n")
        process.send_signal(signal.SIGSTOP)
        await small.post("/api/projects/counter/input", {"text": "flood 400000\n"})
        await small.until_log("counter", "flood 399999\n")
        process.send_signal(signal.SIGCONT)
        assert process.stderr
        said = (await asyncio.wait_for(process.stderr.readline(), PATIENCE)).decode()
        assert re.fullmatch(r"fujita: counter: \d+ records are missing here, .*\n", said)
        await read_until(process, "flood 399999\n")


async def test_a_closed_pipe_ends_it_quietly(running: Fujita) -> None:
    for command in ("logs counter", "logs -f counter", "logs -f"):
        done = await shell(f"fujita {command} | head -n 1; echo ${{PIPESTATUS[0]}}", at=running)
        assert done.out.splitlines()[1] in ("0", "141") and done.err == ""


async def test_a_follower_ends_with_its_reader_though_nothing_comes(running: Fujita) -> None:
    done = await shell("fujita logs -f quiet | grep -q started; echo ${PIPESTATUS[@]}", at=running)
    assert (done.out, done.err) == ("141 0\n", "")


async def test_a_full_disk_is_one_line(running: Fujita) -> None:
    for command in ("logs counter", "logs -f counter", "status", "status --json"):
        done = await shell(f"fujita {command} >/dev/full; echo $?", at=running)
        assert (done.out, done.err) == ("1\n", "fujita: No space left on device\n")


async def test_an_interrupt_ends_it(running: Fujita) -> None:
    async with terminal("logs", "-f", "counter", at=running) as shown:
        await shown.until("number 5")
        shown.type("\x03")
        assert await shown.ended() == 130
        assert "Traceback" not in shown.shown


async def test_an_unknown_project(running: Fujita) -> None:
    for option in ([], ["-f"]):
        done = await fujita("logs", *option, "counter", "blag", at=running)
        assert (done.status, done.err) == (1, "fujita: there is no project blag: there is counter, quiet, bad\n")
