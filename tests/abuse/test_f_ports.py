"""Ports that are taken: it is said by whom, nobody is pushed away, and a free one is used without being asked."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from tests.abuse.wire import living, python
from tests.sidecar import free_port, sidecar

Copy = Callable[..., Path]


async def test_a_port_that_another_project_holds_is_named_with_it_and_taken_when_it_is_free(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    port = free_port()
    holder = python(
        "import os, socket, signal; s = socket.socket(); s.setsockopt(1, 2, 1)\n"
        f"s.bind(('127.0.0.1', {port})); s.listen(); signal.pause()"
    )
    config = f"""
projects:
  holder: {{directory: ., command: {holder}}}
  blog: {{directory: {project("blog")}, python: {django_python}, address: '127.0.0.1:{port}', autostart: false}}
"""
    async with sidecar(tmp_path, config) as fujita:
        pid = (await fujita.until_state("holder", "running"))["pid"]
        await fujita.post("/api/projects/blog/start")
        exited = await fujita.until_state("blog", "exited")
        assert f"port {port} is in use by" in exited["summary"]
        assert str(pid) in exited["summary"] or "holder" in exited["summary"]
        assert living([pid]) == [pid]
        await fujita.post("/api/projects/holder/stop")
        await fujita.until_state("blog", "running")


async def test_a_port_that_is_taken_on_ipv6_only_stops_nobody(
    tmp_path: Path, project: Copy, django_python: str
) -> None:
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        port = free_port()
        other.bind(("::1", port))
        other.listen()
        config = (
            f"projects: {{blog: {{directory: {project('blog')}, python: {django_python}, "
            f"address: '127.0.0.1:{port}', restart: never}}}}"
        )
        async with sidecar(tmp_path, config) as fujita:
            running = await fujita.until_state("blog", "running")
            assert running["pid"] != os.getpid()
