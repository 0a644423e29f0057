"""Help with the usual trouble, on real Djangos: migrations that are counted again, questions that are answered, https,
errors without a traceback, pythons that do not fit."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests import djangos
from tests.django_for_real.test_recovery import blog
from tests.sidecar import PATIENCE, Fujita, free_port, sidecar

Copy = Callable[..., Path]
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("polls", "0001_initial")]
    operations = []
"""
ALL = {"1.11": 11, "2.2": 14}
"""Migrations of the blog and of what it uses, where they are not 15."""


def manage(folder: Path, python: str, *arguments: str) -> None:
    subprocess.run([python, "manage.py", *arguments], cwd=folder, check=True, capture_output=True)


async def fetch(port: int, path: str) -> tuple[int, str]:
    def get() -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, ""

    return await asyncio.to_thread(get)


async def answer(fujita: Fujita, text: str) -> None:
    assert (await fujita.ask("POST", "/api/projects/blog/input", {"text": text})).code == 204


async def test_migrations_are_counted_again_after_a_command_a_new_file_and_another_database(
    tmp_path: Path, project: Copy, django_version: str, django_python: str
) -> None:
    folder, python, count = project("blog"), django_python, ALL.get(django_version, 15)
    config = blog(folder, python, more="    commands: {migrate: migrate}")

    async with sidecar(tmp_path, config) as fujita, fujita.stream("/api/status/stream"):  # somebody watches
        await fujita.until("blog", lambda status: status["state"] == "running" and status["migrations"] == count)
        await fujita.post("/api/projects/blog/run", {"command": "migrate"})
        migrated = await fujita.until("blog", lambda status: status["migrations"] == 0)
        assert migrated["help"] is None
        (folder / "polls/migrations/0002_empty.py").write_text(MIGRATION)
        one = await fujita.until("blog", lambda status: status["migrations"] == 1)
        assert one["help"] == {"text": "1 migration is not applied", "command": "migrate"}
        await asyncio.to_thread(manage, folder, python, "migrate")  # in a terminal
        await fujita.until("blog", lambda status: status["migrations"] == 0)
        (folder / "db.sqlite3").unlink()
        (folder / "db.sqlite3").touch()
        await fujita.until("blog", lambda status: status["migrations"] == count + 1)
        (folder / "polls/migrations/0002_empty.py").unlink()
        last = await fujita.until("blog", lambda status: status["migrations"] == count)
        assert last["state"] == "running"
        assert last["restarts"] == 0


async def test_nobody_is_asked_about_migrations_while_nobody_watches(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    manage_py = folder / "manage.py"
    noted = folder / "asked.log"
    manage_py.write_text(f"import sys\nopen({str(noted)!r}, 'a').write(sys.argv[1] + ' ')\n" + manage_py.read_text())
    async with sidecar(tmp_path, blog(folder, django_python)) as fujita:
        await fujita.until_state("blog", "running")
        (folder / "polls/migrations/0002_empty.py").write_text(MIGRATION)
        await asyncio.sleep(6)
        assert set(noted.read_text().split()) == {"runserver"}


async def test_breakpoint_and_input_wait_for_an_answer_and_get_it(
    tmp_path: Path, project: Copy, django_version: str, django_python: str
) -> None:
    folder, port = project("blog"), free_port()
    views = folder / "polls/views.py"
    if is_python_2 := django_version == "1.11":
        views.write_text(views.read_text().replace("input(", "raw_input("))
    else:
        views.write_text(views.read_text().replace("import pdb\n\n    pdb.set_trace()", "breakpoint()"))
        assert "breakpoint()" in views.read_text()
    async with sidecar(tmp_path, blog(folder, django_python, port)) as fujita:
        await fujita.until_state("blog", "running")
        stopped = asyncio.create_task(fetch(port, "/pdb/"))
        await fujita.until("blog", lambda status: status["prompt"] == "(Pdb) ")
        typed = (
            ("w", "stop_in_pdb"),
            ("p number * 2", "84"),
            ("l", "set_trace()" if is_python_2 else "breakpoint()"),
            ("!number = 7", ""),
        )
        for command, shown in typed:
            await answer(fujita, command + "\n")
            await fujita.until_log("blog", shown)
            await fujita.until("blog", lambda status: status["prompt"] == "(Pdb) ")
        await answer(fujita, "c\n")
        assert await asyncio.wait_for(stopped, PATIENCE) == (200, "7")
        assert (await fujita.until("blog", lambda status: not status["prompt"]))["summary"] == "Django is running"
        asked = asyncio.create_task(fetch(port, "/ask/"))
        asks = await fujita.until("blog", lambda status: status["prompt"] == "Your name: ")
        assert asks["summary"] == "Django waits for an answer"
        await answer(fujita, "Zoë\n")
        assert await asyncio.wait_for(asked, PATIENCE) == (200, "Zoë")


async def test_a_question_at_import_is_seen_and_its_answer_lets_the_start_go_on(
    tmp_path: Path, project: Copy, django_version: str, django_python: str
) -> None:
    folder = project("blog")
    views = folder / "polls/views.py"
    asking = "raw_input" if django_version == "1.11" else "input"
    views.write_text(views.read_text() + f"NAME = {asking}('Which shop? ')\n")
    # Without the reloader, whose thread imports the views while another one prints "Performing system checks...".
    async with sidecar(tmp_path, blog(folder, django_python, more="    options: [--noreload]")) as fujita:
        asks = await fujita.until("blog", lambda status: status["prompt"] == "Which shop? ")
        assert (asks["state"], asks["summary"]) == ("starting", "Django waits for an answer")
        await answer(fujita, "the first\n")
        await fujita.until_state("blog", "running")


async def test_https_spoken_to_django_is_answered_with_help(tmp_path: Path, project: Copy, django_python: str) -> None:
    port = free_port()
    async with sidecar(tmp_path, blog(project("blog"), django_python, port)) as fujita:
        await fujita.until_state("blog", "running")

        def hello() -> None:
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                client.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)) + b"\r\n\r\n")
                client.settimeout(PATIENCE)
                client.recv(100)

        await asyncio.to_thread(hello)
        helped = await fujita.until("blog", lambda status: status["help"] and "https" in status["help"]["text"])
        assert helped["state"] == "running"
        assert helped["help"]["command"] is None


