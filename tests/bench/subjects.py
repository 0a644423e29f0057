"""What is measured side by side: Fujita, the ceiling, and what people would pick instead. All run the same printer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sidecar import Fujita, free_port, sidecar

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".cache" / "peers"
PM2 = ROOT / ".cache" / "pm2" / "node_modules" / ".bin" / "pm2"
WEBSOCKETD = ROOT / ".cache" / "websocketd" / "usr" / "bin" / "websocketd"
QUIET = 0.5
"""Seconds after which nothing more is on its way."""
CACHE = 64 * 2**20
"""Bytes that Fujita may keep here, so that a client which the scheduler forgets for a moment loses nothing."""


@dataclass
class Subject:
    """Something that runs the printer: who it is, how the counter reads it, and how the printer gets its orders."""

    pid: int
    how: str
    orders: Path
    port: int = 0
    path: str = ""
    stdin: subprocess.Popen[bytes] | None = None
    """The process whose standard output is the stream, where `how` is "stdin"."""
    fujita: Fujita | None = None

    def order(self, way: str, count: int) -> None:
        self.orders.write_text(f"{way} {count}\n")


Start = Callable[[Path, int], "contextlib.AbstractAsyncContextManager[Subject]"]


@asynccontextmanager
async def fujita(folder: Path, clients: int, cache: int | str = CACHE) -> AsyncIterator[Subject]:
    orders = fifo(folder)
    config = f"""
        projects:
          printer:
            directory: {ROOT}
            cache: {cache}
            command: {json.dumps(printing(orders))}
    """
    async with sidecar(folder, config) as running:
        await running.until_state("printer", "running")
        path = "/api/projects/printer/log/stream"
        yield Subject(running.pid, "ws", orders, running.port, path, fujita=running)


@asynccontextmanager
async def ceiling(folder: Path, clients: int, *more: str) -> AsyncIterator[Subject]:
    orders = fifo(folder)
    argv = [sys.executable, "-m", "tests.bench.ceiling", str(clients), str(orders), *more]
    with started(argv, stdout=subprocess.PIPE) as program:
        assert program.stdout
        port = int(program.stdout.readline())
        yield Subject(program.pid, "raw", orders, port)


def with_json(folder: Path, clients: int) -> contextlib.AbstractAsyncContextManager[Subject]:
    """The ceiling of whoever sends JSON."""
    return ceiling(folder, clients, "json")


TERMINADO = """
import sys, terminado, tornado.ioloop, tornado.web
manager = terminado.SingleTermManager(shell_command=sys.argv[2:])
app = tornado.web.Application([("/ws", terminado.TermSocket, {"term_manager": manager})])
app.listen(int(sys.argv[1]), "127.0.0.1")
tornado.ioloop.IOLoop.current().start()
"""


@asynccontextmanager
async def terminado(folder: Path, clients: int) -> AsyncIterator[Subject]:
    """Tornado, a pseudo-terminal and browsers: our nearest relative; keeps the last pieces it read."""
    orders, port = fifo(folder), free_port()
    argv = [str(PEERS / "bin" / "python"), "-c", TERMINADO, str(port), *printing(orders)]
    with started(argv, stderr=subprocess.DEVNULL) as program:
        await listening(port)
        yield Subject(program.pid, "raw", orders, port, "/ws")


@asynccontextmanager
async def websocketd(folder: Path, clients: int) -> AsyncIterator[Subject]:
    """A program's lines, each a message; a process of its own for every client, so nothing is shared or kept."""
    orders, port = fifo(folder), free_port()
    argv = [str(WEBSOCKETD), "--loglevel=error", "--address=127.0.0.1", f"--port={port}", *printing(orders)]
    with started(argv, stdout=subprocess.DEVNULL) as program:
        await listening(port)
        yield Subject(program.pid, "raw", orders, port, "/")


SUPERVISOR = """
[supervisord]
nodaemon=true
logfile=/dev/null
logfile_maxbytes=0
pidfile={folder}/pid
[inet_http_server]
port=127.0.0.1:{port}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[program:printer]
command={argv}
directory={root}
stdout_logfile={folder}/log
stdout_logfile_maxbytes=0
"""


