"""`start`, `stop`, `restart`, `kill`, `input`, `reload`: they wait for what comes of it, and say it."""

from __future__ import annotations

import pytest

from tests.cli.command import fujita
from tests.sidecar import Fujita


async def test_each_action_returns_when_it_has_happened(running: Fujita) -> None:
    for action, state in (("stop", "stopped"), ("start", "running"), ("restart", "running"), ("kill", "stopped")):
        done = await fujita(action, "counter", at=running)
        assert (done.status, done.err) == (0, "")
        assert (await running.status("counter"))["state"] == state
        assert done.out == f"The counter is {state}\n"


async def test_what_is_done_already_is_done(running: Fujita) -> None:
    before = await running.status("counter")
    assert (await fujita("start", "counter", at=running)).status == 0
    assert (await running.status("counter"))["pid"] == before["pid"]


async def test_a_start_that_fails_says_why(running: Fujita) -> None:
    done = await fujita("start", "counter", "bad", at=running)
    assert done.status == 1
    assert done.out == "The counter is running\n"
    assert done.err == "fujita: bad exited with code 7: press Start to run it again\n"


async def test_an_unknown_project_is_named_with_those_that_are(running: Fujita) -> None:
    done = await fujita("restart", "blag", at=running)
    assert (done.status, done.err) == (1, "fujita: there is no project blag: there is counter, quiet, bad\n")


@pytest.mark.parametrize("name", ["../../healthz", "a/b", "ü", "", " "])
async def test_no_name_is_too_strange(running: Fujita, name: str) -> None:
    done = await fujita("stop", name, at=running)
    assert done.status in (1, 69) and done.err.count("\n") == 1


async def test_a_typed_line_arrives(running: Fujita) -> None:
    assert (await fujita("input", "counter", "next", "one", at=running)).status == 0
    await running.until_log("counter", "read next one\n")


async def test_nothing_reads_what_is_typed_for_a_stopped_project(running: Fujita) -> None:
    done = await fujita("input", "bad", "n", at=running)
    assert (done.status, done.err) == (1, "fujita: bad does not run: nothing reads what you type\n")


async def test_a_reload_says_what_changed_or_what_is_wrong(running: Fujita) -> None:
    assert (await fujita("reload", at=running)).out == "nothing changed\n"
    text = running.config.read_text()
    running.config.write_text(text.replace("The counter", "Counter").replace("  bad:", "  worse:"))
    assert (await fujita("reload", at=running)).out.splitlines() == [
        "worse was added",
        "counter was changed",
        "bad was removed",
    ]
    running.config.write_text(text.replace("stop_timeout: 1", "stop_timeout: soon"))
    done = await fujita("reload", at=running)
    assert done.status == 1 and done.out == ""
    assert done.err.count("stop_timeout") == 2, "both mistakes"
