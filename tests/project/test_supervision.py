"""Promises of supervision, on real Djangos: states that are true, ports that are free, trees that are gone."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from tests import djangos
from tests.django_for_real.play import save_again
from tests.sidecar import PATIENCE, Fujita, Json, free_port, sidecar

Copy = Callable[..., Path]


def blog(folder: Path, python: str, port: int, more: str = "") -> str:
    return f"""
projects:
  blog:
    directory: {folder}
    python: {python}
    address: 127.0.0.1:{port}
    environment: {{PYTHONDONTWRITEBYTECODE: 1}}
{more}"""


def can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def tree_of(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


async def save(path: Path, text: str) -> None:
    """Saves as a person does, some time after Django looked.

    Its reloader looks once a second and tells nobody when; what is saved before its first look is what it begins with.
    """
    await asyncio.sleep(1.2)
    path.write_text(text)


async def saved_until(fujita: Fujita, path: Path, text: str, state: str) -> Json:
    """Saves again as long as Django does not notice: its first look comes late on a busy machine."""
    await save(path, text)
    saving = asyncio.create_task(save_again(path))
    try:
        return await fujita.until_state("blog", state)
    finally:
        saving.cancel()


async def fetch(port: int, path: str = "/") -> str:
    return await asyncio.to_thread(lambda: urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE).read().decode())


@pytest.mark.parametrize("version", djangos.available())
async def test_django_runs_is_stopped_and_runs_again(version: str, tmp_path: Path, project: Copy) -> None:
    port = free_port()
    async with sidecar(tmp_path, blog(project("blog"), djangos.python_with(version), port)) as fujita:
        running = await fujita.until_state("blog", "running")
        assert running["summary"] == "Django is running"
        assert await fetch(port) == "hello"
        tree = tree_of(running["pid"])
        assert len(tree) == 2  # Django's reloader, and the server that it started
        await fujita.post("/api/projects/blog/stop")
        stopped = await fujita.until_state("blog", "stopped")
        assert living(tree) == []
        assert can_bind(port)
        # Django's reloader ends with its server's 0; on a busy machine by the SIGTERM that comes half a second later.
        assert stopped["exit"] in ({"code": 0, "signal": None}, {"code": None, "signal": "SIGTERM"})
        assert (await fujita.log("blog")).endswith("Django was stopped\n")
        await fujita.post("/api/projects/blog/start")
        again = await fujita.until_state("blog", "running")
        assert again["restarts"] == 1


async def test_stopping_one_project_leaves_the_other_alone(tmp_path: Path, project: Copy, django_python: str) -> None:
    ports = free_port(), free_port()
    config = "projects:\n" + "".join(
        f"  {name}: {{directory: {project('blog', name)}, python: {django_python}, address: '127.0.0.1:{port}'}}\n"
        for name, port in zip(("one", "two"), ports, strict=True)
    )
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until_state("one", "running")
        other = await fujita.until_state("two", "running")
        await fujita.post("/api/projects/one/stop")
        await fujita.until_state("one", "stopped")
        assert can_bind(ports[0])
        assert await fetch(ports[1]) == "hello"
        assert (await fujita.status("two"))["pid"] == other["pid"]


async def test_a_mistake_saved_in_a_view_is_named_and_its_fix_needs_nobody(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    views = folder / "polls" / "views.py"
    good = views.read_text()
    async with sidecar(tmp_path, blog(folder, django_python, free_port())) as fujita:
        await fujita.until_state("blog", "running")
        broken = await saved_until(fujita, views, good + "def broken(:\n", "broken")
        line = good.count("\n") + 1
        assert broken["problem"]["kind"] == "SyntaxError"
        assert (broken["problem"]["file"], broken["problem"]["line"]) == ("polls/views.py", line)
        assert broken["summary"] == f"SyntaxError in polls/views.py, line {line}: Django restarts when you save a fix"
        await save(views, good)
        running = await fujita.until_state("blog", "running")
        assert running["problem"] is None


async def test_settings_that_end_django_are_named_and_a_save_starts_it_again(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    settings = folder / "mysite" / "settings.py"
    good = settings.read_text()
    async with sidecar(tmp_path, blog(folder, django_python, free_port())) as fujita:
        await fujita.until_state("blog", "running")
        exited = await saved_until(fujita, settings, good + "DEBUG = Ture\n", "exited")
        assert exited["problem"]["kind"] == "NameError"
        assert exited["problem"]["file"] == "mysite/settings.py"
        await save(settings, good)
        await fujita.until_state("blog", "running")
        assert "because mysite/settings.py was saved" in await fujita.log("blog")


async def test_a_port_that_somebody_else_holds_is_never_running(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    with socket.socket() as taken:
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        async with sidecar(tmp_path, blog(project("blog"), django_python, port)) as fujita:
            states: list[str] = []

            def exited_at_last(status: Json) -> bool:
                states.append(status["state"])
                return bool(status["state"] == "exited")

            exited = await fujita.until("blog", exited_at_last)
            assert "running" not in states
            assert f"port {port} is in use by" in exited["summary"]
            assert f"(pid {os.getpid()})" in exited["summary"]
            taken.close()
            await fujita.until_state("blog", "running")


async def test_a_server_that_ends_is_noticed_though_nothing_is_printed(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    async with sidecar(tmp_path, blog(project("blog"), django_python, free_port())) as fujita:
        running = await fujita.until_state("blog", "running")
        server = tree_of(running["pid"])[1]
        server.kill()
        exited = await fujita.until_state("blog", "exited")
        assert exited["exit"] == {"code": 247, "signal": None}


async def test_what_is_not_there_yet_is_waited_for_and_started_when_it_comes(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog", "elsewhere")
    awaited = tmp_path / "blog"
    async with sidecar(tmp_path, blog(awaited, django_python, free_port())) as fujita:
        waiting = await fujita.until_state("blog", "waiting")
        assert waiting["summary"] == f"Waiting for {awaited}"
        folder.rename(awaited)
        await fujita.until_state("blog", "running")


async def test_a_folder_that_goes_while_it_runs_is_said_and_the_server_left_alone(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    folder = project("blog")
    async with sidecar(tmp_path, blog(folder, django_python, free_port(), "    options: [--noreload]")) as fujita:
        pid = (await fujita.until_state("blog", "running"))["pid"]
        folder.rename(tmp_path / "away")
        gone = await fujita.until("blog", lambda status: status["help"] and "Not there" in status["help"]["text"])
        assert str(folder) in gone["help"]["text"]
        assert (gone["state"], gone["pid"]) == ("running", pid)
        (tmp_path / "away").rename(folder)
        back = await fujita.until("blog", lambda status: "Not there" not in (status["help"] or {"text": ""})["text"])
        assert (back["state"], back["pid"]) == ("running", pid)


async def test_a_process_that_keeps_exiting_is_tried_again_ever_more_slowly(tmp_path: Path) -> None:
    config = "projects: {flop: {directory: ., command: 'exit 7', restart: always, autostart: false}}"
    async with sidecar(tmp_path, config) as fujita:
        waits: dict[float, int] = {}
        watched = asyncio.Event()

        def counted(status: Json) -> bool:
            watched.set()
            if status["state"] == "backoff":
                waits[status["since"]] = round(status["retry"] - status["since"])
            return len(waits) == 4

        counting = asyncio.create_task(fujita.until("flop", counted))
        await asyncio.wait_for(watched.wait(), PATIENCE)
        await fujita.post("/api/projects/flop/start")
        last = await counting
        assert list(waits.values()) == [1, 2, 4, 8]
        assert last["exit"] == {"code": 7, "signal": None}
        assert last["summary"].startswith("flop keeps exiting: next try in ")
        await fujita.post("/api/projects/flop/stop")
        await fujita.until_state("flop", "stopped")


@pytest.mark.slow
async def test_a_minute_of_running_forgives_what_failed_before(tmp_path: Path) -> None:
    (tmp_path / "script.sh").write_text("echo x >> starts; [ $(wc -l < starts) -lt 3 ] || sleep 62; exit 7")
    config = "projects: {flop: {directory: ., command: [sh, script.sh], restart: always}}"
    async with sidecar(tmp_path, config) as fujita:
        waits: dict[float, int] = {}

        def counted(status: Json) -> bool:
            if status["state"] == "backoff":
                waits[status["since"]] = round(status["retry"] - status["since"])
            return len(waits) == 3

        await fujita.until("flop", counted, patience=120)
        assert list(waits.values()) == [1, 2, 1]


async def test_starting_what_runs_and_stopping_what_is_stopped_change_nothing(tmp_path: Path) -> None:
    config = "projects: {sleeper: {directory: ., command: [sleep, '600']}}"
    async with sidecar(tmp_path, config) as fujita:
        running = await fujita.until_state("sleeper", "running")
        assert (await fujita.ask("POST", "/api/projects/sleeper/start")).code == 200
        assert (await fujita.status("sleeper"))["pid"] == running["pid"]
        assert (await fujita.ask("POST", "/api/projects/sleeper/stop")).code == 202
        await fujita.until_state("sleeper", "stopped")
        assert (await fujita.ask("POST", "/api/projects/sleeper/stop")).code == 200


async def test_a_hundred_starts_at_once_are_one(tmp_path: Path) -> None:
    config = "projects: {sleeper: {directory: ., command: [sleep, '600'], autostart: false}}"
    async with sidecar(tmp_path, config) as fujita:
        answers = await asyncio.gather(*(fujita.ask("POST", "/api/projects/sleeper/start") for _ in range(100)))
        assert sorted(answer.code for answer in answers) == [200] * 99 + [202]
        await fujita.until_state("sleeper", "running")
        assert len(psutil.Process(fujita.pid).children()) == 1


async def test_whatever_is_pressed_there_is_one_process_at_most_and_the_last_one_wins(tmp_path: Path) -> None:
    config = "projects: {sleeper: {directory: ., command: [sleep, '600']}}"
    async with sidecar(tmp_path, config) as fujita:
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, len(psutil.Process(fujita.pid).children(recursive=True)))
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        actions = ["start", "stop", "restart", "kill"]
        for round_ in range(30):
            await asyncio.gather(
                *(fujita.ask("POST", f"/api/projects/sleeper/{actions[(round_ + i) % 4]}") for i in range(10))
            )
        await fujita.post("/api/projects/sleeper/start")
        await fujita.until_state("sleeper", "running")
        watching.cancel()
        assert most == 1


@pytest.mark.parametrize("delay", [0, 0.01, 0.05, 0.1, 0.2])
async def test_a_stop_right_after_a_start_wins(tmp_path: Path, project: Copy, django_python: str, delay: float) -> None:
    async with sidecar(tmp_path, blog(project("blog"), django_python, free_port(), "    autostart: false")) as fujita:
        await fujita.post("/api/projects/blog/start")
        await asyncio.sleep(delay)
        await fujita.post("/api/projects/blog/stop")
        await fujita.until_state("blog", "stopped")
        assert psutil.Process(fujita.pid).children() == []


async def test_a_start_while_stopping_starts_when_the_end_is_over(tmp_path: Path) -> None:
    deaf = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
    config = f'projects: {{deaf: {{directory: ., command: "{deaf}", stop_timeout: 0.5}}}}'
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until_log("deaf", "deaf\n")
        first = await fujita.until_state("deaf", "running")
        stopping = await fujita.post("/api/projects/deaf/stop")
        assert stopping["state"] == "stopping"
        assert (await fujita.ask("POST", "/api/projects/deaf/start")).code == 202
        again = await fujita.until(
            "deaf", lambda status: status["state"] == "running" and status["pid"] != first["pid"]
        )
        assert again["restarts"] == 1


async def test_the_end_of_the_sidecar_is_the_end_of_every_tree(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    port = free_port()
    async with sidecar(tmp_path, blog(project("blog"), django_python, port)) as fujita:
        tree = tree_of((await fujita.until_state("blog", "running"))["pid"])
        assert await fujita.end() == 0
        assert living(tree) == []
        assert can_bind(port)


async def test_a_sidecar_that_was_killed_leaves_orphans_which_the_next_one_ends(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    port = free_port()
    config = blog(project("blog"), django_python, port)
    orphans: list[psutil.Process] = []
    for _ in range(3):
        async with sidecar(tmp_path, config) as fujita:
            running = await fujita.until_state("blog", "running")
            assert living(orphans) == []
            orphans = tree_of(running["pid"])
            await fujita.end(signal.SIGKILL)
            assert len(living(orphans)) == 2
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until_state("blog", "running")
        assert living(orphans) == []


async def test_a_second_sidecar_on_the_same_config_says_who_serves_it(tmp_path: Path) -> None:
    config = "projects: {sleeper: {directory: ., command: [sleep, '600']}}"
    async with sidecar(tmp_path, config) as fujita:
        running = await fujita.until_state("sleeper", "running")
        second = await serve_in_vain(tmp_path, fujita.config)
        assert f"is already served by fujita (pid {fujita.pid})" in second
        assert (await fujita.status("sleeper"))["pid"] == running["pid"]


async def test_a_console_port_in_use_is_named_with_its_holder(tmp_path: Path) -> None:
    config = "projects: {sleeper: {directory: ., command: [sleep, '600']}}"
    async with sidecar(tmp_path, config) as fujita:
        other = tmp_path / "other.yml"
        other.write_text(fujita.config.read_text())
        assert f"port {fujita.port} is in use" in await serve_in_vain(tmp_path, other)


async def serve_in_vain(folder: Path, config: Path) -> str:
    """What a `fujita serve` that can't serve says; it exits with 1 at once."""
    import sys

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "fujita", "serve", "--config", str(config), stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "RUNTIME_DIRECTORY": str(folder / ".run")},
    )  # fmt: skip
    _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 1
    return said.decode()


