"""Promises of the pipe: every byte, in order, whole characters, whole lines where there are any."""

from __future__ import annotations

import asyncio
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from fujita.stream.intake import Intake
from fujita.stream.pipe import Pipe, decoded
from fujita.stream.record import TEXT_LIMIT

scraps = st.lists(st.one_of(st.binary(max_size=20), st.text(max_size=20).map(lambda text: text.encode())), max_size=30)


async def through_a_pipe(chunks: list[bytes], patience: float | None = 0.001) -> list[str]:
    """Writes `chunks` one by one, each read before the next is written; returns what was delivered."""
    reading, writing = os.pipe()
    delivered: list[str] = []
    pipe = Pipe(Intake(reading), delivered.append, patience)
    for chunk in chunks:
        for start in range(0, len(chunk), 32_768):
            os.write(writing, chunk[start : start + 32_768])
            await asyncio.sleep(0)
    os.close(writing)
    pipe.close()
    return delivered


@settings(deadline=None)
@given(scraps)
def test_text_is_what_one_decode_of_all_bytes_would_give_however_they_are_cut(chunks: list[bytes]) -> None:
    delivered = asyncio.run(through_a_pipe(chunks))
    assert "".join(delivered) == b"".join(chunks).decode("utf-8", "replace")


def test_characters_cut_at_the_edge_of_a_read_arrive_whole() -> None:
    text = "x" * (TEXT_LIMIT - 1) + "äöü€🍞" * 40_000
    delivered = asyncio.run(through_a_pipe([text.encode()]))
    assert "".join(delivered) == text
    assert all(len(piece.encode()) <= TEXT_LIMIT for piece in delivered)


def test_whole_lines_are_delivered_at_once_and_an_open_line_after_a_moment() -> None:
    async def promised() -> list[str]:
        reading, writing = os.pipe()
        delivered: list[str] = []
        shown = asyncio.Event()

        def deliver(text: str) -> None:
            delivered.append(text)
            shown.set()

        pipe = Pipe(Intake(reading), deliver, patience=0.01)
        os.write(writing, b"a line\n(Pdb) ")
        await asyncio.wait_for(shown.wait(), 5)
        assert delivered == ["a line\n"]
        shown.clear()
        await asyncio.wait_for(shown.wait(), 5)
        os.close(writing)
        pipe.close()
        return delivered

    assert asyncio.run(promised()) == ["a line\n", "(Pdb) "]


async def test_while_lines_stream_by_none_is_shown_unfinished() -> None:
    reading, writing = os.pipe()
    delivered: list[str] = []
    patience = 0.4  # longer than the machine may make us wait between two writes
    pipe = Pipe(Intake(reading), delivered.append, patience)
    loop = asyncio.get_running_loop()
    last, longest = loop.time(), 0.0
    end = last + 2 * patience
    os.write(writing, b"a li")
    while loop.time() < end:
        os.write(writing, b"ne\na li")
        await asyncio.sleep(0.01)
        longest, last = max(longest, loop.time() - last), loop.time()
    assert longest > patience / 2 or all(text.endswith("\n") for text in delivered)
    os.close(writing)
    pipe.close()
    assert delivered[-1] == "a li"


async def test_what_was_written_at_once_is_one_record_and_not_one_a_line() -> None:
    reading, writing = os.pipe()
    delivered: list[str] = []
    pipe = Pipe(Intake(reading), delivered.append)
    for _ in range(500):
        os.write(writing, b"x" * 79 + b"\n")
    os.close(writing)
    pipe.close()
    assert [len(text) for text in delivered] == [500 * 80]


def test_without_patience_an_open_line_waits_for_its_end() -> None:
    assert asyncio.run(through_a_pipe([b"Applying 0001...", b" OK\n", b"rest"], None)) == [
        "Applying 0001... OK\n",
        "rest",
    ]


def test_what_is_no_utf_8_is_cut_within_the_limit_too() -> None:
    data = b"\xff\xe2\x82 caf\xe9\n" * 20_000 + b"\x80" * 100_000
    delivered = asyncio.run(through_a_pipe([data]))
    assert "".join(delivered) == data.decode("utf-8", "replace")
    assert all(len(text.encode()) <= TEXT_LIMIT for text in delivered)


def test_a_flood_is_cut_at_newlines() -> None:
    delivered = asyncio.run(through_a_pipe([b"x" * 79 + b"\n"] * 10_000, None))
    assert all(text.endswith("\n") for text in delivered)


@settings(deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_a_character_that_is_not_finished_is_left_for_later(before: bytes, after: bytes) -> None:
    text, used = decoded(memoryview(before), False)
    rest, _ = decoded(memoryview(before[used:] + after), True)
    assert len(before) - used < 4
    assert text + rest == (before + after).decode("utf-8", "replace")