async def test_errors_of_requests_are_counted_and_the_newest_is_placed(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder, port = project("blog"), free_port()
    views = (folder / "polls/views.py").read_text().split("\n")
    line = views.index('    raise ValueError("boom in view")') + 1
    async with sidecar(tmp_path, blog(folder, django_python, port)) as fujita:
        await fujita.until_state("blog", "running")
        for _ in range(3):
            assert (await fetch(port, "/boom/"))[0] == 500
        erred = await fujita.until("blog", lambda status: status["errors"] and status["errors"]["count"] == 3)
        newest = erred["errors"]["newest"]
        assert (newest["kind"], newest["message"]) == ("ValueError", "boom in view")
        assert (newest["file"], newest["line"]) == ("polls/views.py", line)
        records = (await fujita.ask("GET", "/api/projects/blog/log?format=ndjson")).body.decode().split("\n")
        placed = next(record for record in records if record.startswith(f'{{"id": {newest["record"]},'))
        assert "Internal Server Error: /boom/" in placed or "Traceback" in placed
        assert erred["state"] == "running"


async def test_an_error_without_a_traceback_is_counted_and_says_why_there_is_none(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder, port = project("blog"), free_port()
    settings = folder / "mysite/settings.py"
    settings.write_text(settings.read_text() + "DEBUG = False\n")
    async with sidecar(tmp_path, blog(folder, django_python, port)) as fujita:
        await fujita.until_state("blog", "running")
        assert (await fetch(port, "/boom/"))[0] == 500
        erred = await fujita.until("blog", lambda status: status["errors"])
        assert erred["errors"]["count"] == 1
        assert erred["errors"]["newest"]["message"] == "Django shows no traceback while DEBUG is False"


async def test_a_python_without_django_is_named(tmp_path: Path, project: Copy) -> None:
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare], check=True)
    async with sidecar(tmp_path, blog(project("blog"), f"{bare}/bin/python")) as fujita:
        exited = await fujita.until_state("blog", "exited")
        assert exited["problem"]["kind"] in ("DjangoMissing", "ModuleNotFoundError")
        assert "pip install django" in exited["problem"]["hint"]


@pytest.mark.skipif(not {(3, 10), (3, 13)} <= djangos.interpreters().keys(), reason="needs python 3.10 and 3.13")
async def test_a_python_that_does_not_fit_is_named(tmp_path: Path, project: Copy) -> None:
    """Django 3.2 needs the module cgi, which python 3.13 lacks."""
    script = "import django, json; print(json.dumps(django.__path__[0]))"
    said = subprocess.run([djangos.python_with("3.2"), "-c", script], capture_output=True, check=True).stdout
    packages = Path(json.loads(said)).parent
    config = blog(project("blog"), djangos.interpreters()[3, 13]).replace("{PY", f"{{PYTHONPATH: {packages}, PY")
    async with sidecar(tmp_path, config) as fujita:
        exited = await fujita.until_state("blog", "exited")
        assert exited["problem"]["kind"] == "WrongPython"
        assert exited["summary"].startswith("Django exited: this Django does not fit this python")
