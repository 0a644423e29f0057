"""A real PostgreSQL that is away, comes, goes and comes again."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import djangos
from tests.django_for_real.play import RELOADER, save_again
from tests.django_for_real.test_help import fetch
from tests.django_for_real.test_recovery import is_unreachable
from tests.sidecar import PATIENCE, free_port, sidecar

Copy = Callable[..., Path]
PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
VIEW = """
from polls.models import Question

def hello(request):
    return HttpResponse(Question.objects.count())
"""

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="there is no PostgreSQL here")


class Postgres:
    """A server of the test's own, below a folder of its own; it refuses to run as root."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="fujita-postgres-")  # pytest's own folders are closed to others
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "postgres"
            shutil.chown(self.folder, self._user)
        self._server: subprocess.Popen[bytes] | None = None
        initdb = [f"{PROGRAMS}/initdb", "-D", f"{self.folder}/data", "-A", "trust", "-U", "blog", "--no-sync"]
        subprocess.run(initdb, check=True, user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        places = ["-p", str(self.port), "-k", self.folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        self._server = subprocess.Popen(
            [f"{PROGRAMS}/postgres", "-D", f"{self.folder}/data", *places],
            user=self._user,
            cwd=self.folder,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        if self._server:
            self._server.send_signal(signal.SIGINT)  # "fast shutdown": whoever is connected is sent away
            self._server.wait(PATIENCE)
            self._server = None


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder)


def shop(folder: Path, port: int, database: Postgres, host: str, name: str = "postgres") -> str:
    """The blog, with its data in `database`."""
    settings = folder / "mysite/settings.py"
    engine = {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": "blog", "HOST": host}
    settings.write_text(settings.read_text() + f"DATABASES = {{'default': {engine | {'PORT': database.port}!r}}}\n")
    return f"""
projects:
  blog:
    directory: {folder}
    python: {djangos.python_with(djangos.newest())}
    address: 127.0.0.1:{port}
    environment: {{PYTHONDONTWRITEBYTECODE: 1, PYTHONPATH: {djangos.psycopg()}}}
    commands: {{migrate: migrate}}
"""


@pytest.mark.parametrize("host", ["localhost", pytest.param("a socket", marks=pytest.mark.slow)])
async def test_django_runs_as_soon_as_its_database_is_there(
    host: str, postgres: Postgres, tmp_path: Path, project: Copy
) -> None:
    folder, port = project("blog"), free_port()
    views = folder / "polls/views.py"
    views.write_text(views.read_text() + VIEW)
    at = f"{postgres.folder}/.s.PGSQL.{postgres.port}" if host == "a socket" else f":{postgres.port}"
    config = shop(folder, port, postgres, postgres.folder if host == "a socket" else host)
    async with sidecar(tmp_path, config) as fujita:
        broken = await fujita.until("blog", is_unreachable)
        assert broken["summary"].startswith("The database cannot be reached: Django restarts when it answers at ")
        assert broken["summary"].endswith(at)
        postgres.start()
        running = await fujita.until("blog", lambda status: status["state"] == "running" and status["migrations"])
        assert running["help"]["command"] == "migrate"
        await fujita.post("/api/projects/blog/run", {"command": "migrate"})
        await fujita.until("blog", lambda status: status["migrations"] == 0)
        assert await fetch(port, "/") == (200, "0")

        await asyncio.to_thread(postgres.stop)
        assert (await fetch(port, "/"))[0] == 500
        erred = await fujita.until("blog", lambda status: status["errors"])
        assert (erred["state"], erred["errors"]["newest"]["kind"]) == ("running", "DatabaseUnreachable")
        await asyncio.sleep(RELOADER)
        saving = asyncio.create_task(save_again(views))
        try:
            await fujita.until_state("blog", "broken")
        finally:
            saving.cancel()
        postgres.start()
        await fujita.until_state("blog", "running")
        assert await fetch(port, "/") == (200, "0")


async def test_a_database_that_says_no_is_not_waited_for(postgres: Postgres, tmp_path: Path, project: Copy) -> None:
    postgres.start()
    config = shop(project("blog"), free_port(), postgres, "127.0.0.1", "nosuch")
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until(
            "blog", lambda status: status["problem"] and "does not exist" in status["problem"]["message"]
        )
        broken = await fujita.status("blog")
        assert broken["state"] == "broken"
        assert "Django restarts when you save a fix" in broken["summary"]
