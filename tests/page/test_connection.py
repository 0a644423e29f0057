"""The page outlives the sidecar, the network, and its own sign-in: acceptance lines 11, 18, 25, 30."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
from pathlib import Path

from playwright.async_api import expect

from tests.page.browser import at_rest, caught_up, chromium, context, kept, until, violations, visit
from tests.page.configs import blog, printer
from tests.sidecar import sidecar

COUNTER = """
    import time
    for number in range(1_000_000):
        print(f"tick {number}", flush=True)
        time.sleep(.01)
"""
FLOOD = """
    import time
    number = 0
    while True:
        print("\\n".join(f"flood {number + i} {'.' * 60}" for i in range(500)), flush=True)
        number += 500
        time.sleep(.05)
"""
HIDE = """value => {
    Object.defineProperty(document, "hidden", {value, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""
REFUSED = "WebSocket connection|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"


async def test_a_killed_sidecar_is_said_and_its_successor_resumed_where_the_reader_was(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, COUNTER)) as first,
        visit(first, "/projects/printer", expected=REFUSED) as page,
    ):
        await caught_up(page, "tick 200")
        field = page.get_by_role("searchbox")
        await field.fill("tick")
        await page.locator("#log").hover()
        await page.mouse.wheel(0, -900)
        await page.wait_for_function("() => !window.fujita.screen.log.view.following")
        await at_rest(page)
        await field.focus()
        eye = "() => { const {line, offset} = fujita.screen.log.view.eye(); return [line.text, offset]; }"
        before = await page.evaluate(eye)
        await first.end(signal.SIGKILL)
        await expect(page.locator(".banner")).to_contain_text("Connection lost")
        await expect(page.locator(".buttons button").first).to_be_disabled()
        assert await page.locator("link[rel=icon]").get_attribute("href") == "/static/icons/offline.svg"
        async with sidecar(tmp_path, "", port=first.port) as second:
            await second.until_log("printer", "tick 100")
            await expect(page.locator(".banner")).to_have_count(0)
            await until(lambda: page.evaluate("fujita.screen.log.feeds[0].stream.state === 'open'"))
            await page.wait_for_function(
                "() => fujita.screen.log.feeds[0].model.lines().some(l => ['epoch', 'resumed'].includes(l.kind))"
            )
            lines = await kept(page)
            printed = [(line["epoch"], line["id"], line["part"]) for line in lines if line["stream"] != "page"]
            assert len(printed) == len(set(printed))
            after = await page.evaluate(eye)
            assert after[0] == before[0] and abs(after[1] - before[1]) < 1
            assert await page.evaluate("document.activeElement.type") == "search"


async def test_a_restart_by_socket_activation_never_meets_the_browsers_error_page(tmp_path: Path) -> None:
    (tmp_path / "fujita.yml").write_text(printer(tmp_path, COUNTER))
    with socket.create_server(("127.0.0.1", 0)) as held:
        async with chromium() as browser, context(browser) as one, context(browser) as two, context(browser) as three:
            opened, going, reloaded = [await window.new_page() for window in (one, two, three)]
            async with sidecar(tmp_path, "", held=held) as first:
                address = f"{first.url}/projects/printer"
                for page in (opened, reloaded):
                    await page.goto(address)
                    await caught_up(page, "tick 20")
            await expect(opened.locator(".banner")).to_contain_text("Connection lost")
            asked = [asyncio.create_task(going.goto(address)), asyncio.create_task(reloaded.reload())]
            await until(lambda: connections(held, 2))
            async with sidecar(tmp_path, "", held=held):
                for answer in await asyncio.gather(*asked):
                    assert answer and answer.status == 200
                for page in (opened, going, reloaded):
                    assert page.url == address
                    await caught_up(page, "tick 30")
                await expect(opened.locator(".banner")).to_have_count(0)


async def connections(held: socket.socket, count: int) -> bool:
    """Whether so many wait to be accepted: for a listening socket tcpi_unacked is the backlog's length (tcp(7))."""
    (waiting,) = struct.unpack_from("I", held.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), 24)
    return int(waiting) >= count


