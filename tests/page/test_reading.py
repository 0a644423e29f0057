"""Reading: follow, search, filter, gaps, links to lines: acceptance lines 6, 7, 8, 13, 14."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.page.browser import at_rest, caught_up, kept, visit
from tests.page.configs import printer
from tests.sidecar import Fujita, sidecar

ON_DEMAND = """
    import sys
    number = 0
    print("ready", flush=True)
    for line in sys.stdin:
        for _ in range(int(line)):
            number += 1
            print(f"line {number} of many, with some words to make it longer" + " and longer" * (number % 7 * 4))
        print(f"printed {number}", flush=True)
"""
EYE = """() => {
    const {top} = document.querySelector(".scroller").getBoundingClientRect();
    const row = [...document.querySelectorAll(".row")].find(row => row.getBoundingClientRect().bottom > top + 1);
    const {epoch, id, part, text} = row.line;
    return {key: `${epoch}:${id}:${part}`, text, offset: row.getBoundingClientRect().top - top};
}"""
SCROLLS: dict[str, Any] = {
    "wheel": lambda page: page.mouse.wheel(0, -700),
    "keys": lambda page: page.keyboard.press("PageUp"),
    "scrollbar": lambda page: page.evaluate("document.querySelector('.scroller').scrollTop -= 600"),
}


async def print_lines(fujita: Fujita, page: Page, count: int, last: int) -> None:
    await fujita.ask("POST", "/api/projects/printer/input", {"text": f"{count}\n"})
    await caught_up(page, f"printed {last}")


async def drag_down(page: Page) -> None:
    """A finger that drags the log's older lines into sight."""
    wire = await page.context.new_cdp_session(page)
    for number, y in enumerate(range(300, 700, 20)):
        kind = "touchMove" if number else "touchStart"
        await wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": 400, "y": y}]})
    await wire.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def following(page: Page) -> bool:
    return bool(await page.evaluate("window.fujita.screen.log.view.following"))


@pytest.mark.parametrize("way", [*SCROLLS, "touch"])
async def test_scrolling_up_pauses_and_the_line_under_the_eye_never_moves(tmp_path: Path, way: str) -> None:
    options: dict[str, Any] = {"has_touch": True} if way == "touch" else {}
    async with (
        sidecar(tmp_path, printer(tmp_path, ON_DEMAND)) as fujita,
        visit(fujita, "/projects/printer", **options) as page,
    ):
        await caught_up(page, "ready")
        await print_lines(fujita, page, 3000, 3000)
        assert await following(page)
        await page.locator("#log").focus()
        await page.locator("#log").hover()
        if way == "touch":
            await drag_down(page)
        else:
            await SCROLLS[way](page)
        await page.wait_for_function("() => !window.fujita.screen.log.view.following")
        await at_rest(page)
        before = await page.evaluate(EYE)
        await page.evaluate("window.fujita.screen.log.feeds[0].model.bound = 2_500_000")
        await print_lines(fujita, page, 10_000, 13_000)
        after = await page.evaluate(EYE)
        assert after["key"] == before["key"]
        assert abs(after["offset"] - before["offset"]) < 1
        assert await page.evaluate("window.fujita.screen.log.feeds[0].model.firstLine.n") > 100, "nothing was evicted"
        pill = page.locator(".pill:not(.back)")
        await expect(pill).to_have_text("10,002 new lines")  # the echo of what was typed is one
        await pill.click()
        assert await following(page)
        await expect(page.locator(".row").last).to_contain_text("printed 13000")
        assert await page.locator(".row").count() <= 2000


async def test_selecting_text_pauses(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, ON_DEMAND)) as fujita,
        visit(fujita, "/projects/printer") as page,
    ):
        await caught_up(page, "ready")
        await print_lines(fujita, page, 100, 100)
        await page.locator(".row .text").last.dblclick(position={"x": 20, "y": 8})
        await page.wait_for_function("() => !window.fujita.screen.log.view.following")
        selected = await page.evaluate("document.getSelection().toString().trim()")
        await print_lines(fujita, page, 500, 600)
        assert await page.evaluate("document.getSelection().toString().trim()") == selected != ""