@asynccontextmanager
async def supervisor(folder: Path, clients: int) -> AsyncIterator[Subject]:
    """Its log files, followed over HTTP as `supervisorctl tail -f` does."""
    orders, port = fifo(folder), free_port()
    config = folder / "supervisord.conf"
    config.write_text(SUPERVISOR.format(folder=folder, port=port, root=ROOT, argv=" ".join(printing(orders))))
    argv = [str(PEERS / "bin" / "supervisord"), "-c", str(config)]
    with started(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        await listening(port)
        yield Subject(program.pid, "http", orders, port, "/logtail/printer/stdout")


CIRCUS = """
[circus]
endpoint = ipc://{folder}/c
pubsub_endpoint = ipc://{folder}/p
[watcher:printer]
cmd = {argv}
working_dir = {root}
copy_env = true
stdout_stream.class = StdoutStream
"""


@asynccontextmanager
async def circus(folder: Path, clients: int) -> AsyncIterator[Subject]:
    """Its stream onto its own standard output: one reader, no cache, no sockets."""
    orders = fifo(folder)
    config = folder / "circus.ini"
    config.write_text(CIRCUS.format(folder=folder, root=ROOT, argv=" ".join(printing(orders))))
    argv = [str(PEERS / "bin" / "circusd"), "--log-level", "error", str(config)]
    with started(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        yield Subject(program.pid, "stdin", orders, stdin=program)


@asynccontextmanager
async def pm2(folder: Path, clients: int) -> AsyncIterator[Subject]:
    """Its bus, as `pm2 logs` reads it; the daemon writes log files besides."""
    orders = fifo(folder)
    environment = {**os.environ, "PM2_HOME": str(folder / "pm2"), "PM2_DISCRETE_MODE": "true"}
    python, *arguments = printing(orders)
    run = [str(PM2), "start", python, "--interpreter", "none", "--name", "printer", "--cwd", str(ROOT), "--"]
    subprocess.run([*run, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True, timeout=30)
    try:
        pid = int((folder / "pm2" / "pm2.pid").read_text())
        logs = [str(PM2), "logs", "--raw", "--lines", "0"]
        with started(logs, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
            subject = Subject(pid, "stdin", orders, stdin=program)
            assert program.stdout
            await asyncio.to_thread(until_it_arrives, subject, program.stdout.fileno())
            yield subject
    finally:
        subprocess.run([str(PM2), "kill"], env=environment, stdout=subprocess.DEVNULL, timeout=30, check=False)


def until_it_arrives(subject: Subject, fd: int) -> None:
    """`pm2 logs` does not say when it has found the bus: prints until something comes, and takes that away."""
    while not select.select([fd], [], [], QUIET)[0]:
        subject.order("lines", 1)
    while select.select([fd], [], [], QUIET)[0]:
        os.read(fd, 65536)


PEER_NAMES = {"terminado": PEERS, "websocketd": WEBSOCKETD, "supervisor": PEERS, "circus": PEERS, "pm2": PM2}
SUBJECTS: dict[str, Start] = {
    "ceiling": ceiling,
    "json": with_json,
    "fujita": fujita,
    "terminado": terminado,
    "websocketd": websocketd,
    "supervisor": supervisor,
    "circus": circus,
    "pm2": pm2,
}
SEVERAL = ("ceiling", "json", "fujita", "terminado")
"""Those that have WebSockets, and so many clients."""


def install_peers() -> list[str]:
    """Puts the peers where they touch nothing else; returns the names of those that are there."""
    if not PEERS.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
        pip = [str(PEERS / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "supervisor", "circus", "terminado"], check=False)
    if not PM2.exists() and shutil.which("npm"):
        npm = ["npm", "install", "--silent", "--prefix", str(PM2.parents[2]), "pm2"]
        subprocess.run(npm, check=False, stdout=subprocess.DEVNULL)
    if not WEBSOCKETD.exists() and shutil.which("apt-get"):
        place = WEBSOCKETD.parents[2]
        place.mkdir(exist_ok=True)
        for argv in (["apt-get", "download", "websocketd"], ["sh", "-c", "dpkg-deb -x websocketd*.deb ."]):
            subprocess.run(argv, cwd=place, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [name for name, place in PEER_NAMES.items() if place.exists()]


def printing(orders: Path) -> list[str]:
    return [sys.executable, "-m", "tests.bench.printer", str(orders)]


def fifo(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    orders = folder / "orders"
    os.mkfifo(orders)
    return orders


@contextmanager
def started(argv: list[str], **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a session of its own, which is ended with it."""
    program = subprocess.Popen(argv, cwd=ROOT, start_new_session=True, **more)  # type: ignore[call-overload]
    try:
        yield program
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(5)
        if program.stdout:
            program.stdout.close()


async def listening(port: int) -> None:
    for _ in range(500):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    raise TimeoutError(port)
