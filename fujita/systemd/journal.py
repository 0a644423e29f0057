"""Copies output into the journal, an entry for each line, and never blocks: what the journal does not take is
counted and said. The protocol: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/"""

from __future__ import annotations

import array
import asyncio
import errno
import fcntl
import os
import socket
import time
from collections import deque
from struct import Struct

from fujita import words
from fujita.stream.cache import Cache
from fujita.stream.record import TEXT_LIMIT
from fujita.stream.waiters import Waiters

SOCKET = "/run/systemd/journal/socket"
PRIORITIES = {"stdout": 6, "stderr": 6, "fujita": 5}
"""runserver writes every request to stderr, so the stream does not say how bad it is: both are "info"."""
WARNING = 4
LINES_AT_ONCE = 200
"""Lines that are sent before the event loop has its turn again: about a millisecond."""
BATCH = 64 * 1024
SEND_BUFFER = 8 * 1024 * 1024
"""As libsystemd asks for; the kernel gives what net.core.wmem_max allows, what is longer goes as a memfd."""
PATIENCE = 5.0
"""Seconds between two remarks about what is missing."""
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
LENGTH = Struct("<Q")


class Journal:
    """The way into the journal. `dropped` counts lines, and records evicted unread, that never reached it."""

    def __init__(self, path: str = SOCKET) -> None:
        self.dropped = 0
        self._path = path
        self._room = Waiters()
        self._watching: asyncio.AbstractEventLoop | None = None
        self._socket = self._connect()

    def send(self, project: str, stream: str, text: str, priority: int) -> None:
        """Each line of `text` as an entry; lines that find the journal's queue full are counted, and gone."""
        while text:
            rest = self.offer(project, stream, text, priority)
            if len(rest) == len(text):
                break
            text = rest
        self.dropped += len(text.splitlines())

    def offer(self, project: str, stream: str, text: str, priority: int) -> str:
        """Sends lines of `text`; returns those that there was no room for, or no time now."""
        head = _fields(
            PRIORITY=str(priority),
            SYSLOG_IDENTIFIER=f"fujita/{project}",  # as postfix/smtpd: `journalctl` shows whose line it is
            FUJITA_PROJECT=project,
            FUJITA_STREAM=stream,
        )
        start = 0
        for _ in range(LINES_AT_ONCE):
            if start >= len(text):
                break
            end = text.find("\n", start) + 1 or len(text)
            line = text[start:end].rstrip("\r\n")
            if line and not self._send(head + _fields(MESSAGE=line)):
                break
            start = end
        return text[start:]

    async def room(self) -> None:
        """Returns when the journal may take more, in another turn of the loop."""
        if self._socket is None:
            await asyncio.sleep(0)
            return
        self._watching = asyncio.get_running_loop()
        self._watching.add_writer(self._socket, self._wake)
        await self._room.wait()

    def close(self) -> None:
        if self._socket:
            self._wake()
            self._socket.close()
            self._socket = None

    def _wake(self) -> None:
        if self._watching and self._socket:
            self._watching.remove_writer(self._socket)
            self._watching = None
        self._room.wake()

    def _connect(self) -> socket.socket | None:
        """A connected socket: only such a one is reported as writable just when its reader has room."""
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        journal.setblocking(False)
        journal.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        try:
            journal.connect(self._path)
        except OSError:
            journal.close()
            return None
        return journal

    def _send(self, entry: bytes) -> bool:
        """False: no room now. An entry that cannot be sent at all is counted, and True."""
        for _ in range(2):
            try:
                if self._socket:
                    self._socket.send(entry)
                    return True
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.ENOBUFS):
                    return False
                if error.errno == errno.EMSGSIZE:
                    return self._send_large(entry)
                self.close()  # journald's socket was replaced: connect anew, once
            self._socket = self._connect()
        self.dropped += 1
        return True

    def _send_large(self, entry: bytes) -> bool:
        """An entry beyond the socket's buffer goes as a sealed memfd, its descriptor in an empty datagram."""
        assert self._socket
        memory = os.memfd_create("fujita-journal-entry", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with open(memory, "wb", closefd=False) as file:
                file.write(entry)
            fcntl.fcntl(memory, fcntl.F_ADD_SEALS, SEALS)
            rights = array.array("i", [memory])
            self._socket.sendmsg([], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        except BlockingIOError:
            return False
        except OSError:
            self.dropped += 1
        finally:
            os.close(memory)
        return True


class JournalFollower:
    """Follows one project's cache into the journal: one more reader with a cursor.

    It waits while the journal's queue is full, and loses only what is evicted meanwhile.
    """

    def __init__(self, cache: Cache, project: str, journal: Journal) -> None:
        self._cache = cache
        self._project = project
        self._journal = journal
        self._cursor = max(cache.first - 1, cache.inherited)  # an earlier sidecar copied that, or nearly all
        self._unsent: deque[tuple[str, str]] = deque()
        self._open_lines: dict[str, str] = {}
        self._missing = 0
        self._remarked = float("-inf")

    async def run(self) -> None:
        """Until it is cancelled; then `finish`."""
        while True:
            await self._cache.wait(self._cursor)
            self._read()
            while self._unsent:
                self._send()
                if self._unsent:
                    await self._journal.room()

    def finish(self) -> None:
        """Sends what is left without waiting: a stopped project's last words, an unfinished line."""
        while self._cursor < self._cache.next - 1:
            self._read()
        for stream, text in [*self._unsent, *self._open_lines.items()]:
            self._journal.send(self._project, stream, text, PRIORITIES[stream])

    def _read(self) -> None:
        """Takes what comes after the cursor, in whole lines."""
        batch = self._cache.after(self._cursor, BATCH)
        self._cursor = batch.last
        if batch.gap:
            self._miss(batch.gap[1] - batch.gap[0] + 1)
        self._remark()
        for record in batch.records:
            if lines := self._whole_lines(record.stream, record.text):
                self._unsent.append((record.stream, lines))

    def _send(self) -> None:
        """Sends until there is no room, or the event loop wants its turn."""
        stream, text = self._unsent.popleft()
        rest = self._journal.offer(self._project, stream, text, PRIORITIES[stream])
        if rest:
            self._unsent.appendleft((stream, rest))

    def _whole_lines(self, stream: str, text: str) -> str:
        """`text` after what was held back of its stream; its unfinished last line is held back."""
        text = self._open_lines.pop(stream, "") + text
        end = text.rfind("\n") + 1
        if len(text) - end >= TEXT_LIMIT:
            end = len(text)
        if end < len(text):
            self._open_lines[stream] = text[end:]
        return text[:end]

    def _miss(self, records: int) -> None:
        self._open_lines.clear()
        self._missing += records
        self._journal.dropped += records

    def _remark(self) -> None:
        now = time.monotonic()
        if self._missing and now - self._remarked >= PATIENCE:
            self._journal.send(self._project, "fujita", words.missing_in_the_journal(self._missing), WARNING)
            self._missing, self._remarked = 0, now


def _fields(**values: str) -> bytes:
    """Name, newline, length, value, newline: whatever a value holds, it cannot begin another field."""
    fields = []
    for name, value in values.items():
        data = value.encode("utf-8", "replace")
        fields.append(b"%s\n%s%s\n" % (name.encode(), LENGTH.pack(len(data)), data))
    return b"".join(fields)