async def test_a_lost_connection_is_resumed_without_loss_or_repeat(tmp_path: Path) -> None:
    async with sidecar(tmp_path, printer(tmp_path, COUNTER)) as fujita, visit(fujita, "/projects/printer") as page:
        for number in range(5):
            await caught_up(page, f"tick {number * 50 + 20}")
            await page.evaluate("fujita.screen.log.feeds[0].stream.again()")
        await caught_up(page, "tick 400")
        ticks = [line["text"] for line in await kept(page) if line["text"].startswith("tick")]
        assert ticks == [f"tick {number}" for number in range(len(ticks))]
        assert [line["kind"] for line in await kept(page)].count("resumed") >= 1


async def test_a_sidecar_that_vanished_without_a_word_is_noticed(tmp_path: Path) -> None:
    script = "import time; print('up', flush=True); time.sleep(600)"
    async with (
        sidecar(tmp_path, printer(tmp_path, script)) as fujita,
        visit(fujita, "/projects/printer", expected=REFUSED) as page,
    ):
        await caught_up(page, "up")
        fujita.process.send_signal(signal.SIGSTOP)
        try:
            await expect(page.locator(".banner")).to_contain_text("Connection lost", timeout=25_000)
        finally:
            fujita.process.send_signal(signal.SIGCONT)
        await expect(page.locator(".banner")).to_have_count(0, timeout=30_000)


async def test_signing_in_out_and_an_expired_cookie(tmp_path: Path) -> None:
    config = "  token: open-sesame\n" + blog(tmp_path)
    async with (
        sidecar(tmp_path, config) as fujita,
        visit(fujita, "/projects/blog", expected="401|Password forms|HTTP Authentication") as page,
    ):
        token = page.get_by_label("token")
        await token.fill("open-barley")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        assert await violations(page) == []
        await token.fill("open-sesame")
        await page.get_by_role("button", name="Sign in").click()
        await caught_up(page, "Quit the server")
        assert page.url == f"{fujita.url}/projects/blog"
        await page.context.clear_cookies()
        await page.evaluate("fujita.stream.again(); fujita.stream.now()")
        await expect(page.locator(".banner")).to_contain_text("You are signed out.")
        await expect(page.get_by_text("Quit the server")).to_be_visible()
        await page.get_by_role("link", name="Sign in").click()
        await token.fill("open-sesame")
        await page.get_by_role("button", name="Sign in").click()
        await caught_up(page, "Quit the server")
        await page.get_by_role("button", name="Settings").click()
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator(".banner")).to_contain_text("You are signed out.")
        assert await page.context.cookies() == []


async def test_a_removed_project_is_said(tmp_path: Path) -> None:
    config = printer(tmp_path, "import time; print('up', flush=True); time.sleep(600)")
    async with sidecar(tmp_path, config) as fujita, visit(fujita, "/projects/printer", expected="404") as page:
        await caught_up(page, "up")
        fujita.write_config(config.replace("  printer:", "  other:"))
        fujita.reload_by_signal()
        await expect(page.locator(".banner")).to_contain_text("There is no project “printer” any more.")
        await page.get_by_role("link", name="Go to all projects").click()
        await expect(page.locator(".project-link")).to_have_text("Printer")


async def test_a_hidden_tab_catches_up_after_two_minutes_of_flood(tmp_path: Path) -> None:
    async with sidecar(tmp_path, printer(tmp_path, FLOOD)) as fujita, visit(fujita, "/projects/printer") as page:
        await caught_up(page, "flood 1000 ")
        await page.evaluate(HIDE, True)
        await asyncio.sleep(120)
        assert await page.evaluate("fujita.screen.log.feeds[0].stream.state") == "resting"
        await page.evaluate(HIDE, False)
        await page.wait_for_function("() => fujita.screen.log.feeds[0].stream.state === 'open'")
        await page.wait_for_function("() => fujita.screen.log.feeds[0].model.live && !fujita.screen.log.feeds[0].busy")
        await expect(page).to_have_title("● Printer: Running")
        heap = await page.evaluate("(gc(), performance.memory.usedJSHeapSize)")
        assert heap < 300 * 1024 * 1024
