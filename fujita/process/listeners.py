"""Which process listens on which TCP port: /proc/net/tcp* for the sockets, /proc/PID/fd for their holders (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from fujita import words

LISTEN = "0A"  # TCP_LISTEN in the kernel's include/net/tcp_states.h


@dataclass(frozen=True, slots=True)
class Holder:
    """Who listens on a port; None where we may not see. `project` is its name where Fujita started it."""

    pid: int | None = None
    name: str | None = None
    project: str | None = None


def listening_sockets(port: int | None = None) -> dict[str, int]:
    """The listening TCP sockets of this machine, inode → port; those on `port` only, if it is given."""
    found = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == LISTEN:
                number = int(fields[1].rpartition(":")[2], 16)
                if port in (None, number):
                    found[fields[9]] = number
    return found


def server_among(pids: Iterable[int], port: int | None) -> tuple[int, int] | None:
    """(pid, port) of the one among `pids` that listens on `port`, or on any port if that is None."""
    sockets = listening_sockets(port)
    if sockets:
        for pid in pids:
            for inode in sockets_of(pid):
                if inode in sockets:
                    return pid, sockets[inode]
    return None


def sockets_of(pid: int) -> list[str]:
    """The inodes of the sockets that `pid` holds."""
    folder = f"/proc/{pid}/fd"
    found = []
    try:
        for fd in os.listdir(folder):  # noqa: PTH208 - names, many, often
            target = os.readlink(f"{folder}/{fd}")  # noqa: PTH115
            if target.startswith("socket:["):
                found.append(target[8:-1])
    except OSError:
        pass
    return found


def family_of(pid: int) -> list[int]:
    """`pid` and what descends from it."""
    try:
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        return []


def holder_of(port: int) -> Holder | None:
    """Who listens on `port`, or None if nobody does."""
    sockets = listening_sockets(port)  # once: the kernel's table has a line for each connection of the machine
    if not sockets:
        return None
    for process in psutil.process_iter():
        if not sockets.keys().isdisjoint(sockets_of(process.pid)):
            try:
                return Holder(process.pid, words.printable(process.name()), process.environ().get("FUJITA_PROJECT"))
            except psutil.Error:
                continue
    return Holder()
