"""For everybody: small screens, keyboards, screen readers, themes: acceptance lines 21 to 24."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.page.browser import PHONE, caught_up, chromium, screenshots, tab, violations, visit, visit_site
from tests.page.configs import blog, program
from tests.sidecar import Fujita, sidecar

SIDEWAYS = "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
FOCUSED = """() => {
    const one = document.activeElement;
    if (one === document.body) return null;
    const style = getComputedStyle(one);
    const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
    const around = one.closest('.search') && getComputedStyle(one.closest('.search')).outlineStyle !== 'none';
    const name = one.getAttribute('aria-label') || one.textContent.trim() || one.tagName;
    return [name, Boolean(seen || around)];
}"""


async def with_a_failure(fujita: Fujita) -> None:
    """A log with something of everything."""
    await fujita.until_state("blog", "running")
    await visit_site(fujita, "blog", "/boom/")
    await visit_site(fujita, "blog", "/nosuch")
    await fujita.until_log("blog", '"GET /nosuch')


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 640}, {"width": 640, "height": 400}], ids=str)
async def test_a_small_screen_needs_no_sideways_scroll_and_reaches_its_buttons(tmp_path: Path, size: Any) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita:
        await with_a_failure(fujita)
        async with chromium() as browser:
            for path in ("/projects/blog", "/?view=projects", "/?view=together"):
                async with tab(browser, fujita, path, viewport=size, has_touch=True, is_mobile=True) as page:
                    await expect(page.locator(".row, .project-row").first).to_be_visible()
                    assert await page.evaluate(SIDEWAYS) <= 0
                    for button in await page.locator(".buttons button").all():
                        box = await button.bounding_box()
                        assert box and box["x"] >= 0 and box["x"] + box["width"] <= size["width"]
                        assert box["height"] >= 43.5
                        await button.scroll_into_view_if_needed()
                        await expect(button).to_be_in_viewport(ratio=1)


async def reached_by_tab(page: Page) -> list[tuple[str, bool]]:
    """The name of every control that Tab leads to from the top, and whether its focus can be seen."""
    reached = []
    for _ in range(80):
        await page.keyboard.press("Tab")
        focused = await page.evaluate(FOCUSED)
        if focused is None:
            break
        reached.append(tuple(focused))
    return reached


async def test_every_control_is_reached_by_keyboard_and_its_focus_is_seen(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path) + program("gone", "exit 7")) as fujita, chromium() as browser:
        await with_a_failure(fujita)
        for path in ("/projects/blog?q=GET", "/", "/?view=together"):
            async with tab(browser, fujita, path) as page:
                if path == "/":
                    await expect(page.locator(".project-row")).to_have_count(2)
                else:
                    await caught_up(page, '"GET /nosuch')
                reached = await reached_by_tab(page)
                assert [one for one in reached if not one[1]] == []
                names = " | ".join(one[0] for one in reached)
                wanted = page.locator("button:visible:enabled, a[href]:visible:not([tabindex='-1']), input:visible")
                for control in await wanted.all():
                    name = await control.evaluate("one => one.getAttribute('aria-label') || one.textContent.trim()")
                    assert name in names, path


async def test_every_control_does_its_work_by_keyboard(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita:
        await with_a_failure(fujita)
        async with visit(fujita, "/projects/blog?q=GET") as page:
            await caught_up(page, '"GET /nosuch')
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await expect(page.locator("#log")).to_be_focused()  # the skip link
            for opener in ("Switch project", "Settings", "Show", "More", "Run…"):
                button = page.get_by_role("button", name=opener, exact=True)
                await button.focus()
                await page.keyboard.press("Enter")
                panel = page.locator(".panel:popover-open")
                await expect(panel).to_be_visible()
                await page.keyboard.press("Tab")
                assert await panel.evaluate("panel => panel.contains(document.activeElement)"), opener
                await page.keyboard.press("Escape")
                await expect(panel).to_have_count(0)
                await expect(button).to_be_focused()
            for toggle in ("Match case", "Whole words", "Regular expression", "Only matches", "Only problems"):
                button = page.get_by_role("button", name=toggle, exact=True)
                await button.focus()
                for pressed in ("true", "false"):
                    await page.keyboard.press("Space")
                    await expect(button).to_have_attribute("aria-pressed", pressed)
            fold = page.locator(".fold-toggle")
            await fold.focus()
            for expanded in ("true", "false"):
                await page.keyboard.press("Enter")
                await expect(fold).to_have_attribute("aria-expanded", expanded)
                await expect(fold).to_be_focused()
            await page.get_by_role("button", name="Show newest").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator(".row.current")).to_be_visible()


STANDS = """() => JSON.stringify([
    location.href, document.documentElement.dataset, document.querySelector(".scroller").scrollTop,
    document.activeElement.className, document.querySelectorAll("dialog[open]").length,
    document.querySelector(".row.current")?.textContent, document.querySelector(".toast").hidden,
])"""


async def test_question_mark_lists_exactly_the_keys_that_exist(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, blog(tmp_path)) as fujita,
        visit(fujita, "/projects/blog", viewport={"width": 1000, "height": 400}) as page,
    ):
        await with_a_failure(fujita)
        await visit_site(fujita, "blog", "/boom/")
        await expect(page.locator(".fold")).to_have_count(2)
        await page.keyboard.press("?")
        await expect(page.locator("dialog[open]")).to_be_visible()
        listed = await page.locator("dialog[open] kbd").all_inner_texts()
        known = await page.evaluate("async () => (await import('/static/keys.js')).KEYS.map(([key]) => key)")
        assert listed == known
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        await page.locator("#log").focus()
        stood = await page.evaluate(STANDS)
        for key in sorted(set(string.ascii_letters + string.digits + string.punctuation) - set(listed)):
            await page.keyboard.press(key)
        assert await page.evaluate(STANDS) == stood
        for key in "nepgGwwtt":
            stood = await page.evaluate(STANDS)
            await page.keyboard.press(key)
            assert await page.evaluate(STANDS) != stood, key
        await page.keyboard.press("i")
        await expect(page.get_by_label("Answer the program")).to_be_focused()
        await page.keyboard.press("Escape")
        await page.evaluate(
            "window.addEventListener('keydown', event => setTimeout(() => window.taken = event.defaultPrevented))"
        )
        for taken in (True, False):
            await page.keyboard.press("Control+f")
            await expect(page.get_by_role("searchbox")).to_be_focused()
            await page.wait_for_function("taken => window.taken === taken", arg=taken)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Control+k")
        await page.keyboard.press("Control+k")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        await page.keyboard.press("/")
        await expect(page.get_by_role("searchbox")).to_be_focused()
        await page.keyboard.type("w?G")
        await expect(page.get_by_role("searchbox")).to_have_value("w?G")
        assert await page.evaluate("document.documentElement.dataset.wrap") == "true"
        await page.get_by_role("searchbox").fill("")
        await page.keyboard.press("Escape")
        await page.keyboard.press("w")
        assert await page.evaluate("document.documentElement.dataset.wrap") == "false"
        await page.keyboard.press("Control+k")
        await page.get_by_role("combobox").fill("stop blog")
        await page.keyboard.press("Enter")
        await fujita.until_state("blog", "stopped")


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_serious(tmp_path: Path, theme: str) -> None:
    config = blog(tmp_path) + program("gone", "exit 7")
    async with sidecar(tmp_path, config) as fujita, chromium() as browser:
        await with_a_failure(fujita)
        for path in ("/projects/blog", "/", "/?view=together"):
            async with tab(browser, fujita, path, color_scheme=theme) as page:
                await expect(page.locator(".row, .project-row").first).to_be_visible()
                assert await violations(page) == []
                if path != "/projects/blog":
                    continue
                await page.locator(".fold-toggle").click()
                assert await violations(page) == []
                for opened in ("Settings", "Show", "More", "Switch project"):
                    await page.get_by_role("button", name=opened, exact=True).click()
                    assert await violations(page) == []
                    await page.keyboard.press("Escape")
                for key in ("?", "Control+k"):
                    await page.locator("#log").focus()
                    await page.keyboard.press(key)
                    assert await violations(page) == []
                    await page.keyboard.press("Escape")
                await page.get_by_role("searchbox").fill("GET")
                await page.get_by_role("searchbox").press("Enter")
                await page.evaluate(
                    "location.hash = '#another:1'; WebSocket = class { close() {} }; fujita.stream.again()"
                )
                await expect(page.locator(".banner")).to_contain_text("Connection lost")
                assert await violations(page) == []


async def test_every_look_can_be_taken(tmp_path: Path) -> None:
    looks: dict[str, dict[str, Any]] = {
        "light": {"color_scheme": "light"},
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
        "still": {"reduced_motion": "reduce"},
        "forced": {"forced_colors": "active"},
        "contrast": {"contrast": "more"},
    }
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, chromium() as browser:
        await with_a_failure(fujita)
        for name, options in looks.items():
            async with tab(browser, fujita, "/projects/blog", **options) as page:
                await caught_up(page, '"GET /nosuch')
                await page.screenshot(path=screenshots() / f"project-{name}.png")
                if name == "light":
                    assert len(await page.pdf(path=screenshots() / "project-print.pdf")) > 10_000
                    await page.emulate_media(media="print")
                    ink = await page.locator(".row .text").last.evaluate("one => getComputedStyle(one).color")
                    assert ink == "rgb(0, 0, 0)"
