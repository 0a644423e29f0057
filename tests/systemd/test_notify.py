"""What systemd hears, at a real socket of its kind."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fujita.systemd import Notifier


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def heard(systemd: socket.socket) -> list[str]:
    return systemd.recv(65536).decode().split("\n")


def test_every_change_is_said(systemd: socket.socket) -> None:
    notifier = Notifier()
    assert notifier.active
    notifier.ready("2 of 3 running")
    assert heard(systemd) == ["READY=1", "STATUS=2 of 3 running"]
    notifier.status("Bücher läuft 🐍")
    assert heard(systemd) == ["STATUS=Bücher läuft 🐍"]
    notifier.watchdog()
    assert heard(systemd) == ["WATCHDOG=1"]
    notifier.stopping()
    assert heard(systemd) == ["STOPPING=1"]


def test_what_is_stored_goes_with_its_name_and_is_not_polled(systemd: socket.socket) -> None:
    reading, writing = os.pipe()
    Notifier().store("fujita-kept-1-stdout", reading)
    message, (given,), _, _ = socket.recv_fds(systemd, 4096, 8)
    assert message.decode().split("\n") == ["FDSTORE=1", "FDNAME=fujita-kept-1-stdout", "FDPOLL=0"]
    os.write(writing, b"the same pipe")
    assert os.read(given, 100) == b"the same pipe"
    for fd in (reading, writing, given):
        os.close(fd)


def test_a_long_stop_asks_for_its_time(systemd: socket.socket) -> None:
    Notifier().stopping(within=120.5)
    assert heard(systemd) == ["STOPPING=1", "EXTEND_TIMEOUT_USEC=120500000"]


def test_a_reload_says_when_it_began(systemd: socket.socket) -> None:
    before = time.monotonic_ns() // 1000
    Notifier().reloading()
    word, moment = heard(systemd)
    assert word == "RELOADING=1"
    assert before <= int(moment.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_a_status_cannot_say_anything_else(systemd: socket.socket) -> None:
    Notifier().status("blog\nMAINPID=1\r\x85\u2028READY=1")
    assert heard(systemd) == ["STATUS=blog MAINPID=1   READY=1"]


def test_children_cannot_speak_for_the_sidecar(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    notifier = Notifier()
    assert notifier.watchdog_interval == 10
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "-5"},
        {"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "1"},
    ],
)
def test_a_watchdog_that_is_not_for_us_is_none(variables: dict[str, str]) -> None:
    assert Notifier(variables).watchdog_interval is None


@pytest.mark.parametrize("address", [None, "/nowhere/notify", "vsock:2:1234", "@nobody-listens"])
def test_without_systemd_nothing_happens(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notifier = Notifier()
    assert not notifier.active
    notifier.ready("")
    notifier.stopping()


def test_a_systemd_that_does_not_read_holds_up_nobody_and_hears_of_the_start_later(
    systemd: socket.socket,
) -> None:
    notifier = Notifier()
    for _ in range(1000):
        notifier.watchdog()
    notifier.ready("1 of 1 running")  # and not only when there is room
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            assert heard(systemd) == ["WATCHDOG=1"]
    notifier.watchdog()
    assert heard(systemd) == ["READY=1", "STATUS=1 of 1 running"]
    assert heard(systemd) == ["WATCHDOG=1"]


def test_systemd_going_away_harms_nobody(systemd: socket.socket) -> None:
    notifier = Notifier()
    systemd.close()
    notifier.ready("running")
    notifier.watchdog()
