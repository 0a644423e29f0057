"""Tells systemd how the sidecar is: sd_notify(3), by way of the sdnotify package.

No method blocks or raises: a sidecar must not stand still because PID 1 does.
"""

from __future__ import annotations

import array
import os
import socket
import time
from collections import deque
from collections.abc import MutableMapping

import sdnotify

STATUS_LIMIT = 1000
"""Characters of a status that systemd is given: `systemctl status` shows one line."""
OWED_LIMIT = 8
"""Changes of state that are kept for later while systemd does not read."""


class Notifier:
    """The sidecar's word to systemd. Takes what systemd said out of `environ`: no child may speak for us.

    `active` says whether systemd listens. `watchdog_interval` is half of WatchdogSec= in seconds: so often
    `watchdog()` wants to be called. It is None without a watchdog.
    """

    def __init__(self, environ: MutableMapping[str, str] = os.environ) -> None:
        self._systemd = _connected() if environ.get("NOTIFY_SOCKET") else None
        self.active = self._systemd is not None
        self.watchdog_interval = _watchdog_interval(environ)
        self._owed: deque[str] = deque(maxlen=OWED_LIMIT)
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
            environ.pop(name, None)

    def ready(self, status: str) -> None:
        """The start, or a reload, is done."""
        self._say(f"READY=1\nSTATUS={_one_line(status)}")

    def status(self, text: str) -> None:
        self._say(f"STATUS={_one_line(text)}", owed=False)

    def reloading(self) -> None:
        """A reload begins; `ready` ends it. With the time, as systemd wants it of Type=notify-reload."""
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, within: float = 0) -> None:
        """The end begins, and takes up to `within` seconds: systemd waits so long before it kills."""
        extension = f"\nEXTEND_TIMEOUT_USEC={int(within * 1_000_000)}" if within else ""
        self._say(f"STOPPING=1{extension}")

    def watchdog(self) -> None:
        self._say("WATCHDOG=1", owed=False)

    def store(self, name: str, fd: int) -> None:
        """Gives `fd` into systemd's keeping, for the next sidecar (FDSTORE=1). With FDPOLL=0, or systemd would close
        the pipe of a process that died meanwhile, and its last words with it. OSError where systemd does not read."""
        if self._systemd:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
            self._systemd.socket.sendmsg([f"FDSTORE=1\nFDNAME={name}\nFDPOLL=0".encode()], rights)

    def unstore(self, name: str) -> None:
        """Systemd closes it. Nobody else may have it open for the other end to notice (a pipe)."""
        self._say(f"FDSTOREREMOVE=1\nFDNAME={name}")

    def _say(self, message: str, owed: bool = True) -> None:
        """Sends what is owed, then `message`, which is owed itself if there is no room, or forgotten."""
        self._owed.append(message)
        try:
            while self._owed:
                self._send(self._owed[0])
                self._owed.popleft()
        except OSError:
            if not owed:
                self._owed.pop()

    def _send(self, message: str) -> None:
        if self._systemd:
            # sdnotify encodes as Latin-1, systemd reads UTF-8.
            self._systemd.notify(message.encode("utf-8", "replace").decode("latin-1"))


def _connected() -> sdnotify.SystemdNotifier | None:
    """sdnotify looks into os.environ by itself, so the name must still be there."""
    systemd = sdnotify.SystemdNotifier()
    if systemd.socket is None:
        return None
    systemd.socket.setblocking(False)
    systemd.debug = True  # or it would not say that systemd's queue is full
    return systemd


def _watchdog_interval(environ: MutableMapping[str, str]) -> float | None:
    """As sd_watchdog_enabled(3): the variable may have been meant for a parent."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 2 / 1_000_000


def _one_line(text: str) -> str:
    """A newline in a status would begin another assignment: MAINPID=1 in a project's title is a title."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:STATUS_LIMIT])
