"""What goes wrong is one line on stderr that says what to do, and an exit status: never a traceback, never a wait."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from fujita.cli.arguments import COMMANDS
from fujita.cli.client import connect
from tests.cli.command import fujita, shell
from tests.sidecar import PATIENCE, Fujita, free_port, sidecar

ASKING = (
    ("status",),
    ("status", "-w"),
    ("logs",),
    ("logs", "-f", "blog"),
    ("start", "blog"),
    ("run", "blog", "migrate"),
    ("input", "blog", "n"),
    ("reload",),
    ("open",),
)
"""Every command that asks a sidecar."""


@contextmanager
def listening() -> Iterator[socket.socket]:
    """Something on a port that accepts nothing and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """Another program's server, which answers everything with `answer`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@pytest.mark.parametrize("command", ASKING, ids=" ".join)
async def test_no_sidecar(command: tuple[str, ...]) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    done = await fujita(*command, at=url)
    assert (done.status, done.out) == (69, "")
    assert done.err.startswith(f"fujita: no sidecar answers at {url} (Connection refused): start it")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("command", [("status",), ("logs", "-f", "blog")], ids=" ".join)
async def test_a_port_that_says_nothing(command: tuple[str, ...]) -> None:
    with listening() as listener:
        done = await fujita(*command, at=f"http://127.0.0.1:{listener.getsockname()[1]}")
    assert done.status == 69 and done.err.count("\n") == 1
    assert "did not answer within 5 s" in done.err


async def test_a_sidecar_that_hangs(running: Fujita) -> None:
    os.kill(running.pid, signal.SIGSTOP)
    try:
        many = await asyncio.gather(*(fujita(*command, at=running) for command in (("status",), ("reload",))))
    finally:
        os.kill(running.pid, signal.SIGCONT)
    assert [done.status for done in many] == [69, 69]


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\r\n<h1>No.</h1>",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nnull",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nshort",
        b"\xff" * 100_000,
        b"",
    ],
    ids=["ssh", "json", "page", "error", "cut", "noise", "nothing"],
)
async def test_another_program_on_the_port(answer: bytes) -> None:
    async with answering(answer) as url:
        for command in (("status",), ("logs", "-f", "blog")):
            done = await fujita(*command, at=url)
            assert done.status == 69, done
            assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://localhost:9000", "http://", "http://localhost:99999", "http://[::1", "localhost:x", "::"]
)
async def test_a_url_that_is_none(url: str) -> None:
    done = await fujita("status", "--url", url)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "write one like http://localhost:9000" in done.err


async def test_a_name_that_nobody_knows() -> None:
    done = await fujita("status", "--url", "http://no-such-host.invalid:9000")
    assert (done.status, done.err.count("\n")) == (69, 1)


@pytest.mark.parametrize(
    "arguments",
    [(), ("fly",), ("logs", "-n", "many"), ("logs", "-n", "-1"), ("start",), ("status", "--wat"), ("input", "blog")],
    ids=" ".join,
)
async def test_wrong_usage_is_one_line(arguments: tuple[str, ...]) -> None:
    done = await fujita(*arguments)
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert "--help`" in done.err


async def test_no_config_anywhere(tmp_path: Path) -> None:
    done = await fujita("serve", cwd=tmp_path)
    assert (done.status, done.err.count("\n")) == (1, 1)
    assert "`fujita init` writes one" in done.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
async def test_every_help_has_an_example_that_is_one(command: Any) -> None:
    done = await fujita(command.name, "--help")
    assert done.status == 0 and f"Example: {command.example}" in done.out
    assert f"fujita {command.name}" in command.example


LOCKED = "  token: s3cret\nprojects: {quiet: {directory: ., command: [sleep, '99']}}\n"


async def test_the_token_is_said_by_the_environment_or_the_config(tmp_path: Path) -> None:
    async with sidecar(tmp_path, LOCKED) as locked:
        await asyncio.wait_for(until_named(locked), PATIENCE)
        refused = await fujita("status", at=locked)
        assert refused.status == 1
        assert refused.err == "fujita: this console asks for its token: put it into $FUJITA_TOKEN\n"
        wrong = await fujita("logs", "-f", at=locked, FUJITA_TOKEN="guess")
        assert wrong.err == "fujita: that token is not the console's: put it into $FUJITA_TOKEN\n"
        told = await fujita("status", "--json", cwd=tmp_path)
        assert told.status == 0 and "s3cret" not in told.out + told.err
        followed = await shell("fujita logs -f quiet | grep -q started; echo ${PIPESTATUS[1]}", cwd=tmp_path)
        assert followed.out == "0\n", "the streams bring it too"
        assert "s3cret" not in (await fujita("check", cwd=tmp_path)).out


async def until_named(locked: Fujita) -> None:
    while (await fujita("status", "--names", at=locked, FUJITA_TOKEN="s3cret")).out != "quiet\n":
        pass


@pytest.mark.parametrize(
    ("url", "is_sent"),
    [
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://localhost:1", True),
        ("http://box.test:1", False),
    ],
)
def test_a_token_from_a_file_is_not_sent_to_another_machine(tmp_path: Path, url: str, is_sent: bool) -> None:
    config = tmp_path / "fujita.yml"
    config.write_text(f"console:\n{LOCKED}")
    console = connect(Namespace(url=url, config=str(config))).console
    assert (console.token is not None) is is_sent