async def test_search_counts_what_a_plain_search_over_the_download_counts(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, ON_DEMAND)) as fujita,
        visit(fujita, "/projects/printer") as page,
    ):
        await caught_up(page, "ready")
        await print_lines(fujita, page, 2000, 2000)
        download = await fujita.log("printer")
        count = page.locator(".search-count")
        field = page.get_by_role("searchbox")
        for text, flags in (("LONGER", re.IGNORECASE), ("line 12", re.IGNORECASE), ("[0-9]+ of", 0)):
            plain = text != "[0-9]+ of"
            if not plain:
                await page.get_by_role("button", name="Regular expression").click()
            await field.fill(text)
            found = len(re.findall(re.escape(text) if plain else text, download, flags))
            await expect(count).to_have_text(f"{found:,} matches")
        await field.fill("(")
        await expect(page.locator(".search-error")).to_contain_text("Not a regular expression")
        await page.get_by_role("button", name="Regular expression").click()
        await field.fill("printed")
        await expect(count).to_have_text("1 match")
        await print_lines(fujita, page, 3, 2003)
        await expect(count).to_have_text("2 matches")
        await page.wait_for_function(
            "() => CSS.highlights.get('found').size + CSS.highlights.get('found-now').size === 2"
        )
        await field.press("Enter")
        await expect(count).to_have_text(re.compile("[12] of 2"))


async def test_a_regular_expression_that_never_ends_is_ended(tmp_path: Path) -> None:
    script = 'print("a" * 60 + "!", flush=True)\nimport time; time.sleep(600)'
    async with (
        sidecar(tmp_path, printer(tmp_path, script)) as fujita,
        visit(fujita, "/projects/printer") as page,
    ):
        await caught_up(page, "aaa")
        await page.get_by_role("searchbox").fill("(a+)+$")
        await page.get_by_role("button", name="Regular expression").click()
        await expect(page.locator(".search-error")).to_contain_text("takes too long")
        await page.get_by_role("button", name="Regular expression").click()
        await page.get_by_role("searchbox").fill("a!")
        await expect(page.locator(".search-count")).to_have_text("1 match")


async def test_a_permalink_with_a_search_survives_a_reload(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, ON_DEMAND)) as fujita,
        visit(fujita, "/projects/printer", permissions=["clipboard-read", "clipboard-write"]) as page,
    ):
        await caught_up(page, "ready")
        await print_lines(fujita, page, 2000, 2000)
        await page.get_by_role("searchbox").fill("line 777 ")
        await page.get_by_role("searchbox").press("Enter")
        row = page.locator(".row.current")
        await expect(row).to_contain_text("line 777 of many")
        await row.locator(".mark").click()
        await expect(page.locator(".toast")).to_have_text("Link copied")
        assert await page.evaluate("navigator.clipboard.readText()") == page.url
        await page.reload()
        await caught_up(page, "printed 2000")
        await expect(page.locator(".row.current")).to_contain_text("line 777 of many")
        await expect(page.locator(".row.current")).to_be_in_viewport()
        await expect(page.get_by_role("searchbox")).to_have_value("line 777 ")
        await expect(page.locator(".search-count")).to_contain_text("1")


