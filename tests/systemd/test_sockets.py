"""Sockets passed by systemd's own systemd-socket-activate, and by hand where it does not pass such things."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fujita.systemd import Passed, passed
from fujita.systemd.sockets import STORED
from tests.sidecar import free_port

TELL = """
import json, os
from fujita.systemd import PassedSocketError, passed
try:
    told = [
        [one.family.name, one.getsockname()[1], one.get_inheritable(), one.getblocking()]
        for one in passed().sockets
    ]
except PassedSocketError as error:
    told = str(error)
print(json.dumps([told, [name for name in os.environ if name.startswith("LISTEN_")]]))
"""


def told_by(passed: socket.socket, **variables: str) -> tuple[list[list[object]] | str, list[str]]:
    """What a new process makes of `passed` as its descriptor 3."""
    os.set_inheritable(passed.fileno(), True)
    script = f'exec 3<&{passed.fileno()}; LISTEN_PID=$$ exec "$0" -c "$1"'
    output = subprocess.run(
        ["bash", "-c", script, sys.executable, TELL],
        env={**os.environ, "LISTEN_FDS": "1", **variables},
        pass_fds=[passed.fileno()],
        stdout=subprocess.PIPE,
        timeout=30,
        check=True,
    ).stdout
    told, left = json.loads(output)
    return told, left


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="Debian's systemd is not installed")
def test_systemd_passes_all_its_sockets() -> None:
    four, six = free_port(), free_port()
    activate = subprocess.Popen(
        ["systemd-socket-activate", f"-l127.0.0.1:{four}", f"-l[::1]:{six}", sys.executable, "-c", TELL],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert activate.stderr and activate.stdout
    for _ in range(2):
        assert b"Listening on" in activate.stderr.readline()
    socket.create_connection(("127.0.0.1", four), 5).close()
    output, _ = activate.communicate(timeout=30)
    assert json.loads(output) == [[["AF_INET", four, False, False], ["AF_INET6", six, False, False]], []]


def test_what_an_earlier_sidecar_stored_is_no_socket_to_listen_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told, _ = told_by(server, LISTEN_FDNAMES=f"{STORED}4f3a-stdout")
    assert told == []


def test_a_passed_socket_is_taken_once_and_not_inherited() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told, left = told_by(server)
        assert told == [["AF_INET", server.getsockname()[1], False, False]]
        assert left == []


def test_a_unix_socket_is_refused_in_words(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        told, _ = told_by(server, LISTEN_FDNAMES="mine.socket")
    assert told == (
        "systemd passed descriptor 3 (mine.socket), which is no TCP socket: write ListenStream=0.0.0.0:9000"
    )


def test_a_datagram_socket_is_refused_in_words() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        assert "no TCP socket" in told_by(server)[0]


def test_a_connection_is_refused_in_words() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert "does not listen: remove Accept=yes" in told_by(client)[0]


def test_a_descriptor_that_is_no_socket_is_refused_in_words() -> None:
    script = 'exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -c "$1"'
    output = subprocess.run(
        ["bash", "-c", script, sys.executable, TELL], stdout=subprocess.PIPE, timeout=30, check=True
    ).stdout
    assert "no socket" in json.loads(output)[0]


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "all", "LISTEN_PID": str(os.getpid())},
        {"LISTEN_FDS": "0", "LISTEN_PID": str(os.getpid())},
    ],
)
def test_sockets_for_somebody_else_are_not_ours(variables: dict[str, str]) -> None:
    environ = {**variables, "LISTEN_FDNAMES": "fujita.socket"}
    assert passed(environ) == Passed([], {})
    assert environ == {}
