"""`Cache`: the last records of a project, bounded in bytes, read by cursor. It is the only buffer between a
process and its readers, and knows nothing of who they are: a slow reader finds a gap, and nobody else notices."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from fujita.stream.frame import Frame
from fujita.stream.record import Record
from fujita.stream.spool import Spool, Spooled
from fujita.stream.waiters import Waiters

OVERHEAD = 240
"""What a record costs beside its line, in bytes: its objects and its place in the table (CPython, 64 bit)."""


@dataclass(frozen=True)
class Batch:
    """What comes after a cursor: records up to `last`, after a gap where some had been evicted already."""

    records: list[Record]
    last: int
    gap: tuple[int, int] | None

    @property
    def lines(self) -> bytes:
        """The records as NDJSON."""
        return b"".join([record.line for record in self.records])

    @cached_property
    def frame(self) -> Frame:
        """`lines` as a WebSocket message, the same for every client; made when the first one asks."""
        return Frame([record.line for record in self.records])


class Cache:
    """The last records, by id.

    `limit` is in bytes of NDJSON and bookkeeping; the newest record is kept whatever its size, so that what is live
    can be sent. Ids are consecutive: `first` is the oldest id that is kept and `next` the id to come.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.time, earlier: Spooled | None = None) -> None:
        """`earlier` is what another sidecar kept: the numbering goes on, and up to `inherited` the records are its."""
        self.epoch = earlier.epoch if earlier else secrets.token_urlsafe(9).replace("_", "x").replace("-", "y")
        self.next = earlier.next if earlier else 1
        self.first = self.next
        self.inherited = self.next - 1
        self.spool: Spool | None = None
        self._limit = limit
        self._clock = clock
        self._size = 0
        self._records: dict[int, Record] = {}
        self._waiters = Waiters()
        self._shared: tuple[int, int, Batch] | None = None
        self._forgetting = False
        if earlier and earlier.records:
            self.first = earlier.records[0].id
            self._records = {record.id: record for record in earlier.records}
            self._size = sum(len(record.line) + OVERHEAD for record in earlier.records)
            self._evict()

    def append(self, stream: str, text: str, run: str | None = None, **marks: object) -> Record:
        """Keeps `text` (at most 64 KiB in UTF-8) as the newest record and wakes the readers."""
        record = Record.make(self.next, self._clock(), stream, text, run, **marks)
        self._records[record.id] = record
        self.next += 1
        self._size += len(record.line) + OVERHEAD
        self._evict()
        if self.spool:
            self.spool.write(record, self.first)
        self._waiters.wake()
        return record

    def resize(self, limit: int) -> None:
        self._limit = limit
        self._evict()
        if self.spool:
            self.spool.resize(limit)

    def after(self, cursor: int, limit: int) -> Batch:
        """The records with ids above `cursor`, as many as fit into `limit` bytes, but at least one if there is one."""
        gap = (cursor + 1, self.first - 1) if cursor + 1 < self.first else None
        records: list[Record] = []
        room = limit
        for id in range(max(cursor + 1, self.first), self.next):
            record = self._records[id]
            room -= len(record.line)
            if room < 0 and records:
                break
            records.append(record)
        last = records[-1].id if records else max(cursor, self.first - 1)
        return Batch(records, last, gap)

    def shared_after(self, cursor: int, limit: int) -> Batch:
        """`after`: one batch for all readers that stand at the same cursor, and so one frame."""
        shared = self._shared
        if shared is None or shared[0] != cursor or shared[1] != self.next:
            shared = self._shared = (cursor, self.next, self.after(cursor, limit))
        return shared[2]

    async def wait(self, cursor: int) -> None:
        """Returns as soon as there is a record with an id above `cursor`."""
        while self.next - 1 <= cursor:
            self._forget_shared_soon()
            await self._waiters.wait()

    def call(self, call: Callable[[], object]) -> None:
        """Calls back once, soon after the next record: for a reader at the end who can't afford to `wait`."""
        self._forget_shared_soon()
        self._waiters.call(call)

    def forget(self, call: Callable[[], object]) -> None:
        self._waiters.forget(call)

    def cursor_of_last_lines(self, count: int) -> int:
        """The cursor after which the records with the last `count` lines stand (whole records, so maybe some more)."""
        cursor = self.next - 1
        while cursor >= self.first and count > 0:
            count -= max(1, self._records[cursor].text.count("\n"))
            cursor -= 1
        return cursor

    def _forget_shared_soon(self) -> None:
        """One reader is at the end: don't keep what everybody has, once those have it who were woken with this one."""
        if self._shared and not self._forgetting:
            self._forgetting = True
            asyncio.get_running_loop().call_soon(self._forget_shared)

    def _forget_shared(self) -> None:
        self._forgetting = False
        self._shared = None

    def _evict(self) -> None:
        while self._size > self._limit and len(self._records) > 1:
            self._size -= len(self._records.pop(self.first).line) + OVERHEAD
            self.first += 1
