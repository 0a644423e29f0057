"""What breaks is said at once, at the right place, and no longer than it is true: acceptance lines 4, 5, 17, 28."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect

from tests.django_for_real.play import RELOADER, save_again
from tests.page.browser import caught_up, chromium, context, kept, listen, visit, visit_site
from tests.page.configs import blog
from tests.sidecar import Fujita, sidecar

COUNT_NOTIFICATIONS = """
    window.Notification = class {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title) { window.notified(title); }
    };
"""


async def break_views(fujita: Fujita) -> str:
    """Saves a SyntaxError and waits until Django said so; returns what was there."""
    views = fujita.folder / "blog" / "polls" / "views.py"
    good = views.read_text()
    await asyncio.sleep(RELOADER)
    views.write_text(good + "\n\ndef oops(:\n    pass\n")
    saving = asyncio.create_task(save_again(views))
    try:
        await fujita.until_state("blog", "broken")
    finally:
        saving.cancel()
    return good


async def mend_views(fujita: Fujita, good: str) -> None:
    """Saves the mended file until it is noticed: a save within a second of the error may be missed by Django."""
    views = fujita.folder / "blog" / "polls" / "views.py"
    views.write_text(good)
    await fujita.until_state("blog", "running")


async def favicon(page: Page) -> str:
    return str(await page.locator("link[rel=icon]").get_attribute("href"))


async def test_a_syntax_error_is_shown_in_band_card_title_and_favicon_until_it_is_mended(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await fujita.until_state("blog", "running")
        good = await break_views(fujita)
        status = await fujita.status("blog")
        await expect(page.locator(".summary")).to_have_text(status["summary"])
        await expect(page.locator(".band")).to_have_attribute("data-state", "broken")
        await expect(page.locator(".problem strong")).to_have_text("SyntaxError")
        place = page.locator(".problem .place")
        await expect(place).to_have_text(f"polls/views.py:{status['problem']['line']}")
        path = f"{fujita.folder}/blog/polls/views.py:{status['problem']['line']}"
        await expect(place).to_have_attribute("href", f"vscode://file{path}")
        await expect(page).to_have_title("● Blog: SyntaxError")
        assert await favicon(page) == "/static/icons/broken.svg"
        await mend_views(fujita, good)
        await expect(page.locator(".summary")).to_have_text("Django is running")
        await expect(page.locator(".problem")).to_have_count(0)
        await expect(page).to_have_title("● Blog: Running")
        assert await favicon(page) == "/static/icons/running.svg"


async def test_a_failed_request_is_a_folded_traceback_at_the_projects_own_frame(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, blog(tmp_path)) as fujita,
        visit(fujita, "/projects/blog", permissions=["clipboard-read", "clipboard-write"]) as page,
    ):
        await fujita.until_state("blog", "running")
        assert await visit_site(fujita, "blog", "/boom/") == 500
        await caught_up(page, '"GET /boom/ HTTP/1.1" 500')
        fold = page.locator(".row.fold")
        await expect(fold).to_have_count(1)
        await expect(fold.locator(".exception")).to_have_text("ValueError: boom in view")
        await expect(fold.locator(".frame .place")).to_contain_text("polls/views.py:")
        await expect(fold.locator(".frame code")).to_have_text('raise ValueError("boom in view")')
        await expect(page.locator(".row", has_text="get_response")).to_have_count(0)
        await fold.get_by_role("button", name="Copy traceback").click()
        copied = await page.evaluate("navigator.clipboard.readText()")
        lines = [line["text"] for line in await kept(page)]
        begin = lines.index("Traceback (most recent call last):")
        assert copied.rstrip("\n").split("\n") == lines[begin : begin + len(copied.rstrip("\n").split("\n"))]
        assert copied.rstrip("\n").endswith("ValueError: boom in view")
        await fold.get_by_role("button", name="ValueError").click()
        await expect(page.locator(".row.own-frame")).not_to_have_count(0)
        await expect(page.locator(".row.library-frame")).not_to_have_count(0)
        await expect(page.locator(".errors")).to_contain_text("1 request failed")
        await visit_site(fujita, "blog", "/boom/")
        await expect(page.locator(".errors")).to_contain_text("2 requests failed")
        await expect(page.locator(".state")).to_have_text("Running")


async def test_a_mistake_in_the_config_is_shown_with_its_place_until_it_is_mended(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await fujita.until_state("blog", "running")
        good = fujita.config.read_text()
        fujita.config.write_text(good.replace("title: Blog", "titel: Blog"))
        fujita.reload_by_signal()
        banner = page.locator(".banner.config")
        await expect(banner).to_contain_text("fujita.yml:5:")
        await expect(banner).to_contain_text("titel")
        await expect(page.locator(".state")).to_have_text("Running")
        fujita.config.write_text(good)
        fujita.reload_by_signal()
        await expect(banner).to_have_count(0)


async def test_what_broke_is_notified_once_over_three_tabs_and_a_restart_is_not(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, chromium() as browser, context(browser) as tabs:
        await fujita.until_state("blog", "running")
        notified: list[str] = []
        await tabs.expose_function("notified", lambda title: notified.append(title))
        await tabs.add_init_script(COUNT_NOTIFICATIONS)
        await tabs.add_init_script("localStorage.setItem('fujita', JSON.stringify({notify: true}))")
        pages = [await tabs.new_page() for _ in range(3)]
        wrong = [listen(page, fujita.url) for page in pages]
        for page in pages:
            await page.goto(f"{fujita.url}/projects/blog")
            await expect(page.locator(".state")).to_have_text("Running")
        pid = (await fujita.status("blog"))["pid"]
        await fujita.post("/api/projects/blog/restart")
        await fujita.until("blog", lambda status: status["state"] == "running" and status["pid"] != pid)
        assert notified == []
        good = await break_views(fujita)
        for page in pages:
            await expect(page.locator(".band")).to_have_attribute("data-state", "broken")
        await mend_views(fujita, good)
        for page in pages:
            await expect(page.locator(".state")).to_have_text("Running")
        assert notified == ["Blog broke", "Blog runs again"]
        assert not any(wrong)
