"""A real Chromium on a real sidecar's page: `async with visit(fujita, "/projects/blog") as page:`."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.djangos import CACHE
from tests.sidecar import PATIENCE, Fujita

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
]
AXE = CACHE / "axe" / "node_modules" / "axe-core" / "axe.min.js"
MILLISECONDS = PATIENCE * 1000
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    expect.set_options(timeout=MILLISECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visit(fujita: Fujita, path: str = "/", *, expected: str = "", **options: Any) -> AsyncIterator[Page]:
    """The page, in a browser of its own; at the end nothing may have gone wrong in it that is not `expected`
    (a regular expression)."""
    async with chromium() as browser, tab(browser, fujita, path, expected=expected, **options) as page:
        yield page


@asynccontextmanager
async def context(browser: Browser, **options: Any) -> AsyncIterator[BrowserContext]:
    made = await browser.new_context(viewport=options.pop("viewport", DESKTOP), **options)
    made.set_default_timeout(MILLISECONDS)
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def tab(
    browser: Browser, fujita: Fujita, path: str = "/", *, expected: str = "", **options: Any
) -> AsyncIterator[Page]:
    async with context(browser, **options) as made:
        page = await made.new_page()
        wrong = listen(page, fujita.url)
        try:
            await page.goto(fujita.url + path)
            yield page
        except BaseException:
            await tell(page, wrong)
            raise
        unexpected = [one for one in wrong if not expected or not re.search(expected, one)]
        assert not unexpected, "\n".join(unexpected)


def listen(page: Page, home: str) -> list[str]:
    """What goes wrong in the page: errors, words on its console, dialogs, requests to others, violations of its CSP."""
    wrong: list[str] = []
    # Of Chromium's own chatter: "info", about autofocus for one, and what befell it when this machine got an address.
    chatter = re.compile("^info|ERR_NETWORK_CHANGED")

    def hear(said: ConsoleMessage) -> None:
        if not chatter.search(line := f"{said.type} {said.text}"):
            wrong.append(f"console: {line}")

    page.on("pageerror", lambda error: wrong.append(f"error: {error.stack or error}"))
    page.on("console", hear)
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    hosts = (home, home.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda asked: None if asked.url.startswith(hosts) else wrong.append(f"request: {asked.url}"))
    return wrong


async def tell(page: Page, wrong: list[str]) -> None:
    """Prints what the page showed when a test failed: it may not fail again."""
    print("\n".join(wrong))
    with suppress(Exception):
        print((await asyncio.wait_for(page.inner_text("body"), 5))[:3000])


async def rows(page: Page) -> list[str]:
    """The text of the rows that are in the DOM."""
    return list(await page.locator(".row .text").all_inner_texts())


async def kept(page: Page) -> list[dict[str, Any]]:
    """All lines that the page's model keeps."""
    script = """() => window.fujita.screen.log.feeds.flatMap(({model}) => model.lines())
        .map(({id, part, time, stream, text, kind, epoch}) => ({id, part, time, stream, text, kind, epoch}))"""
    return list(await page.evaluate(script))


async def caught_up(page: Page, text: str) -> None:
    """Waits until a line with this text is kept and shown as far as it is; more may be on its way."""
    script = """text => window.fujita?.screen.log?.feeds.some(
        ({model}) => model.lines().some(line => line.text.includes(text))
    )"""
    await page.wait_for_function(script, arg=text)
    await page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


async def until(true: Callable[[], Awaitable[Any]], what: str = "it", patience: float = PATIENCE) -> Any:
    """Asks again and again until the answer is true."""
    deadline = asyncio.get_running_loop().time() + patience
    while not (answer := await true()):
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not come within {patience} s"
        await asyncio.sleep(0.02)
    return answer


async def at_rest(page: Page) -> None:
    """Waits until the log stands still: browsers scroll smoothly, and fingers leave a momentum."""
    script = """() => new Promise(done => {
        const scroller = document.querySelector(".scroller");
        let [top, since, frames] = [scroller.scrollTop, performance.now(), 0];
        const look = () => {
            frames++;
            if (scroller.scrollTop !== top) [top, since, frames] = [scroller.scrollTop, performance.now(), 0];
            if (frames > 10 && performance.now() - since > 250) done(); else requestAnimationFrame(look);
        };
        look();
    })"""
    await page.evaluate(script)


async def visit_site(fujita: Fujita, name: str, path: str = "/") -> int:
    """One request to the managed Django; its status."""
    from tornado.httpclient import AsyncHTTPClient

    port = (await fujita.status(name))["port"]
    answer = await AsyncHTTPClient().fetch(
        f"http://127.0.0.1:{port}{path}", raise_error=False, request_timeout=PATIENCE
    )
    return int(answer.code)


async def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    bad = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in bad]


def screenshots() -> Path:
    """Where screenshots go, to be looked at."""
    folder = CACHE / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
