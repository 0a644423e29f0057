"""Reloads: however often and whenever they are asked for, what is the same goes on and what differs is followed."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path

from tests.abuse.machine import Systemd
from tests.abuse.wire import STREAMS, Wire, alive, handshake, living, python, request, tell, until
from tests.sidecar import Fujita, free_port, sidecar

DEAF = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


async def test_a_reload_asked_for_during_a_reload_comes_after_it_and_ends_nothing_half_way(tmp_path: Path) -> None:
    def config(number: int) -> str:
        return (
            f'projects:\n  slow: {{directory: ., command: "{DEAF}", stop_timeout: 10, environment: {{N: {number}}}}}\n'
            f"  quick: {{directory: ., command: [sleep, '{600 + number}']}}\n"
        )

    async with sidecar(tmp_path, config(0)) as fujita, alive(fujita):
        await fujita.until_log("slow", "ready")
        before = [(await fujita.until_state(name, "running"))["pid"] for name in ("slow", "quick")]
        fujita.write_config(config(1))
        fujita.reload_by_signal()
        await fujita.until_state("quick", "stopped")
        assert (await fujita.status("slow"))["state"] == "stopping"
        fujita.reload_by_signal()
        for name in ("slow", "quick"):
            await fujita.until_state(name, "running")
        assert living(before) == []


MANY = """
projects:
  steady: {{directory: ., command: [sleep, '600']}}
  crashing: {{directory: ., command: 'sleep 0.05; exit 3', restart: always}}
  changing: {{directory: ., command: [sleep, '{number}'], commands: {{hello: [sleep, '0.1']}}}}
  pressed: {{directory: ., command: [sleep, '600'], stop_timeout: 1}}
  waiting: {{directory: nowhere, command: [sleep, '600']}}
"""


async def test_reloads_while_everything_happens_end_each_and_leave_the_same_alone(tmp_path: Path) -> None:
    systemd, chance = Systemd(tmp_path / "notify"), random.Random(78)
    async with sidecar(tmp_path, MANY.format(number=600), environment=systemd.environment()) as fujita, alive(fujita):
        before = await fujita.until_state("steady", "running")

        async def press() -> None:
            while True:
                action = chance.choice(("start", "stop", "restart", "kill"))
                await fujita.post(f"/api/projects/pressed/{action}")
                await fujita.ask("POST", "/api/projects/changing/run", {"command": "hello"})
                await asyncio.sleep(chance.random() / 20)

        pressing = asyncio.create_task(press())
        for number in range(40):
            fujita.write_config(MANY.format(number=601 + number // 10))
            for _ in range(chance.randint(1, 5)):
                fujita.reload_by_signal()
            await asyncio.sleep(chance.random() / 10)
        pressing.cancel()
        await asyncio.wait({pressing})
        await fujita.post("/api/reload")
        await fujita.post("/api/projects/pressed/start")
        for name in ("changing", "pressed"):
            await fujita.until_state(name, "running")
        assert "sleep\x00604" in Path(f"/proc/{(await fujita.status('changing'))['pid']}/cmdline").read_text()
        after = await fujita.status("steady")
        assert (after["pid"], after["epoch"]) == (before["pid"], before["epoch"])
        await until(lambda: reload_words(systemd)[-1:] == ["READY=1"], "the last reload did not end")
        words = reload_words(systemd)
        assert words[0] == "READY=1"
        assert len(words) > 3
        assert words[1:] == ["RELOADING=1", "READY=1"] * (len(words) // 2)
    systemd.close()


def reload_words(systemd: Systemd) -> list[str]:
    firsts = [message.split("\n")[0] for _, message in systemd.heard]
    return [first for first in firsts if first in ("RELOADING=1", "READY=1")]


async def test_a_project_that_gets_another_name_gives_its_port_up_first(tmp_path: Path) -> None:
    port = free_port()
    server = python(
        "import socket, signal; s = socket.socket(); s.setsockopt(1, 2, 1)\n"
        f"s.bind(('127.0.0.1', {port})); s.listen(); signal.pause()"
    )

    def named(name: str) -> str:
        return f"projects: {{{name}: {{directory: ., command: {server}, address: '127.0.0.1:{port}'}}}}"

    async with sidecar(tmp_path, named("old")) as fujita:
        before = (await fujita.until_state("old", "running"))["pid"]
        fujita.write_config(named("new"))
        assert (await fujita.post("/api/reload"))["changes"] == ["new was added", "old was removed"]
        after = await fujita.until_state("new", "running")
        assert after["pid"] != before
        assert living([before]) == []
        assert "in use" not in await fujita.log("new")
        assert (await fujita.ask("GET", "/api/projects/old")).code == 404


def with_token(token: str, port: int) -> str:
    return (
        f"console: {{listen: '127.0.0.1:{port}', token: {token}}}\n"
        "projects: {one: {directory: ., command: [sleep, '600']}}\n"
    )


async def signed_in(fujita: Fujita, token: str) -> str:
    form = "Content-Type: application/x-www-form-urlencoded"
    answer = await tell(fujita, request("POST", "/sign-in", form, body=f"token={token}".encode()))
    return "Cookie: " + answer.headers["set-cookie"].split(";")[0]


async def test_another_token_shuts_everybody_out_who_came_in_by_the_old_one(tmp_path: Path) -> None:
    async with sidecar(tmp_path, "projects: {one: {directory: ., command: [sleep, '600']}}") as fujita:
        fujita.config.write_text(with_token("first", fujita.port))
        await fujita.post("/api/reload")
        cookie = await signed_in(fujita, "first")
        clients = [Wire(*await asyncio.open_connection("127.0.0.1", fujita.port)) for _ in STREAMS]
        for client, path in zip(clients, STREAMS, strict=True):
            await client.say(handshake(path, cookie))
            assert (await client.answer()).status == 101
        fujita.config.write_text(with_token("second", fujita.port))
        asked = request("POST", "/api/reload", cookie, body=b"")
        assert (await tell(fujita, asked)).status == 200
        for client in clients:
            assert await client.close_code() == 1001
            client.hang_up()
        assert (await tell(fujita, asked)).status == 401
        assert (await tell(fujita, request("GET", "/api/projects", "Authorization: Bearer first"))).status == 401
        asked = request("GET", "/api/projects", await signed_in(fujita, "second"))
        assert (await tell(fujita, asked)).status == 200


async def test_another_port_for_the_console_is_said_to_take_a_restart(tmp_path: Path) -> None:
    async with sidecar(tmp_path, "projects: {one: {directory: ., command: [sleep, '600']}}") as fujita:
        other = free_port()
        old = fujita.config.read_text()
        fujita.config.write_text(re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{other}", old))
        said = f"console.listen is 127.0.0.1:{other} now: restart Fujita for it"
        for _ in range(2):
            assert (await fujita.post("/api/reload"))["changes"] == [said]
        fujita.reload_by_signal()
        await until(lambda: said in "".join(fujita.stderr), "a reload by a signal did not say it")
        fujita.config.write_text(old)
        assert (await fujita.post("/api/reload"))["changes"] == []