async def test_a_filter_leads_into_the_context_and_back_to_its_place(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, ON_DEMAND)) as fujita,
        visit(fujita, "/projects/printer") as page,
    ):
        await caught_up(page, "ready")
        await print_lines(fujita, page, 5000, 5000)
        await page.get_by_role("searchbox").fill("7 of many")
        await page.get_by_role("button", name="Only matches").click()
        await expect(page.locator(".row").last).to_contain_text("line 4997 of many")
        await expect(page.locator(".log-footer")).to_contain_text(re.compile(r"^500 of 5,00\d lines shown"))
        assert all("7 of many" in text for text in await page.locator(".row .text").all_inner_texts())
        await page.locator("#log").focus()
        await page.keyboard.press("PageUp")
        await page.keyboard.press("PageUp")
        await at_rest(page)
        await page.locator(".row").nth(100).hover()
        await at_rest(page)
        before = await page.evaluate(EYE)
        await expect(page.get_by_role("button", name="Show in context")).to_be_visible()
        await page.keyboard.press("c")
        await expect(page.locator(".row.current")).to_have_text(re.compile(re.escape(before["text"])))
        shown = await page.locator(".row .text").all_inner_texts()
        assert not all("7 of many" in text for text in shown)
        await page.get_by_role("button", name="Back to the filtered lines").click()
        after = await page.evaluate(EYE)
        assert after["key"] == before["key"]
        assert abs(after["offset"] - before["offset"]) < 1


async def test_the_place_is_kept_over_a_reload_and_the_way_back(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, ON_DEMAND)) as fujita,
        visit(fujita, "/projects/printer") as page,
    ):
        await caught_up(page, "ready")
        await print_lines(fujita, page, 2000, 2000)
        await page.locator("#log").focus()
        await page.keyboard.press("PageUp")
        await page.keyboard.press("PageUp")
        await at_rest(page)
        before = await page.evaluate(EYE)
        for leave in (page.reload, lambda: leave_and_come_back(page)):
            await leave()
            await caught_up(page, "printed 2000")
            await page.wait_for_function("() => !window.fujita.screen.log.view.following")
            after = await page.evaluate(EYE)
            assert after["key"] == before["key"]
            assert abs(after["offset"] - before["offset"]) < 1
        await page.locator(".pill:not(.back)").click()
        await at_rest(page)
        await page.reload()
        await caught_up(page, "printed 2000")
        assert await following(page)


async def leave_and_come_back(page: Page) -> None:
    await page.keyboard.press("Control+k")
    await page.keyboard.type("all projects")
    await page.keyboard.press("Enter")
    await expect(page.locator(".project-row")).to_have_count(1)
    await page.go_back()


async def test_what_appears_above_the_log_moves_no_line_that_is_read(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, printer(tmp_path, ON_DEMAND)) as fujita,
        visit(fujita, "/projects/printer") as page,
    ):
        await caught_up(page, "ready")
        await print_lines(fujita, page, 500, 500)
        await page.locator("#log").focus()
        await page.keyboard.press("PageUp")
        await at_rest(page)
        key = (await page.evaluate(EYE))["text"]
        row = page.locator(".row .text", has_text=key[:40]).first
        before = await row.bounding_box()
        await page.evaluate("location.hash = '#another:1'")
        await expect(page.locator(".log-notice")).to_be_visible()
        shown = await page.evaluate("document.querySelector('.log-notice').offsetHeight")
        assert shown > 20
        during = await row.bounding_box()
        await page.locator(".log-notice button").click()
        await expect(page.locator(".log-notice")).to_be_hidden()
        after = await row.bounding_box()
        assert before and during and after
        assert abs(during["y"] - before["y"]) < 1 and abs(after["y"] - before["y"]) < 1


async def test_without_wrapping_the_width_stays_while_long_lines_leave(tmp_path: Path) -> None:
    script = """
        import time
        print("long " * 200)
        for number in range(3000): print("short", number)
        print("the end", flush=True)
        time.sleep(600)
    """
    async with sidecar(tmp_path, printer(tmp_path, script)) as fujita, visit(fujita, "/projects/printer") as page:
        await caught_up(page, "the end")
        await page.locator("#log").focus()
        await page.keyboard.press("w")
        await page.keyboard.press("g")
        wide = await page.evaluate("document.querySelector('.scroller').scrollWidth")
        assert wide > 5000
        await page.keyboard.press("G")
        await expect(page.locator(".row").last).to_contain_text("the end")
        assert await page.evaluate("document.querySelector('.scroller').scrollWidth") == wide
        await page.keyboard.press("w")
        assert await page.evaluate("document.querySelector('.scroller').scrollWidth") < 1400


