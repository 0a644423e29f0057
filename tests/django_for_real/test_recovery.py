"""Where Django's own reloader does not notice that something was mended, or is gone, Fujita does; and only then."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.django_for_real.play import RELOADER, put, save_again
from tests.sidecar import Fujita, Json, free_port, sidecar

Copy = Callable[..., Path]
SLOW_START = 120.0
"""Seconds for what begins only after ten, on a busy machine."""


def blog(folder: Path, python: str, port: int | None = None, more: str = "") -> str:
    return f"""
projects:
  blog:
    directory: {folder}
    python: {python}
    address: 127.0.0.1:{port or free_port()}
    environment: {{PYTHONDONTWRITEBYTECODE: 1}}
{more}"""


async def starts(fujita: Fujita) -> int:
    return (await fujita.log("blog")).count("was started (pid")


def is_unreachable(status: Json) -> bool:
    """Of the database, that is. On a busy machine what caused it may be told before."""
    return (status["state"], (status["problem"] or {}).get("kind")) == ("broken", "DatabaseUnreachable")


async def break_while_running(fujita: Fujita, file: Path, text: str) -> None:
    """Saves until Django has noticed: what comes before its reloader's first look is never noticed."""
    await fujita.until_state("blog", "running")
    await asyncio.sleep(RELOADER)
    file.write_text(text)
    saving = asyncio.create_task(save_again(file))
    try:
        await fujita.until("blog", lambda status: status["state"] in ("broken", "exited"))
    finally:
        saving.cancel()


