"""Taking the log along: what is selected is copied as it was printed, and what is shown can be printed on paper."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.async_api import Page, expect

from tests.page.browser import caught_up, visit
from tests.page.configs import printer
from tests.sidecar import sidecar

TRACEBACK = """\
Traceback (most recent call last):
  File "/site/polls/views.py", line 3, in boom
    raise ValueError("boom")
ValueError: boom"""
LINES = ["first", "  two spaces ahead", TRACEBACK, "after it", *(f"number {number}" for number in range(3000)), "last"]
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def talker(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lines.json").write_text(json.dumps(LINES))
    script = """
        import json, sys, time
        print("\\n".join(json.load(open("lines.json"))), flush=True)
        time.sleep(600)
    """
    return printer(folder, script)


async def copied(page: Page) -> str:
    await page.keyboard.press("Control+c")
    return str(await page.evaluate("navigator.clipboard.readText()"))


async def select(page: Page, first: str, last: str) -> None:
    """As a mouse would: from the first letter of a row's text to the last letter of another's."""
    script = """([first, last]) => {
        const texts = [...document.querySelectorAll(".row .text")];
        const [from, to] = [first, last].map(words => texts.find(text => text.textContent.includes(words)));
        const selection = document.getSelection();
        selection.setBaseAndExtent(from, 0, to, to.childNodes.length);
    }"""
    await page.evaluate(script, [first, last])


async def test_what_is_copied_is_what_was_printed(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, talker(tmp_path)) as fujita,
        visit(fujita, "/projects/printer", permissions=CLIPBOARD) as page,
    ):
        await caught_up(page, "last")
        await page.locator("#log").focus()
        await page.keyboard.press("g")
        await select(page, "first", "after it")
        assert await copied(page) == "\n".join(LINES[:4])
        await page.get_by_text("two spaces ahead").click(click_count=3)
        assert await copied(page) == "  two spaces ahead"
        await page.locator(".exception").dblclick(position={"x": 10, "y": 12})
        assert (await copied(page)).strip() == "ValueError"
        await page.locator(".fold-toggle").click()
        await page.locator("#log").focus()
        await page.keyboard.press("Control+a")
        everything = await copied(page)
        assert everything.split("\n", 1)[1] == "\n".join(LINES)
        await page.get_by_text("two spaces ahead").dblclick(position={"x": 25, "y": 10})
        assert (await copied(page)).strip() == "two"


async def test_all_that_is_shown_is_printed_also_what_is_not_on_the_screen(tmp_path: Path) -> None:
    async with sidecar(tmp_path, talker(tmp_path)) as fujita, visit(fujita, "/projects/printer") as page:
        await caught_up(page, "last")
        await page.evaluate(
            """() => window.addEventListener("beforeprint", () => {
                const paper = document.querySelector(".paper");
                window.printed = [...paper.querySelectorAll(".row .text")].map(text => text.textContent);
            })"""
        )
        await page.pdf()
        printed = await page.evaluate("window.printed")
        assert [text for text in printed if text.startswith("number ")] == [f"number {n}" for n in range(3000)]
        assert printed[-1] == "last"
        await expect(page.locator(".paper")).to_have_count(0)
        await page.get_by_role("searchbox").fill("number 299")
        await page.get_by_role("button", name="Only matches").click()
        await expect(page.locator(".row")).to_have_count(11)
        await page.pdf()
        assert len(await page.evaluate("window.printed")) == 11
