"""`fujita run`: as if the command ran here: its output, its exit code, ^C."""

from __future__ import annotations

import asyncio

from tests.cli.command import fujita, started, terminal
from tests.sidecar import PATIENCE, Fujita


async def test_its_output_its_streams_and_its_code(running: Fujita) -> None:
    done = await fujita("run", "counter", "three", at=running)
    assert done.status == 3
    assert done.out == "one\nthree\n"
    assert done.err.startswith("two\nfujita: three: ended with code 3 after ")


async def test_success_says_nothing_of_its_own(running: Fujita) -> None:
    done = await fujita("run", "counter", "fine", at=running)
    assert (done.status, done.out, done.err) == (0, "fine\n", "")


async def test_a_run_that_was_killed_has_a_shells_status(running: Fujita) -> None:
    done = await fujita("run", "counter", "killed", at=running)
    assert done.status == 137 and "SIGKILL" in done.err


async def test_it_runs_beside_a_stopped_server(running: Fujita) -> None:
    await fujita("stop", "counter", at=running)
    assert (await fujita("run", "counter", "fine", at=running)).out == "fine\n"


async def test_the_others_output_is_not_its_own(running: Fujita) -> None:
    async with started("run", "counter", "long", at=running) as process:
        assert process.stdout
        assert await process.stdout.readline() == b"begun\n"
        await fujita("input", "counter", "not mine", at=running)
        await running.until_log("counter", "read not mine\n")
        await running.post("/api/projects/counter/run/stop")
        assert await process.stdout.read() == b""


async def test_an_interrupt_ends_the_run(running: Fujita) -> None:
    async with terminal("run", "counter", "long", at=running) as shown:
        await shown.until("begun")
        shown.type("\x03")
        assert await shown.ended() == 130
        assert "Traceback" not in shown.shown
    assert (await running.status("counter"))["run"] is None
    assert "long: was ended by SIGTERM" in await running.log("counter")


async def test_two_at_once_are_refused(running: Fujita) -> None:
    async with started("run", "counter", "long", at=running) as process:
        assert process.stdout
        await process.stdout.readline()
        done = await fujita("run", "counter", "fine", at=running)
        assert done.status == 1
        assert done.err == "fujita: long still runs: wait until it has ended, or stop it\n"


async def test_without_a_name_it_lists_them(running: Fujita) -> None:
    assert (await fujita("run", "counter", at=running)).out == "three\nfine\nkilled\nlong\n"
    done = await fujita("run", "quiet", at=running)
    assert (done.status, done.err) == (1, "fujita: quiet has no commands: add some below `commands` in fujita.yml\n")


async def test_an_unknown_command(running: Fujita) -> None:
    done = await fujita("run", "counter", "fly", at=running)
    assert (done.status, done.out) == (1, "")
    assert done.err == "fujita: there is no command 'fly': there is three, fine, killed, long\n"


async def test_the_end_of_the_sidecar_is_the_end_of_the_run(running: Fujita) -> None:
    async with started("run", "counter", "long", at=running) as process:
        assert process.stdout and process.stderr
        await process.stdout.readline()
        await running.end()
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode in (1, 143), "lost, or the last thing that was heard of it"
        assert said.decode().splitlines()[-1].startswith("fujita: long ")
