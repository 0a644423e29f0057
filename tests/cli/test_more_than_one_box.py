"""The page *More than one box*: its commands, with a real systemd-journal-upload and a real systemd-journal-remote."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fujita.systemd import Journal
from tests.sidecar import PATIENCE, ROOT, free_port

PAGE = (ROOT / "docs/more-than-one-box.md").read_text()
PLACES = {"port": "19532", "host": "collector", "folder": "/var/log/journal/remote"}
REMOTE = "/lib/systemd/systemd-journal-remote"

pytestmark = pytest.mark.skipif(
    not Path(REMOTE).exists() or not shutil.which("journalctl"), reason="Debian's systemd-journal-remote is not here"
)


def command(program: str, **instead: str) -> list[str]:
    """The page's command with `program`, its places replaced by those of the test."""
    line = next(line for line in PAGE.splitlines() if re.match(rf"\S*{program} --", line))
    for place, other in instead.items():
        assert PLACES[place] in line
        line = line.replace(PLACES[place], other)
    return shlex.split(line)


def journal_of_a_box(path: Path, folder: Path) -> None:
    """What Fujita sends to the journal, as a box's journald would keep it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journald:
        journald.bind(str(folder / "socket"))
        journal = Journal(str(folder / "socket"))
        journal.send("blog", "stdout", "Watching for file changes\n", 1)
        journal.send("shop", "stderr", "Not Found: /\n", 2)
        journal.close()
        entries = [journald.recv(65536) for _ in range(2)]
    kept = b""
    for number, entry in enumerate(entries):
        now = time.time_ns() // 1000 + number
        kept += f"__REALTIME_TIMESTAMP={now}\n__MONOTONIC_TIMESTAMP={number + 1}\n".encode()
        kept += b"_BOOT_ID=%s\n_MACHINE_ID=%s\n_HOSTNAME=box-1\n" % (b"1" * 32, b"2" * 32) + entry + b"\n"
    assert struct.pack("<Q", 25) in kept, "systemd's export format and its native protocol write fields alike"
    subprocess.run([REMOTE, f"--output={path}", "-"], input=kept, check=True, capture_output=True)


@contextmanager
def running(*command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_two_programs_of_systemd_bring_all_boxes_into_one_journal(tmp_path: Path) -> None:
    box, collected = tmp_path / "box", tmp_path / "collected"
    box.mkdir()
    collected.mkdir()
    journal_of_a_box(box / "box.journal", tmp_path)
    port = str(free_port())
    upload = command("systemd-journal-upload", host="127.0.0.1")
    upload = [part.replace("19532", port) for part in upload]
    with running(*command("systemd-journal-remote", port=port, folder=str(collected))):
        wait_for_port(int(port))
        with running(*upload, f"--directory={box}", f"--save-state={tmp_path / 'state'}"):
            entries = wait_for_entries(command("journalctl", folder=str(collected)))
    assert [(one["FUJITA_PROJECT"], one["FUJITA_STREAM"], one["MESSAGE"], one["_HOSTNAME"]) for one in entries] == [
        ("blog", "stdout", "Watching for file changes", "box-1")
    ]


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def wait_for_entries(journalctl: list[str]) -> list[dict[str, str]]:
    deadline = time.monotonic() + PATIENCE
    while True:
        said = subprocess.run([*journalctl, "-o", "json"], capture_output=True, text=True, check=False).stdout
        if entries := [json.loads(line) for line in said.splitlines()]:
            return entries
        assert time.monotonic() < deadline
        time.sleep(0.1)
