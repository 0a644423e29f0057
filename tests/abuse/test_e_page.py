"""The page of somebody who leaves it open: a progress bar, a flood for as long as FUJITA_FLOOD seconds (an hour in the
catalogue), and fifty tabs whose sidecar goes."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.abuse.wire import SLEEPER, alive, python
from tests.page.browser import at_rest, caught_up, chromium, context, kept, rows, until, visit
from tests.page.configs import printer
from tests.sidecar import sidecar

STEPS = 100_000
FLOOD_SECONDS = float(os.environ.get("FUJITA_FLOOD", "60"))
MILLION_AND_MORE = """
    import time
    for block in range(2_000):
        print("\\n".join(f"line {block * 500 + i} {'.' * 40}" for i in range(500)))
    print("a million", flush=True)
    number, begun = 0, time.monotonic()
    while True:
        print("\\n".join(f"flood {number + i} {'.' * 40}" for i in range(500)), flush=True)
        number += 500
        time.sleep(max(0, begun + number / 50_000 - time.monotonic()))
"""
TABS = 50
SILENCE = 20
"""Seconds without a sidecar."""


@pytest.mark.slow
async def test_a_hundred_thousand_steps_of_a_progress_bar_are_one_line_and_the_dom_does_not_grow(
    tmp_path: Path,
) -> None:
    code = (
        "import os, sys; sys.stdin.readline()\n"
        f"for n in range({STEPS} + 1): os.write(1, b'\\r %d of {STEPS}' % n)\n"
        "os.write(1, b'\\nall said\\n'); sys.stdin.readline()"
    )
    async with sidecar(tmp_path, f"projects: {{one: {{directory: ., command: {python(code)}}}}}") as fujita:
        await fujita.until_state("one", "running")
        async with alive(fujita), visit(fujita, "/projects/one") as page:
            await caught_up(page, "was started")
            before = await page.evaluate("document.querySelectorAll('*').length")
            await fujita.post("/api/projects/one/input", {"text": "go\n"})
            await caught_up(page, "all said")
            assert [row.strip() for row in await rows(page) if " of " in row] == [f"{STEPS} of {STEPS}"]
            assert await page.evaluate("document.querySelectorAll('*').length") < before + 100
            assert len([line for line in await kept(page) if line["stream"] == "stdout"]) < 10


async def kept_text(page: Page, text: str) -> bool:
    script = "text => fujita.screen.log.feeds[0].model.lines().slice(-100).some(line => line.text.includes(text))"
    return bool(await page.evaluate(script, text))


async def heap(page: Page) -> int:
    return int(await page.evaluate("(gc(), performance.memory.usedJSHeapSize)"))


@pytest.mark.slow
async def test_a_tab_in_the_background_of_a_long_flood_stays_small_and_where_its_reader_was(tmp_path: Path) -> None:
    config = printer(tmp_path, MILLION_AND_MORE, more="cache: 64 MiB\n")
    async with (
        sidecar(tmp_path, config) as fujita,
        chromium() as browser,
        context(browser) as window,
    ):
        page = await window.new_page()
        await page.goto(f"{fujita.url}/projects/printer")
        await caught_up(page, "flood")
        await page.locator("#log").hover()
        await page.mouse.wheel(0, -900)
        await page.wait_for_function("() => !window.fujita.screen.log.view.following")
        await at_rest(page)
        front = await window.new_page()
        await front.bring_to_front()
        deadline = asyncio.get_running_loop().time() + FLOOD_SECONDS
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(10.0, left))
            assert await heap(page) < 300 * 2**20
            assert await page.locator(".row").count() <= 2000
        assert not await page.evaluate("fujita.screen.log.view.following")  # what its reader looked at is long gone
        print(f"heap {await heap(page) / 2**20:.0f} MiB")
        await page.bring_to_front()
        await fujita.post("/api/projects/printer/stop")
        await fujita.until_state("printer", "stopped")
        await until(lambda: kept_text(page, "was stopped"), "the end", 180)  # at worst all of the cache is sent again


@pytest.mark.slow
async def test_fifty_tabs_wait_longer_and_longer_for_a_sidecar_that_is_gone_and_all_come_back(tmp_path: Path) -> None:
    attempts: list[float] = []  # each of two sockets a tab, and of a question why

    def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        attempts.append(time.monotonic())
        writer.close()

    async with chromium() as browser, context(browser) as window:
        async with sidecar(tmp_path, SLEEPER) as first:
            tabs = [await window.new_page() for _ in range(TABS)]
            for tab in tabs:
                await tab.goto(f"{first.url}/projects/one")
                await expect(tab.locator(".state")).to_have_text("Running")
            await first.end(signal.SIGKILL)
            server = await asyncio.start_server(refuse, "127.0.0.1", first.port)
            begun = time.monotonic()
            await asyncio.sleep(SILENCE)
            early = sum(moment < begun + SILENCE / 2 for moment in attempts)
            late = len(attempts) - early
            for tab in tabs:
                await expect(tab.locator(".banner")).to_contain_text("Connection lost")
            server.close()
            await server.wait_closed()
        print(f"{early} attempts of {2 * TABS} sockets in the first half of {SILENCE} s, {late} in the second")
        assert TABS < early < 2 * TABS * 16
        assert late < early / 1.5
        async with sidecar(tmp_path, "", port=first.port):
            for tab in tabs:
                await expect(tab.locator(".banner")).to_have_count(0)
                await expect(tab.locator(".state")).to_have_text("Running")
