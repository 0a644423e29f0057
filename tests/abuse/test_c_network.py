"""A network that swallows everything: a client that vanished without a word costs nothing for long."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.abuse.machine import inside, needs_root
from tests.abuse.wire import PING, PONG, SLEEPER, STREAMS, Wire, frame, handshake, until
from tests.sidecar import sidecar

GONE_WITHIN = 60
"""Seconds from the last packet to the end of the connection."""


@needs_root
@pytest.mark.slow
async def test_who_vanishes_without_a_word_is_let_go_and_who_answers_stays(tmp_path: Path) -> None:
    await inside("--net", with_a_network_of_its_own, tmp_path)


async def with_a_network_of_its_own(folder: Path) -> None:
    run("ip", "link", "set", "lo", "up")
    async with sidecar(folder, SLEEPER) as fujita:
        await fujita.until_state("one", "running")
        before = psutil.Process(fujita.pid).num_fds()
        clients = [Wire(*await asyncio.open_connection("127.0.0.1", fujita.port)) for _ in STREAMS * 5]
        for client, path in zip(clients, STREAMS * 5, strict=True):
            await client.say(handshake(path))
            assert (await client.answer()).status == 101
        answering = [asyncio.create_task(answer_pings(client)) for client in clients]
        for client in clients[1:]:
            port = str(client.writer.get_extra_info("sockname")[1])
            run("iptables", "-A", "INPUT", "-p", "tcp", "--dport", port, "-j", "DROP")
            run("iptables", "-A", "INPUT", "-p", "tcp", "--sport", port, "-j", "DROP")
        await until(lambda: psutil.Process(fujita.pid).num_fds() <= before + 1, "they are still there", GONE_WITHIN)
        assert not answering[0].done()
        for task in answering:
            task.cancel()
        await asyncio.gather(*answering, return_exceptions=True)


async def answer_pings(client: Wire) -> None:
    while True:
        opcode, payload = await client.frame(10 * GONE_WITHIN)
        if opcode == PING:
            await client.say(frame(PONG, payload))


def run(*command: str) -> None:
    subprocess.run(command, check=True)
