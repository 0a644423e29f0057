"""Output: whatever a process prints, however it is cut, it arrives; and what it costs is bounded."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import psutil
import pytest

from tests.abuse.wire import MIB, alive, cpu_seconds, forget_peak, living, peak_rss, pids_in, python, rss
from tests.sidecar import Json, sidecar

TEXT_LIMIT = 64 * 1024


def one(code: str, more: str = "") -> str:
    return f"projects: {{one: {{directory: ., {more} command: {python(code)}}}}}"


async def test_a_line_without_end_comes_in_records_of_64_kib_that_joined_again_are_the_line(tmp_path: Path) -> None:
    size = 60 * MIB
    code = (
        "import os, sys; sys.stdin.readline(); data = bytes(range(97, 123)) * 40330\n"
        f"left = {size}\n"
        "while left: left -= os.write(1, data[:min(left, len(data))])\n"
        "print(); print('all said', flush=True); sys.stdin.readline()"
    )
    async with sidecar(tmp_path, one(code, "cache: 80 MiB,")) as fujita, alive(fujita):
        await fujita.until_state("one", "running")
        before = rss(fujita)
        forget_peak(fujita)
        total, longest = 0, 0
        async with fujita.stream("/api/projects/one/log/stream") as told:
            await fujita.post("/api/projects/one/input", {"text": "go\n"})

            async def look() -> None:
                nonlocal total, longest
                async for record in told:
                    assert "gap" not in record
                    if record.get("stream") == "stdout":
                        total += record["text"].count("a")
                        longest = max(longest, len(record["text"].encode()))
                        if "all said" in record["text"]:
                            return

            await asyncio.wait_for(look(), 120)
        assert abs(total - size // 26) < size // 26 // 1000 + 10
        assert longest <= TEXT_LIMIT
        assert peak_rss(fujita) - before < (80 + 64) * MIB


STRANGE = (
    "".join(map(chr, range(0x00, 0x20))).replace("\n", "") + "\x7f" + "".join(map(chr, range(0x80, 0xA0)))
    + "\u2028\u2029\ufeff\ufffe\uffff\U0001ffff\u202e\u2066\u200b\U000e0041" + "e" + "\u0301" * 4000 + '"\\/<>&'
)  # fmt: skip


async def test_every_character_arrives_as_it_was_printed(tmp_path: Path) -> None:
    (tmp_path / "strange").write_bytes((STRANGE + "\n").encode() + b"\xed\xa0\x80 end\n")
    async with sidecar(tmp_path, "projects: {one: {directory: ., command: 'cat strange; sleep 600'}}") as fujita:
        records = await fujita.until_log("one", " end\n")
        said = "".join(record["text"] for record in records if record["stream"] == "stdout")
        expected = STRANGE + "\n" + b"\xed\xa0\x80 end\n".decode("utf-8", "replace")
        assert said == expected
        text = (await fujita.ask("GET", "/api/projects/one/log")).body.decode()
        assert expected in text
        lines = (await fujita.ask("GET", "/api/projects/one/log?format=ndjson")).body.decode()
        again: list[Json] = [json.loads(line) for line in lines.split("\n") if line]
        assert "".join(record["text"] for record in again if record["stream"] == "stdout") == expected


async def test_what_was_printed_last_is_read_before_it_is_said_that_the_process_ended(tmp_path: Path) -> None:
    code = "import os; os.write(1, b'x' * 50_000); os.write(1, b'last words'); os.kill(os.getpid(), 9)"
    async with sidecar(tmp_path, one(code, "autostart: false, restart: never,")) as fujita:
        for _ in range(25):
            await fujita.post("/api/projects/one/start")
            await fujita.until("one", lambda status: status["state"] == "exited")
        said = (await fujita.log("one")).split("x" * 50_000 + "last words")
        assert len(said) == 26
        assert all("SIGKILL" in between for between in said[1:])


async def test_a_process_that_closes_its_output_lives_on_unchanged_and_its_end_is_noticed(tmp_path: Path) -> None:
    code = "import os, time; os.write(1, b'ready\\n'); os.close(1); os.close(2); os.read(0, 1)"
    async with sidecar(tmp_path, one(code)) as fujita:
        await fujita.until_log("one", "ready")
        await fujita.until_state("one", "running")
        before = cpu_seconds(fujita)
        await asyncio.sleep(1)
        assert cpu_seconds(fujita) - before < 0.5  # a loop that spins at the pipes' ends takes all of it
        assert (await fujita.status("one"))["state"] == "running"
        assert (await fujita.ask("POST", "/api/projects/one/input", {"text": "x"})).code == 204
        exited = await fujita.until_state("one", "exited")
        assert exited["exit"] == {"code": 0, "signal": None}


async def test_the_end_of_a_process_is_noticed_though_a_grandchild_holds_its_pipe(tmp_path: Path) -> None:
    command = "(while :; do echo still here; sleep 0.02; done) & echo pid $!; sleep 1; exit 3"
    config = f"projects: {{one: {{directory: ., restart: never, command: '{command}'}}}}"
    async with sidecar(tmp_path, config) as fujita:
        exited = await fujita.until_state("one", "exited")
        assert exited["exit"] == {"code": 3, "signal": None}
        log = await fujita.log("one")
        assert living(pids_in(log)) == []
        assert not log.endswith("still here\n")


async def test_the_streams_of_one_process_are_each_in_order_and_never_glued_together(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "for n in range(5000):\n"
        "    os.write(1, b'out %d\\n' % n); os.write(2, b'err %d\\n' % n)\n"
        "os.write(1, b'half'); os.write(2, b'other half'); print('\\nall said', flush=True); input()"
    )
    async with sidecar(tmp_path, one(code)) as fujita:
        await fujita.until_log("one", "all said")
        records = await fujita.until_log("one", "other half")  # no order is promised between the two
        for stream, word in (("stdout", "out"), ("stderr", "err")):
            text = "".join(record["text"] for record in records if record["stream"] == stream)
            assert text.splitlines()[:5000] == [f"{word} {number}" for number in range(5000)]


@pytest.mark.parametrize("size", ["0", "1 B", "64 KiB"])
async def test_a_small_cache_keeps_the_last_records_whole(tmp_path: Path, size: str) -> None:
    code = (
        "import os; [os.write(1, b'%d' % (n % 10) * 60000 + b'\\n') for n in range(20)]\n"
        "print('all said', flush=True); input()"
    )
    async with sidecar(tmp_path, one(code, f"cache: {size},")) as fujita:
        await fujita.until_log("one", "all said")
        async with fujita.stream("/api/projects/one/log/stream") as told:
            hello = (await told.__anext__())["hello"]
            first = await told.__anext__()
            assert (first["id"], hello["next"] > hello["first"]) == (hello["first"], True)
        assert len((await fujita.ask("GET", "/api/projects/one/log")).body) < 2 * TEXT_LIMIT


FLOODS = (
    "yes",
    pytest.param("cat /dev/zero", marks=pytest.mark.slow),
    pytest.param("cat /dev/urandom", marks=pytest.mark.slow),
)


@pytest.mark.parametrize("command", FLOODS)
async def test_under_a_flood_the_loop_turns_memory_is_bounded_and_the_button_works(
    tmp_path: Path, command: str
) -> None:
    quiet = python("import time\nwhile True: print(time.time(), flush=True); time.sleep(0.05)")
    config = (
        f"projects:\n  one: {{directory: ., autostart: false, command: '{command}'}}\n"
        f"  quiet: {{directory: ., command: {quiet}}}\n"
    )
    async with sidecar(tmp_path, config) as fujita, alive(fujita):
        await fujita.until_state("quiet", "running")
        before = rss(fujita)
        forget_peak(fujita)
        await fujita.post("/api/projects/one/start")
        pid = (await fujita.until_state("one", "running"))["pid"]
        late = 0.0
        async with fujita.stream("/api/projects/quiet/log/stream") as told:
            began = time.monotonic()
            async for record in told:
                if record.get("stream") == "stdout" and time.monotonic() - began > 0.5:
                    late = max(late, time.time() - float(record["text"].split("\n")[-2]))
                if time.monotonic() - began > 3:
                    break
        assert late < 10
        began = time.monotonic()
        assert (await fujita.ask("POST", "/api/projects/one/stop")).code == 202
        assert time.monotonic() - began < 10
        await fujita.until_state("one", "stopped")
        assert not psutil.pid_exists(pid)
        assert peak_rss(fujita) - before < (48 + 3 * 16) * MIB


@pytest.mark.slow
async def test_a_small_record_costs_the_cache_what_it_costs_the_memory(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; sys.stdin.readline()\n"
        "for _ in range(200_000):\n"
        "    os.write(1, b'x\\n'); end = time.perf_counter() + 0.00005\n"
        "    while time.perf_counter() < end: pass\n"
        "print('all said', flush=True); sys.stdin.readline()"
    )
    async with sidecar(tmp_path, one(code, "cache: 8 MiB,")) as fujita, alive(fujita):
        await fujita.until_state("one", "running")
        before = rss(fujita)
        await fujita.post("/api/projects/one/input", {"text": "go\n"})
        await fujita.until_log("one", "all said", 120)
        async with fujita.stream("/api/projects/one/log/stream") as told:
            hello = (await told.__anext__())["hello"]
        print(f"{hello['next'] - hello['first']} records kept of {hello['next'] - 1}")
        assert rss(fujita) - before < (8 + 16) * MIB
