"""A real sidecar for a test, in one line: `async with sidecar(folder, config) as fujita:`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

PATIENCE = 45.0
"""Seconds that anything may take in a test: these are other people's machines."""
PASS_A_SOCKET = 'exec 3<&{}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"'
ROOT = Path(__file__).parent.parent
PORTS = 100

_given = count()
_claims: list[socket.socket] = []

Json = dict[str, Any]


def free_port() -> int:
    """A port that nobody listens on and that no other worker or run of tests is given; nor is it soon given again.

    The kernel's own (port 0) would be given to others as soon as the probe is closed: these are below its range.
    """
    for port in _ports():
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("", port))
            return port
    raise AssertionError("no port is free")


def _ports() -> Iterator[int]:
    """One round through this process's own ports, from where the last one stopped."""
    first = _first_port()
    for _ in range(PORTS):
        yield first + next(_given) % PORTS


@cache
def _first_port() -> int:
    """A hundred ports are a process's own as long as it holds an abstract socket of their name (unix(7))."""
    for first in range(11000, 32000, PORTS):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0fujita-tests-{first}")
        except OSError:
            claim.close()
        else:
            _claims.append(claim)
            return first
    raise AssertionError("too many tests run on this machine")


@dataclass
class Fujita:
    """A running sidecar, its folder, and ways to talk to it."""

    folder: Path
    port: int
    process: asyncio.subprocess.Process
    stderr: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def config(self) -> Path:
        return self.folder / "fujita.yml"

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        """One request; an error status is an answer like any other."""
        sent = None if method == "GET" else json.dumps(body).encode() if body is not None else b""
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        request = HTTPRequest(self.url + path, method, headers, sent, request_timeout=PATIENCE, follow_redirects=False)
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def get(self, path: str) -> Json:
        return dict(json.loads((await self.ask("GET", path)).body))

    async def post(self, path: str, body: Any = None) -> Json:
        return dict(json.loads((await self.ask("POST", path, body)).body or b"{}"))

    async def status(self, name: str) -> Json:
        return await self.get(f"/api/projects/{name}")

    async def log(self, name: str) -> str:
        """The cached output and remarks, as text."""
        return (await self.ask("GET", f"/api/projects/{name}/log")).body.decode()

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[AsyncIterator[Json]]:
        """The objects of a WebSocket, one by one."""
        socket = await websocket_connect(self.url.replace("http", "ws") + path)
        try:
            yield objects(socket)
        finally:
            socket.close()

    async def until(self, name: str, true: Callable[[Json], Any], patience: float = PATIENCE) -> Json:
        """The first STATUS of `name`, from now on, that `true` holds of."""
        last: Json = {}

        async def look() -> Json:
            nonlocal last
            async with self.stream(f"/api/projects/{name}/status/stream") as statuses:
                async for last in statuses:
                    if true(last):
                        return last
            raise AssertionError(f"the status stream ended; the last was {last}")

        try:
            return await asyncio.wait_for(look(), patience)
        except asyncio.TimeoutError:
            raise AssertionError(f"not within {patience} s; the last was {last}\n{await self.log(name)}") from None

    async def until_state(self, name: str, state: str, patience: float = PATIENCE) -> Json:
        return await self.until(name, lambda status: status["state"] == state, patience)

    async def until_log(self, name: str, text: str, patience: float = PATIENCE) -> list[Json]:
        """All records of `name` up to the one with which their text contains `text`."""
        records: list[Json] = []

        async def look() -> None:
            async with self.stream(f"/api/projects/{name}/log/stream") as told:
                async for one in told:
                    if "id" in one:
                        records.append(one)
                        if text in "".join(record["text"] for record in records[-50:]):
                            return

        try:
            await asyncio.wait_for(look(), patience)
        except asyncio.TimeoutError:
            said = "".join(record["text"] for record in records)
            raise AssertionError(f"no {text!r} within {patience} s in:\n{said[-4000:]}") from None
        return records

    def reload_by_signal(self) -> None:
        os.kill(self.pid, signal.SIGHUP)

    def write_config(self, config: str) -> None:
        """Replaces fujita.yml, keeping the console's port."""
        self.config.write_text(f"console:\n  listen: 127.0.0.1:{self.port}\n{textwrap.dedent(config)}")

    async def end(self, number: signal.Signals = signal.SIGTERM, patience: float = PATIENCE) -> int:
        """Signals the sidecar and waits for its exit status."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), patience)


async def objects(socket: WebSocketClientConnection) -> AsyncIterator[Json]:
    """What comes over a WebSocket: several objects a message, one a line (split at newlines only, RFC 8259)."""
    while (message := await socket.read_message()) is not None:
        text = message if isinstance(message, str) else message.decode()
        for line in text.split("\n"):
            if line:
                yield json.loads(line)


@asynccontextmanager
async def sidecar(
    folder: Path,
    config: str,
    port: int | None = None,
    environment: dict[str, str] | None = None,
    held: socket.socket | None = None,
) -> AsyncIterator[Fujita]:
    """Starts `fujita serve` on `config` (the YAML of `projects:` and so on, without `console:`) and ends it after.

    With no config no file is written, and the console's socket is passed as a socket unit would (sd_listen_fds(3)).
    Like the unit's, a socket that the test has `held` listens on when this sidecar has ended.
    """
    listening = held or socket.create_server(("127.0.0.1", port or free_port()))
    port = listening.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    runtime = folder / ".run"
    runtime.mkdir(exist_ok=True, mode=0o700)
    fujita = Fujita(folder, port, None)  # type: ignore[arg-type]
    if config:
        listening.close()
        fujita.write_config(config)
    serve = [sys.executable, "-m", "fujita", "serve", "--config", str(fujita.config)]
    fujita.process = await asyncio.create_subprocess_exec(
        *(serve if config else ["bash", "-c", PASS_A_SOCKET.format(listening.fileno()), "bash", *serve]),
        cwd=ROOT,
        pass_fds=() if config else (listening.fileno(),),
        env={**os.environ, "RUNTIME_DIRECTORY": str(runtime), **(environment or {})},
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
    )
    if not held:
        listening.close()
    reading = asyncio.create_task(_keep(fujita))
    try:
        await _until_it_listens(fujita)
        yield fujita
        assert not any("Traceback" in line for line in fujita.stderr), "".join(fujita.stderr)
    except BaseException:
        await _tell(fujita)
        raise
    finally:
        if fujita.process.returncode is None:
            try:
                await fujita.end()
            except asyncio.TimeoutError:
                await fujita.end(signal.SIGKILL)
        await reading


async def _keep(fujita: Fujita) -> None:
    """Reads what the sidecar says, for the test to look at, and so that it is never blocked."""
    assert fujita.process.stderr
    async for line in fujita.process.stderr:
        fujita.stderr.append(line.decode(errors="replace"))


async def _tell(fujita: Fujita) -> None:
    """Prints how things stood when a test failed: it may not fail again."""
    print("".join(fujita.stderr[-50:]))
    with suppress(Exception):
        for status in (await asyncio.wait_for(fujita.get("/api/projects"), 5))["projects"]:
            print(status, (await asyncio.wait_for(fujita.log(status["name"]), 5))[-3000:], sep="\n")


async def _until_it_listens(fujita: Fujita) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while not any("listening on" in line for line in fujita.stderr):
        assert fujita.process.returncode is None, "".join(fujita.stderr)
        assert asyncio.get_running_loop().time() < deadline, "".join(fujita.stderr)
        await asyncio.sleep(0.01)
