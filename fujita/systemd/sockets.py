"""The descriptors that systemd passes: a socket unit's listening sockets, and what was stored: sd_listen_fds(3)."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from dataclasses import dataclass
from itertools import zip_longest

from fujita import words

FIRST_DESCRIPTOR = 3
"""SD_LISTEN_FDS_START"""
STORED = "fujita-kept-"
"""So the names begin under which a sidecar stores descriptors for the next one; units are named otherwise."""


class PassedSocketError(ValueError):
    """systemd passed something that a console cannot listen on: what it is, and what to write instead."""


@dataclass(frozen=True)
class Passed:
    """What systemd gave to this process: sockets to listen on, ready for an event loop, and what an earlier sidecar
    stored, by the names that it chose."""

    sockets: list[socket.socket]
    stored: dict[str, int]


def passed(environ: MutableMapping[str, str] = os.environ) -> Passed:
    """Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES out of `environ`: they are for this process alone."""
    pid, count, names = (environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"))
    if pid != str(os.getpid()) or not count.isdecimal():
        return Passed([], {})
    sockets, stored = [], {}
    given = range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + int(count))
    for fd, name in zip_longest(given, names.split(":")[: len(given)], fillvalue="unknown"):
        if str(name).startswith(STORED):
            os.set_inheritable(int(fd), False)
            stored[str(name).removeprefix(STORED)] = int(fd)
        else:
            sockets.append(_listening(int(fd), str(name)))
    return Passed(sockets, stored)


def _listening(fd: int, name: str) -> socket.socket:
    try:
        passed = socket.socket(fileno=fd)
    except OSError as error:
        raise PassedSocketError(words.passed_no_socket(fd, name)) from error
    os.set_inheritable(fd, False)
    passed.setblocking(False)
    if passed.family not in (socket.AF_INET, socket.AF_INET6) or passed.type != socket.SOCK_STREAM:
        raise PassedSocketError(words.passed_no_tcp(fd, name))
    if not passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise PassedSocketError(words.passed_not_listening(fd, name))
    return passed
