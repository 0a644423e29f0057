"""What arrives at a socket of the journal's kind. What journald makes of it is in tests/box/."""

from __future__ import annotations

import array
import asyncio
import contextlib
import mmap
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from struct import unpack

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fujita.stream.cache import Cache
from fujita.systemd import Journal, JournalFollower
from fujita.systemd.journal import LINES_AT_ONCE


class Journald:
    """Reads entries as journald does, when it is asked to: until then the queue fills up."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)

    def close(self) -> None:
        self._socket.close()

    def entries(self) -> Iterator[dict[str, str]]:
        """All that are queued."""
        with contextlib.suppress(BlockingIOError):
            while True:
                data, ancillary, _, _ = self._socket.recvmsg(1 << 20, socket.CMSG_SPACE(4))
                for _, _, rights in ancillary:
                    data = _sealed(array.array("i", rights)[0])
                yield dict(_fields(data))

    def messages(self) -> list[str]:
        return [entry["MESSAGE"] for entry in self.entries()]


def _sealed(fd: int) -> bytes:
    try:
        with pytest.raises(PermissionError):  # journald takes no memfd that could change while it reads
            os.write(fd, b"x")
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as memory:
            return memory[:]
    finally:
        os.close(fd)


def _fields(data: bytes) -> Iterator[tuple[str, str]]:
    """The native protocol, in the form with lengths."""
    while data:
        name, _, data = data.partition(b"\n")
        (length,) = unpack("<Q", data[:8])
        value, newline, data = data[8 : 8 + length], data[8 + length : 9 + length], data[9 + length :]
        assert newline == b"\n" and b"=" not in name
        yield name.decode(), value.decode()


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[Journald]:
    journald = Journald(tmp_path / "journal")
    yield journald
    journald.close()


def test_each_line_is_an_entry_with_its_project_and_stream(journald: Journald) -> None:
    journal = Journal(journald.path)
    journal.send("blog", "stdout", "Bücher\n\nlast\r\n", 6)
    first, second = journald.entries()
    assert first == {
        "PRIORITY": "6",
        "SYSLOG_IDENTIFIER": "fujita/blog",
        "FUJITA_PROJECT": "blog",
        "FUJITA_STREAM": "stdout",
        "MESSAGE": "Bücher",
    }
    assert second["MESSAGE"] == "last"
    assert journal.dropped == 0


@given(text=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_output_can_forge_a_field(journald: Journald, text: str) -> None:
    Journal(journald.path).send("blog", "stdout", text.replace("\n", "") + "\0PRIORITY=0\x00", 6)
    (entry,) = journald.entries()
    assert entry["PRIORITY"] == "6" and entry["FUJITA_PROJECT"] == "blog"
    assert entry["MESSAGE"] == text.replace("\n", "").encode(errors="replace").decode() + "\0PRIORITY=0\0"


def test_a_line_longer_than_the_sockets_buffer_arrives_whole(journald: Journald) -> None:
    journal = Journal(journald.path)
    journal.send("blog", "stdout", "x" * 20_000_000 + "\nshort\n", 6)
    long, short = journald.messages()
    assert len(long) == 20_000_000 and short == "short"
    assert journal.dropped == 0


def test_a_full_journal_blocks_nobody_and_is_counted(journald: Journald) -> None:
    journal = Journal(journald.path)
    started = time.process_time()
    journal.send("blog", "stdout", "line\n" * 50_000, 6)
    assert time.process_time() - started < 4
    assert journal.dropped > 0
    assert len(journald.messages()) + journal.dropped == 50_000


def test_no_journal_is_counted_too(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "nobody"))
    journal.send("blog", "stdout", "a\nb\nc", 6)
    assert journal.dropped == 3


def test_a_journal_that_was_replaced_is_found_again(tmp_path: Path) -> None:
    first = Journald(tmp_path / "journal")
    journal = Journal(first.path)
    journal.send("blog", "stdout", "one\n", 6)
    assert first.messages() == ["one"]
    first.close()
    (tmp_path / "journal").unlink()
    second = Journald(tmp_path / "journal")
    journal.send("blog", "stdout", "two\n", 6)
    assert second.messages() == ["two"]
    second.close()


async def collect(journald: Journald, count: int) -> list[str]:
    """Reads slowly, a queue at a time, until there are `count` messages."""
    messages: list[str] = []
    deadline = time.monotonic() + 20
    while len(messages) < count and time.monotonic() < deadline:
        messages += journald.messages()
        await asyncio.sleep(0.001)
    return messages


@contextlib.asynccontextmanager
async def following(cache: Cache, journal: Journal) -> AsyncIterator[JournalFollower]:
    follower = JournalFollower(cache, "blog", journal)
    task = asyncio.create_task(follower.run())
    await asyncio.sleep(0)
    yield follower
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_burst_waits_for_the_journal_and_loses_nothing(journald: Journald) -> None:
    cache, journal = Cache(8 << 20), Journal(journald.path)
    lines = [f"line {number}" for number in range(5000)]
    async with following(cache, journal):
        cache.append("stdout", "\n".join(lines) + "\n")
        assert await collect(journald, 5000) == lines
    assert journal.dropped == 0


async def test_what_the_ring_evicted_is_counted_and_said_once(journald: Journald) -> None:
    cache, journal = Cache(100_000), Journal(journald.path)
    async with following(cache, journal):
        for number in range(2000):
            cache.append("stdout", f"line {number} {'x' * 200}\n")
            await asyncio.sleep(0)
        messages = await collect(journald, 100)
        while not messages[-1].startswith("line 1999"):
            messages += await collect(journald, 1)
    (remark,) = [message for message in messages if "missing here" in message]
    assert remark.startswith(f"{journal.dropped} records of output came faster")
    assert len(messages) - 1 + journal.dropped == 2000


async def test_a_line_in_pieces_is_one_entry(journald: Journald) -> None:
    cache, journal = Cache(8 << 20), Journal(journald.path)
    async with following(cache, journal):
        cache.append("stdout", "one ")
        cache.append("stderr", "other\n")
        cache.append("stdout", "line\n")
        assert await collect(journald, 2) == ["other", "one line"]


async def test_a_line_without_end_is_sent_in_bounded_pieces(journald: Journald) -> None:
    cache, journal = Cache(8 << 20), Journal(journald.path)
    async with following(cache, journal):
        for _ in range(10):
            cache.append("stdout", "x" * 60_000)
        messages = await collect(journald, 5)
    assert [len(message) for message in messages] == [120_000] * 5


async def test_last_words_are_sent_at_the_end(journald: Journald) -> None:
    cache, journal = Cache(8 << 20), Journal(journald.path)
    async with following(cache, journal) as follower:
        pass
    cache.append("stdout", "(Pdb) ")
    cache.append("fujita", "Django is stopped\n")
    follower.finish()
    assert journald.messages() == ["Django is stopped", "(Pdb) "]


def test_the_event_loop_has_its_turn_after_some_lines(journald: Journald) -> None:
    rest = Journal(journald.path).offer("blog", "stdout", "\n" * 10_000, 6)
    assert 0 < len(rest) < 10_000


async def test_the_event_loop_turns_while_the_journal_is_flooded(journald: Journald) -> None:
    cache, journal = Cache(64 << 20), Journal(journald.path)
    async with following(cache, journal):
        for _ in range(40):
            cache.append("stdout", "y\n" * 30_000)
        turns, reading = 0, asyncio.create_task(collect(journald, 20_000))
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert await reading == ["y"] * len(reading.result())
    assert turns >= 20_000 / LINES_AT_ONCE
