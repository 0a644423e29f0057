"""The listening sockets that a socket unit passes: sd_listen_fds(3)."""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping

from fujita import words

FIRST_DESCRIPTOR = 3
"""SD_LISTEN_FDS_START"""


class PassedSocketError(ValueError):
    """systemd passed something that a console cannot listen on: what it is, and what to write instead."""


def passed_sockets(environ: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """The sockets that were passed to this process, ready for an event loop; [] if none were.

    Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES out of `environ`: they are for this process alone.
    """
    pid, count, names = (environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"))
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    descriptors = range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + int(count))
    named = dict(zip(descriptors, names.split(":"), strict=False))
    return [_listening(fd, named.get(fd, "unknown")) for fd in descriptors]


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
