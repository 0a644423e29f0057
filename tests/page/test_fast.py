"""A flood costs the reader neither the buttons nor the tab: acceptance lines 26 and 27."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from playwright.async_api import Page

from tests.page.browser import caught_up, until, visit
from tests.page.configs import printer
from tests.sidecar import sidecar

MANY = """
    import time
    for number in range(200_000):
        print(f"[24/Nov/2026 15:16:57] line {number} of very many")
    print("the end", flush=True)
    time.sleep(600)
"""
FLOOD = """
    import time
    number = 0
    begun = time.monotonic()
    while True:
        print("\\n".join(f"flood {number + i} {'.' * 40}" for i in range(500)), flush=True)
        number += 500
        time.sleep(max(0, begun + number / 50_000 - time.monotonic()))
"""
LATENCY = """key => new Promise(done => {
    const begun = performance.now();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
})"""
COUNT_FRAMES = """() => {
    window.frames_lost = window.frames_due = 0;
    let last = performance.now();
    const frame = now => {
        const due = Math.max(1, Math.round((now - last) / (1000 / 60)));
        window.frames_due += due;
        window.frames_lost += due - 1;
        last = now;
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
}"""


async def typed(page: Page, text: str) -> list[float]:
    """Milliseconds from each key that is pressed in the search field to the frame that shows it."""
    field = page.get_by_role("searchbox")
    waits = []
    for letter in text:
        begun = time.perf_counter()
        await field.press(letter if letter != " " else "Space")
        await page.evaluate(LATENCY)
        waits.append((time.perf_counter() - begun) * 1000)
    return waits


async def report(page: Page, waits: list[float]) -> None:
    lost, due = await page.evaluate("[window.frames_lost, window.frames_due]")
    heap = await page.evaluate("(gc(), performance.memory.usedJSHeapSize)") / 1024 / 1024
    print(
        f"input delay: median {statistics.median(waits):.0f} ms, longest {max(waits):.0f} ms;"
        f" {lost} of {due} frames lost; heap {heap:.0f} MiB"
    )


async def test_two_hundred_thousand_lines_can_be_scrolled_searched_and_typed_at(tmp_path: Path) -> None:
    config = printer(tmp_path, MANY, more="cache: 64 MiB\n")
    async with sidecar(tmp_path, config) as fujita, visit(fujita, "/projects/printer") as page:
        await caught_up(page, "the end")
        waits = []
        await page.locator("#log").hover()
        await page.evaluate(COUNT_FRAMES)
        for _ in range(40):
            begun = time.perf_counter()
            await page.mouse.wheel(0, -900)
            await page.evaluate(LATENCY)
            waits.append((time.perf_counter() - begun) * 1000)
            assert await page.locator(".row").count() <= 2000
        await report(page, waits + await typed(page, "line 1999"))
        await page.wait_for_function("() => !fujita.screen.log.search.searching")
        assert await page.evaluate("fujita.screen.log.search.total") == 111
        await page.evaluate("document.querySelector('.scroller').scrollTop = 1_000_000")
        await until(lambda: page.evaluate("document.querySelectorAll('.row').length > 50"))
        assert await page.locator(".row").count() <= 2000


async def test_a_flood_leaves_the_stop_button_and_the_memory_alone(tmp_path: Path) -> None:
    async with sidecar(tmp_path, printer(tmp_path, FLOOD)) as fujita, visit(fujita, "/projects/printer") as page:
        await page.locator(".row", has_text="flood").first.wait_for()
        await page.evaluate(COUNT_FRAMES)
        await asyncio.sleep(20)
        heap = await page.evaluate("performance.memory.usedJSHeapSize")
        assert heap < 300 * 1024 * 1024
        assert await page.locator(".row").count() <= 2000
        await report(page, await typed(page, "no such line"))
        begun = time.monotonic()
        await page.locator("[data-action=stop]").click()
        await page.locator(".band[data-state=stopped]").wait_for()
        print(f"stopped after {(time.monotonic() - begun) * 1000:.0f} ms; heap before {heap / 1024 / 1024:.0f} MiB")
