"""`fujita status`: a table for people, JSON for programs, both at once when asked and again at every change."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from tests.cli.command import environment, fujita, started, terminal
from tests.sidecar import PATIENCE, ROOT, Fujita


async def test_the_table_has_a_line_for_each_project(running: Fujita) -> None:
    done = await fujita("status", at=running)
    lines = done.out.splitlines()
    assert done.status == 0 and done.err == ""
    assert lines[0].split() == ["PROJECT", "STATE", "FOR", "ADDRESS", "SUMMARY"]
    assert [line.split()[:2] for line in lines[1:]] == [
        ["counter", "running"],
        ["quiet", "running"],
        ["bad", "stopped"],
    ]
    assert lines[1].endswith("The counter is running")
    assert "\x1b" not in done.out


async def test_json_is_what_the_api_says(running: Fujita) -> None:
    all_of_them = json.loads((await fujita("status", "--json", at=running)).out)
    assert [one["project"] for one in all_of_them["projects"]] == ["counter", "quiet", "bad"]
    one = json.loads((await fujita("status", "quiet", "--json", at=running)).out)
    assert one["summary"] == "quiet is running"
    assert (await fujita("status", "--names", at=running)).out == "counter\nquiet\nbad\n"


async def test_one_project_says_what_is_wrong_with_it(running: Fujita) -> None:
    await fujita("start", "bad", at=running)
    done = await fujita("status", "bad", at=running)
    assert "bad exited with code 7" in done.out and "counter" not in done.out


async def test_a_mistake_in_the_config_is_said_on_stderr(running: Fujita) -> None:
    running.config.write_text(running.config.read_text() + "  third: {}\n")
    reloaded = await fujita("reload", at=running)
    assert reloaded.status == 1
    assert "projects.third.directory" in reloaded.err or "projects.third" in reloaded.err
    done = await fujita("status", at=running)
    assert done.status == 0 and "counter" in done.out and "projects.third" in done.err


async def test_watching_prints_every_change_into_a_pipe(running: Fujita) -> None:
    async with started("status", "-w", "quiet", at=running) as process:
        assert process.stdout
        assert (await asyncio.wait_for(process.stdout.readline(), PATIENCE)).split()[:2] == [b"quiet", b"running"]
        await running.post("/api/projects/quiet/stop")
        seen = b""
        while b"stopped" not in seen:
            seen = await asyncio.wait_for(process.stdout.readline(), PATIENCE)


async def test_watching_draws_the_table_anew_on_a_terminal(running: Fujita) -> None:
    async with terminal("status", "-w", at=running) as shown:
        place = len(await shown.until("quiet"))
        await running.post("/api/projects/quiet/stop")
        anew = "\x1b[4F\x1b[J"  # over three projects and the headings
        place = (await shown.until(anew, place)).index(anew, place)
        await shown.until("quiet    \x1b[2mstopped", place)
        shown.type("\x03")
        assert await shown.ended() == 130
    assert "Traceback" not in shown.shown


async def test_titles_do_nothing_to_a_terminal(running: Fujita) -> None:
    running.write_config(
        "projects:\n  evil:\n    title: \"a\\u202Ezy\"\n    directory: .\n    command: [sleep, '99']\n"
    )
    await running.post("/api/reload")
    async with terminal("status", at=running) as shown:
        await shown.until("<U+202E>zy")
        assert "‮" not in shown.shown


def test_a_call_of_the_api_starts_fast() -> None:
    """Nothing that only the sidecar needs is imported."""
    commands = "import sys, yaml, fujita.cli.status, fujita.cli.actions, fujita.cli.logs"
    done = subprocess.run(
        [sys.executable, "-c", f"{commands}; print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=True,
    )
    heavy = {"asyncio", "tornado", "pydantic", "psutil"}
    assert not heavy & set(done.stdout.split())


async def test_the_sidecar_is_found_by_its_config(running: Fujita, tmp_path: Path) -> None:
    text = running.config.read_text()
    running.config.write_text(text.replace("127.0.0.1", "0.0.0.0"))
    assert (await fujita("status", cwd=tmp_path)).status == 0, "./fujita.yml"
    assert (await fujita("status", "--config", str(running.config))).status == 0
    assert (await fujita("status", FUJITA_CONFIG=str(running.config))).status == 0
    assert (await fujita("status", cwd=tmp_path, FUJITA_URL="")).status == 0, "empty is as good as unset"
    assert (await fujita("status", "--url", running.url)).status == 0
    assert (await fujita("status", "--url", f"localhost:{running.port}")).status == 0
