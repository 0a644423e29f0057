"""Promises of the cache: bounded, numbered without a hole, read by cursor."""

from __future__ import annotations

import asyncio
import json
import weakref
from types import ModuleType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pytest import MonkeyPatch

from fujita.stream import cache as cache_module
from fujita.stream import record
from fujita.stream.cache import OVERHEAD, Cache

texts = st.lists(st.text(max_size=200), max_size=60)


def filled(limit: int, written: list[str]) -> Cache:
    cache = Cache(limit)
    for text in written:
        cache.append("stdout", text)
    return cache


@given(texts, st.integers(0, 20_000))
def test_the_cache_keeps_the_last_records_within_its_bound(written: list[str], limit: int) -> None:
    cache = filled(limit, written)
    kept = cache.after(0, 10**9).records
    assert [record.text for record in kept] == written[len(written) - len(kept) :]
    assert sum(len(record.line) + OVERHEAD for record in kept) <= limit or len(kept) <= 1


@given(texts, st.integers(0, 20_000), st.integers(0, 80), st.integers(1, 5_000))
def test_reading_by_cursor_gives_every_kept_record_once_and_names_the_gap(
    written: list[str], limit: int, cursor: int, batch_limit: int
) -> None:
    cache = filled(limit, written)
    start, seen = cursor, []
    while cursor < cache.next - 1:
        batch = cache.after(cursor, batch_limit)
        if batch.gap:
            assert batch.gap == (start + 1, cache.first - 1)
        seen += [record.id for record in batch.records]
        cursor = batch.last
    assert seen == list(range(max(start + 1, cache.first), cache.next))


def test_a_record_is_one_line_of_json_whatever_it_holds() -> None:
    text = 'NUL \x00, ESC \x1b[1m, U+2028 \u2028, NEL \x85, quote ", backslash \\, emoji \U0001f35e\n'
    line = Cache(10_000).append("stderr", text).line
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert json.loads(line)["text"] == text


def test_half_a_surrogate_pair_is_replaced_and_the_rest_is_kept() -> None:
    assert Cache(10_000).append("fujita", "a \ud800 b\n", input=True).text == "a ? b\n"


def test_a_record_is_encoded_once_and_its_frame_made_once_however_many_read_it(monkeypatch: MonkeyPatch) -> None:
    encoded, framed = counted(monkeypatch, record, "quoted"), counted(monkeypatch, cache_module, "Frame")
    cache = filled(10_000, ["a\n", "b\n", "c\n"])
    frames = {id(cache.shared_after(0, 1000).frame) for _ in range(20)}
    assert (len(encoded), len(framed), len(frames)) == (3, 1, 1)


def test_readers_at_different_cursors_get_frames_of_their_own() -> None:
    cache = filled(10_000, ["a\n", "b\n"])
    assert cache.shared_after(0, 1000).frame.after(0).tobytes().endswith(cache.shared_after(1, 1000).lines)
    assert [record.id for record in cache.shared_after(1, 1000).records] == [2]


def test_what_was_shared_is_made_anew_when_something_was_appended() -> None:
    cache = filled(10_000, ["a\n"])
    before = cache.shared_after(0, 1000)
    cache.append("stdout", "b\n")
    assert cache.shared_after(0, 1000).lines != before.lines


async def test_nothing_shared_is_kept_when_nobody_is_behind() -> None:
    cache = filled(10_000, ["a\n"])
    kept = weakref.ref(cache.shared_after(0, 1000))
    waiting = asyncio.create_task(cache.wait(1))
    await asyncio.sleep(0)  # it waits,
    await asyncio.sleep(0)  # and the loop has turned
    assert kept() is None
    waiting.cancel()


def counted(monkeypatch: MonkeyPatch, module: ModuleType, name: str) -> list[Any]:
    """Lists the calls of a function from now on."""
    calls: list[Any] = []
    real = getattr(module, name)

    def listed(*given: Any) -> Any:
        calls.append(given)
        return real(*given)

    monkeypatch.setattr(module, name, listed)
    return calls


async def test_a_waiter_wakes_at_the_next_record_and_leaves_nothing_behind_when_cancelled() -> None:
    cache = Cache(10_000)
    waiting = asyncio.create_task(cache.wait(0))
    cancelled = asyncio.create_task(cache.wait(0))
    await asyncio.sleep(0)
    cancelled.cancel()
    cache.append("stdout", "a\n")
    await asyncio.wait_for(waiting, 5)


@given(st.lists(st.integers(1, 5), max_size=30), st.integers(0, 100))
def test_the_cursor_of_the_last_lines_reaches_back_far_enough_and_no_record_further(
    lines: list[int], count: int
) -> None:
    cache = filled(10**6, ["x\n" * number for number in lines])
    cursor = cache.cursor_of_last_lines(count)
    kept = lines[cursor:]
    assert sum(kept) >= min(count, sum(lines))
    assert not kept or sum(kept[1:]) < count


def test_a_text_with_backslashes_counts_its_lines_and_no_others() -> None:
    cache = filled(10**6, ["a\n", "\\n\\n\\n\n"])
    assert cache.cursor_of_last_lines(2) == 0


async def test_a_call_that_fails_keeps_no_other_from_being_called() -> None:
    cache, called = Cache(10_000), asyncio.Event()
    failures: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: failures.append(str(told["exception"])))

    def fail() -> None:
        raise OSError("this one failed")

    for call in (fail, called.set, lambda: fail()):  # whichever comes first
        cache.call(call)
    cache.append("stdout", "a\n")
    await asyncio.wait_for(called.wait(), 5)
    for _ in range(3):
        await asyncio.sleep(0)
    assert failures == ["this one failed"] * 2
