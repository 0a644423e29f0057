"""Promises of the spool: a sidecar that is killed at any moment leaves every byte, and the next one goes on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fujita.stream import spool
from fujita.stream.cache import Cache
from fujita.stream.intake import FILE_SIZE, SafeIntake, bases_of
from fujita.stream.pipe import Pipe
from fujita.stream.record import Record
from fujita.stream.spool import Spool, Spooled, Unreadable

LIMIT = 8 * 1024 * 1024
PATIENCE = 60

READER = """
import asyncio, sys
from pathlib import Path
from tests.stream.test_spool import go_on

async def main():
    cache, pipe = go_on(Path(sys.argv[1]), int(sys.argv[2]))
    print("reading", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
PRINTER = """
import sys
number = 0
for line in sys.stdin:
    for _ in range(3000):
        print(number, "ä" * (number % 40), flush=number % 7 == 0)
        number += 1
"""
KILLS = 20


def go_on(folder: Path, fd: int, limit: int = LIMIT) -> tuple[Cache, Pipe]:
    """As a sidecar does: reads what the last one left, and on."""
    try:
        earlier = spool.read(folder, limit)
    except FileNotFoundError:
        earlier = None
    cache = Cache(limit, earlier=earlier)
    cache.spool = Spool(folder, limit, earlier or Spooled(cache.epoch, [], 1), fail)
    position = earlier.read.get("start.stdout", 0) if earlier else 0
    pipe = Pipe(cache.spool.intake(fd, "start.stdout", position), lambda text: cache.append("stdout", text))
    pipe.catch_up()
    return cache, pipe


def spooled(folder: Path, limit: int = LIMIT, complaints: list[OSError] | None = None) -> Cache:
    """A cache that is kept in `folder`."""
    cache = Cache(limit)
    complain = fail if complaints is None else complaints.append
    cache.spool = Spool(folder, limit, Spooled(cache.epoch, [], 1), complain)
    return cache


def lines_of(records: list[Record]) -> list[bytes]:
    return [record.line for record in records]


def fail(error: OSError) -> None:
    raise error


async def until(cache: Cache, end: str) -> None:
    """Waits until the newest record ends so."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while cache.next == 1 or not cache.after(cache.next - 2, LIMIT).records[-1].text.endswith(end):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_a_reader_that_is_killed_at_any_moment_loses_and_repeats_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    printer = subprocess.Popen([sys.executable, "-c", PRINTER], stdin=subprocess.PIPE, stdout=writing)
    os.close(writing)
    chance = random.Random(7)
    for _ in range(KILLS):
        argv = [sys.executable, "-c", READER, str(tmp_path), str(reading)]
        with subprocess.Popen(argv, pass_fds=[reading], stdout=subprocess.PIPE) as reader:
            assert reader.stdout and reader.stdout.readline() == b"reading\n"
            assert printer.stdin
            printer.stdin.write(b"go on\n")
            printer.stdin.flush()
            time.sleep(chance.uniform(0, 0.02))  # the moment is what is tested
            reader.kill()
    printer.communicate(timeout=PATIENCE)

    async def rest() -> list[str]:
        cache, pipe = go_on(tmp_path, reading)
        pipe.close()
        records = cache.after(0, LIMIT).records
        assert [record.id for record in records] == list(range(1, len(records) + 1))
        return "".join(record.text for record in records).splitlines()

    assert asyncio.run(rest()) == [f"{number} {'ä' * (number % 40)}" for number in range(KILLS * 3000)]


def test_the_next_one_has_the_same_epoch_ids_times_and_bytes(tmp_path: Path) -> None:
    cache = spooled(tmp_path)
    cache.append("stdout", "one\n")
    cache.append("fujita", "two\n", run="r1", code=0)
    again = spool.read(tmp_path, LIMIT)
    assert (again.epoch, again.next) == (cache.epoch, 3)
    assert lines_of(again.records) == lines_of(cache.after(0, LIMIT).records)
    assert [record.run for record in again.records] == [None, "r1"]


def test_what_the_cache_evicts_leaves_the_disk_too(tmp_path: Path) -> None:
    limit = 1024 * 1024
    cache = spooled(tmp_path, limit)
    for _ in range(200):
        cache.append("stdout", "x" * 60_000)
    assert size_of(tmp_path) < 2 * limit
    again = Cache(limit, earlier=spool.read(tmp_path, limit))
    assert lines_of(again.after(0, LIMIT).records) == lines_of(cache.after(0, LIMIT).records)


def test_numbering_goes_on_where_nothing_is_kept_any_more(tmp_path: Path) -> None:
    cache = spooled(tmp_path, 0)
    for _ in range(100):
        cache.append("stdout", "x" * 60_000)
    cache = Cache(0, earlier=spool.read(tmp_path, 0))
    assert cache.append("stdout", "next").id == 101


async def test_a_file_whose_bytes_are_all_in_records_goes(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    cache, pipe = go_on(tmp_path, reading)
    line = b"x" * 1023 + b"\n"
    for _ in range(3 * FILE_SIZE // 1024):
        os.write(writing, line)
        await asyncio.sleep(0)
    os.write(writing, b"end\n")
    await until(cache, "end\n")
    bases = bases_of(tmp_path / "start.stdout")
    assert len(bases) == 1 and bases[0] >= 2 * FILE_SIZE
    os.close(writing)
    pipe.close()
    assert bases_of(tmp_path / "start.stdout") == []


async def test_a_line_that_is_always_open_lets_no_file_grow(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    cache, pipe = go_on(tmp_path, reading)
    for number in range(5 * FILE_SIZE // 10_000):
        os.write(writing, b"\n%d " % number + b"x" * 10_000)
        await asyncio.sleep(0)
    os.write(writing, b"\nend\nopen")
    await until(cache, "end\n")
    assert sum(path.stat().st_size for path in tmp_path.glob("start.stdout-*")) < 2 * FILE_SIZE
    earlier = spool.read(tmp_path, LIMIT)
    pipe.leave()
    again, other = go_on(tmp_path, os.dup(reading))
    assert again.after(earlier.next - 1, LIMIT).records == []
    os.close(writing)
    other.close()
    assert again.after(earlier.next - 1, LIMIT).records[-1].text == "open"


def test_a_smaller_cache_goes_on_with_the_newest_of_a_larger_one(tmp_path: Path) -> None:
    cache = spooled(tmp_path, 32 * 1024 * 1024)
    for number in range(100):
        cache.append("stdout", f"{number} " + "\0" * 60_000)
    earlier = spool.read(tmp_path, 0)
    assert earlier.next == 101
    assert Cache(0, earlier=earlier).after(0, LIMIT).records[-1].text.startswith("99 ")


async def test_a_full_disk_ends_the_keeping_and_not_the_log(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for the disk's end: to write(2) and splice(2) it is an error like ENOSPC."""
    complaints: list[OSError] = []
    cache = spooled(tmp_path, complaints=complaints)
    reading, writing = os.pipe()
    assert cache.spool
    pipe = Pipe(cache.spool.intake(reading, "start.stdout"), lambda text: cache.append("stdout", text))
    os.write(writing, b"before\n")
    await until(cache, "before\n")
    with file_size_limit(64):
        os.write(writing, b"x" * 200 + b"\n")
        await until(cache, "x\n")
    os.write(writing, b"after\n")
    os.close(writing)
    pipe.close()
    said = "".join(record.text for record in cache.after(0, LIMIT).records)
    assert said == "before\n" + "x" * 200 + "\nafter\n"
    assert len(complaints) == 1
    assert list(tmp_path.iterdir()) == []


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Within it no file of this process grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


DAMAGE = {
    "cut off": lambda data: data[: len(data) // 2].rpartition(b"\n")[0][:-20] + b"\n",
    "a bit turned in what is no text": lambda data: data.replace(b'"id": 2', b'"id": 3'),
    "another format": lambda data: data.replace(b'{"fujita": 1', b'{"fujita": 2'),
    "not ours at all": lambda data: b"\0" * len(data),
    "empty": lambda data: b"",
    "other JSON": lambda data: b"[]\n[]\n",
    "a record without its text": lambda data: data.replace(b'"text"', b'"tex4"'),
    "a position that is no number": lambda data: data.replace(b'"read": {', b'"read": {"start.stdout": "x"'),
    "no head": lambda data: data.partition(b"\n")[2],
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_what_is_damaged_is_not_gone_on_with(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    cache = spooled(tmp_path)
    for number in range(5):
        cache.append("stdout", f"{number}\n")
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(Unreadable):
        spool.read(tmp_path, LIMIT)


def test_a_line_in_which_its_writer_was_killed_is_none(tmp_path: Path) -> None:
    cache = spooled(tmp_path)
    cache.append("stdout", "whole\n")
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    torn = json.dumps({"read": {"start.stdout": 9}}).encode() + b"\n" + cache.after(0, LIMIT).records[0].line
    for end in range(len(torn)):
        file.write_bytes(whole + torn[:end].replace(b'"id": 1', b'"id": 2'))
        again = spool.read(tmp_path, LIMIT)
        assert (again.next, again.read) == (2, {})


@pytest.mark.parametrize("kind", ["link", "pipe", "sparse"])
def test_what_lies_there_and_is_no_file_of_ours_is_left_alone(tmp_path: Path, kind: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    folder = tmp_path / "spool"
    folder.mkdir()
    place = folder / "records-000000000000001"
    if kind == "link":
        place.symlink_to(precious)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        with place.open("wb") as file:
            file.truncate(1024**3)
    with pytest.raises((Unreadable, OSError)):
        spool.read(folder, LIMIT)
    spool.clear(folder)
    assert precious.read_text() == "precious"


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    cache = spooled(tmp_path)
    assert cache.spool
    reading, writing = os.pipe()
    intake = cache.spool.intake(reading, "start.stdout")
    assert isinstance(intake, SafeIntake)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    os.close(writing)
    intake.close()