async def test_typed_text_reaches_pdb_and_its_question_is_seen(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    port = free_port()
    async with sidecar(tmp_path, blog(project("blog"), django_python, port)) as fujita:
        await fujita.until_state("blog", "running")
        answer = asyncio.create_task(fetch(port, "/pdb/"))
        asks = await fujita.until("blog", lambda status: status["prompt"])
        assert asks["prompt"] == "(Pdb) "
        assert asks["summary"] == "Django waits for an answer"
        assert (await fujita.ask("POST", "/api/projects/blog/input", {"text": "p number + 1\n"})).code == 204
        await fujita.until_log("blog", "43\n")
        await fujita.ask("POST", "/api/projects/blog/input", {"text": "c\n"})
        assert await asyncio.wait_for(answer, PATIENCE) == "42"


async def test_a_command_runs_beside_the_server_and_says_how_it_ended(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    config = blog(
        project("blog"), django_python, free_port(), "    commands: {migrate: migrate, sleep: [sleep, '600']}"
    )
    async with sidecar(tmp_path, config) as fujita:
        running = await fujita.until("blog", lambda status: status["state"] == "running" and status["migrations"])
        assert running["help"]["command"] == "migrate"
        run = (await fujita.post("/api/projects/blog/run", {"command": "migrate"}))["run"]
        records = await fujita.until_log("blog", "migrate: ended with code 0")
        assert any(
            "Applying polls.0001_initial... OK" in record["text"] for record in records if record.get("run") == run
        )
        assert (records[-1]["run"], records[-1]["code"]) == (run, 0)
        await fujita.post("/api/projects/blog/run", {"command": "sleep"})
        busy = await fujita.ask("POST", "/api/projects/blog/run", {"command": "migrate"})
        assert busy.code == 409
        await fujita.post("/api/projects/blog/run/stop")
        await fujita.until_log("blog", "sleep: was ended by SIGTERM")


async def test_a_reload_leaves_the_same_alone_and_follows_every_difference(tmp_path: Path) -> None:
    def sleeper(name: str, seconds: int) -> str:
        return f"  {name}: {{directory: ., command: [sleep, '{seconds}']}}\n"

    async with sidecar(
        tmp_path, "projects:\n" + sleeper("same", 600) + sleeper("changed", 600) + sleeper("gone", 600)
    ) as fujita:
        before = {name: (await fujita.until_state(name, "running"))["pid"] for name in ("same", "changed", "gone")}
        fujita.write_config("projects:\n" + sleeper("same", 600) + sleeper("changed", 601) + sleeper("added", 600))
        assert (await fujita.ask("POST", "/api/reload")).code == 200
        assert (await fujita.until_state("same", "running"))["pid"] == before["same"]
        assert (await fujita.until_state("changed", "running"))["pid"] != before["changed"]
        await fujita.until_state("added", "running")
        assert (await fujita.ask("GET", "/api/projects/gone")).code == 404
        assert not psutil.pid_exists(before["gone"])
        assert (await fujita.log("changed")).count("was started") == 2  # its log goes on


async def test_a_bad_config_changes_nothing_is_shown_and_heals_when_it_is_mended(tmp_path: Path) -> None:
    good = "projects: {sleeper: {directory: ., command: [sleep, '600']}}"
    async with sidecar(tmp_path, good) as fujita:
        pid = (await fujita.until_state("sleeper", "running"))["pid"]
        fujita.write_config("projects: {sleeper: {directroy: .}}")
        refused = await fujita.ask("POST", "/api/reload")
        assert refused.code == 422
        assert "fujita.yml:3:" in refused.body.decode()
        assert "fujita.yml:3:" in (await fujita.get("/api/projects"))["config"]["error"]
        assert (await fujita.status("sleeper"))["pid"] == pid
        fujita.write_config(good)
        async with fujita.stream("/api/status/stream") as told:
            async for one in told:
                if one.get("config") and one["config"]["error"] is None:
                    break
        assert (await fujita.status("sleeper"))["pid"] == pid


async def test_a_config_that_comes_later_is_taken_when_it_is_there(tmp_path: Path) -> None:
    async with sidecar(tmp_path, "") as fujita:
        told = await fujita.get("/api/projects")
        assert told["projects"] == []
        assert told["config"]["error"] == f"Waiting for {fujita.config}"
        fujita.write_config("projects: {sleeper: {directory: ., command: [sleep, '600']}}")
        deadline = time.monotonic() + PATIENCE
        while not (await fujita.get("/api/projects"))["projects"]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        await fujita.until_state("sleeper", "running")