async def test_a_fix_saved_right_after_the_traceback_is_not_lost(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    views = folder / "polls/views.py"
    good = views.read_text()
    views.write_text(good + "def (\n")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_log("blog", "SyntaxError")
        views.write_text(good)
        await fujita.until_state("blog", "running")


async def test_a_fix_saved_while_the_start_still_fails_is_not_lost(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    settings = folder / "mysite/settings.py"
    good = settings.read_text()
    settings.write_text(good + "print('read')\nimport time\ntime.sleep(2)\nnosuch\n")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_log("blog", "read\n")
        await asyncio.sleep(0.5)  # as a person who sees the mistake at once
        settings.write_text(good)
        await fujita.until_state("blog", "running")
        assert "because mysite/settings.py was saved" in await fujita.log("blog")


async def test_a_start_that_writes_files_of_its_own_does_not_start_itself_for_ever(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    settings = folder / "mysite/settings.py"
    writes = "import time\nopen('version.json', 'w').write(str(time.time()))\ntime.sleep(1)\nnosuch\n"
    settings.write_text(settings.read_text() + writes)
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until("blog", lambda status: status["state"] == "exited" and status["restarts"] == 1)
        await asyncio.sleep(4)
        assert await starts(fujita) == 2


async def test_a_deleted_file_that_comes_back_repairs(tmp_path: Path, project: Copy, django_python: str) -> None:
    folder = project("blog")
    views, urls = folder / "polls/views.py", folder / "mysite/urls.py"
    good = views.read_text()
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_state("blog", "running")
        views.unlink()
        await break_while_running(fujita, urls, urls.read_text())
        assert (await fujita.status("blog"))["problem"]["kind"] == "ImportError"
        await asyncio.sleep(RELOADER)
        views.write_text(good)
        await fujita.until_state("blog", "running")
        assert "because polls/views.py was saved and Django did not notice" in await fujita.log("blog")


async def test_an_endless_loop_at_import_ends_with_its_fix(tmp_path: Path, project: Copy, django_python: str) -> None:
    folder = project("blog")
    views = folder / "polls/views.py"
    good = views.read_text()
    views.write_text(good + "while True: pass\n")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_log("blog", "Performing system checks...")
        views.write_text(good)
        await fujita.until_state("blog", "running", SLOW_START)


async def test_a_missing_folder_of_the_database_repairs_when_it_is_made(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    settings = folder / "mysite/settings.py"
    settings.write_text(
        settings.read_text() + "DATABASES['default']['NAME'] = os.path.join(BASE_DIR, 'data', 'db.sqlite3')\n"
    )
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until("blog", is_unreachable)
        (folder / "data").mkdir()
        await fujita.until_state("blog", "running")
        assert "because data was made" in await fujita.log("blog")


async def test_a_broken_migration_repairs_when_it_is_removed(tmp_path: Path, project: Copy, django_python: str) -> None:
    folder = project("blog")
    (folder / "polls/migrations/0002_broken.py").write_text("def (\n")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_state("blog", "broken")
        await asyncio.sleep(RELOADER)
        (folder / "polls/migrations/0002_broken.py").unlink()
        await fujita.until_state("blog", "running")


async def test_a_port_taken_during_a_reload_is_taken_back_when_it_is_free(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder, port = project("blog"), free_port()
    views = folder / "polls/views.py"
    good = views.read_text()
    async with sidecar(tmp_path, blog(folder, django_python, port)) as fujita:
        await break_while_running(fujita, views, good + "def (\n")
        with socket.create_server(("127.0.0.1", port)):
            views.write_text(good)
            exited = await fujita.until_state("blog", "exited")
            assert f"port {port} is in use by" in exited["summary"]
        await fujita.until_state("blog", "running")


async def test_a_branch_switch_of_hundreds_of_files_is_one_start(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    settings = folder / "mysite/settings.py"

    def commit(text: str, more: str) -> None:
        for number in range(300):
            put(folder / f"polls/many/module{number}.py", text)
        settings.write_text(settings.read_text() + more)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "x"], check=True)

    subprocess.run([*git, "init", "-qb", "good"], check=True)
    commit("ONE = 1\n", "")
    subprocess.run([*git, "checkout", "-qb", "bad"], check=True)
    commit("TWO = 2\n", "nosuch\n")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_state("blog", "exited")
        subprocess.run([*git, "checkout", "-q", "good"], check=True)
        await fujita.until_state("blog", "running")
        await asyncio.sleep(3)
        assert await starts(fujita) == 2
        assert (await fujita.status("blog"))["state"] == "running"


@pytest.mark.parametrize("state", ["exited", "broken"])
async def test_what_no_person_saves_starts_nothing(
    tmp_path: Path, project: Copy, django_python: str, state: str
) -> None:
    folder = project("blog")
    file = folder / ("mysite/settings.py" if state == "exited" else "polls/views.py")
    file.write_text(file.read_text() + "nosuch\n")
    for name in (".git", "node_modules/left", "media", "polls/__pycache__"):
        (folder / name).mkdir(parents=True)
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_state("blog", state)
        await asyncio.sleep(1)
        for name in (
            ".git/index", "node_modules/left/index.js", "media/upload.html", "polls/__pycache__/x.cpython-311.pyc",
            "polls/.views.py.swp", "polls/#views.py#", "polls/views.py~", "db.sqlite3", "debug.log",
        ):  # fmt: skip
            (folder / name).write_text("changed")
        await asyncio.sleep(4)
        assert await starts(fujita) == 1
        assert (await fujita.status("blog"))["state"] == state


async def test_a_running_project_is_never_restarted_by_a_save(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        running = await fujita.until_state("blog", "running")
        (folder / "polls/never_imported.py").write_text("ONE = 1\n")
        (folder / "notes.html").write_text("saved")
        await asyncio.sleep(4)
        assert (await fujita.status("blog"))["pid"] == running["pid"]
        psutil.Process(running["pid"]).children()[0].kill()  # and what was saved is no reason to start it
        await fujita.until_state("blog", "exited")
        await asyncio.sleep(2)
        assert (await fujita.status("blog"))["state"] == "exited"


async def test_a_folder_that_vanishes_is_waited_for(tmp_path: Path, project: Copy, django_python: str) -> None:
    """As when a synced folder is unmounted while Django is broken."""
    folder = project("blog")
    settings = folder / "mysite/settings.py"
    good = settings.read_text()
    settings.write_text(good + "nosuch\n")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_state("blog", "exited")
        shutil.move(folder, tmp_path / "away")
        await fujita.until_state("blog", "waiting")
        (tmp_path / "away/mysite/settings.py").write_text(good)
        shutil.move(tmp_path / "away", folder)
        await fujita.until_state("blog", "running")


async def test_a_database_that_is_there_again_repairs(tmp_path: Path, project: Copy, django_python: str) -> None:
    """A backend of the project's own stands for PostgreSQL: it connects to a port, and says what psycopg says."""
    folder, database = project("blog"), free_port()
    (folder / "tcpdb").mkdir()
    put(folder / "tcpdb/__init__.py", "")
    put(folder / "tcpdb/base.py", BACKEND.format(port=database))
    settings = folder / "mysite/settings.py"
    settings.write_text(settings.read_text() + "DATABASES['default']['ENGINE'] = 'tcpdb'\n")
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        broken = await fujita.until("blog", is_unreachable)
        assert broken["summary"] == (
            f"The database cannot be reached: Django restarts when it answers at 127.0.0.1:{database}"
        )
        with socket.create_server(("127.0.0.1", database)):
            await fujita.until_state("blog", "running")


BACKEND = """
import socket
from django.db import OperationalError
from django.db.backends.sqlite3 import base

class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, parameters):
        try:
            socket.create_connection(("127.0.0.1", {port}), timeout=1).close()
        except socket.error:  # an OSError, but on python 2.7
            raise OperationalError(
                'connection failed: connection to server at "127.0.0.1", port {port} failed: Connection refused\\n'
                '\\tIs the server running on that host and accepting TCP/IP connections?'
            )
        return super(DatabaseWrapper, self).get_new_connection(parameters)
"""