async def test_a_gap_says_exactly_how_much_is_missing(tmp_path: Path) -> None:
    config = printer(tmp_path, ON_DEMAND, more="cache: 128 KiB\n")
    async with sidecar(tmp_path, config) as fujita, visit(fujita, "/projects/printer") as page:
        await caught_up(page, "ready")
        await print_lines(fujita, page, 10, 10)
        await page.evaluate("window.fujita.screen.log.feeds[0].stream.rest()")
        cursor = await page.evaluate("window.fujita.screen.log.feeds[0].model.last")
        for number in range(1, 9):
            await fujita.ask("POST", "/api/projects/printer/input", {"text": "1000\n"})
            await fujita.until_log("printer", f"printed {number * 1000 + 10}")
        await page.evaluate("window.fujita.screen.log.feeds[0].stream.now()")
        await caught_up(page, "printed 8010")
        gaps = await page.evaluate(
            "window.fujita.screen.log.feeds[0].model.lines().filter(l => l.kind === 'gap').map(l => l.data)"
        )
        lines = await kept(page)
        after = next(line["id"] for line in lines if line["id"] > cursor and line["kind"] not in ("gap", "resumed"))
        assert [gap["count"] for gap in gaps] == [after - 1 - cursor]
        assert gaps[0]["count"] > 0
        await page.keyboard.press("g")
        await page.locator("#log").focus()
        await page.keyboard.press("g")
        await expect(page.locator(".kind-gap")).to_contain_text(f"{gaps[0]['count']:,} record")


async def test_evicted_output_is_counted_above_the_first_line(tmp_path: Path) -> None:
    config = printer(tmp_path, ON_DEMAND, more="cache: 128 KiB\n")
    async with sidecar(tmp_path, config) as fujita:
        for number in range(1, 6):
            await fujita.until_log("printer", "ready" if number == 1 else f"printed {(number - 1) * 1000}")
            await fujita.ask("POST", "/api/projects/printer/input", {"text": "1000\n"})
        await fujita.until_log("printer", "printed 5000")
        async with visit(fujita, "/projects/printer") as page:
            await caught_up(page, "printed 5000")
            first = (await kept(page))[0]["id"]
            assert first > 1
            await page.locator("#log").focus()
            await page.keyboard.press("g")
            await expect(page.locator(".log-top")).to_contain_text(f"{first - 1:,} earlier record")


async def test_a_permalink_says_truly_what_became_of_its_line(tmp_path: Path) -> None:
    config = printer(tmp_path, ON_DEMAND, more="cache: 128 KiB\n")
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until_log("printer", "ready")
        for number in range(1, 6):
            await fujita.ask("POST", "/api/projects/printer/input", {"text": "1000\n"})
            await fujita.until_log("printer", f"printed {number * 1000}")
        epoch = (await fujita.status("printer"))["epoch"]
        async with visit(fujita, "/projects/printer") as page:
            await caught_up(page, "printed 5000")
            last = (await kept(page))[-1]
            sentences = {}
            for name, link in {
                "kept": f"#{epoch}:{last['id']}:{last['part']}",
                "evicted": f"#{epoch}:1",
                "epoch": "#anotherEpoch:1",
            }.items():
                await page.goto("about:blank")
                await page.goto(f"{fujita.url}/projects/printer{link}")
                await caught_up(page, "printed 5000")
                shown = page.locator(".row.current" if name == "kept" else ".log-notice")
                await expect(shown).to_be_visible()
                sentences[name] = await shown.inner_text()
            assert "printed 5000" in sentences["kept"]
            assert "no longer kept" in sentences["evicted"]
            assert "earlier log" in sentences["epoch"]
