"""Many projects at once: acceptance line 19."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.page.browser import caught_up, visit
from tests.page.configs import blog, program
from tests.sidecar import sidecar

TICK = """\
import sys, time
for number in range(40):
    print(sys.argv[1], number, flush=True)
    time.sleep(.05)
time.sleep(600)
"""


async def test_twelve_projects_show_their_states_as_words(tmp_path: Path) -> None:
    config = blog(tmp_path)
    views = tmp_path / "blog" / "polls" / "views.py"
    views.write_text(views.read_text() + "\ndef oops(:\n")
    config += program("gone", "echo bye; exit 7")
    config += program("off", "sleep 600", "autostart: false\n")
    config += program("later", "sleep 600").replace("directory: .", "directory: nowhere")
    config += program("again", "exit 3").replace("restart: never", "restart: always")
    for number in range(7):
        config += program(f"p{number}", "sleep 600")
    async with sidecar(tmp_path, config) as fujita:
        await fujita.until_state("blog", "broken")
        await fujita.until_state("again", "backoff")
        async with visit(fujita, "/") as page:
            await expect(page.locator(".project-row")).to_have_count(12)
            for title, word in {
                "Blog": "Broken",
                "Gone": "Exited",
                "Off": "Stopped",
                "Later": "Waiting",
                "Again": "Trying again",
                "P0": "Running",
            }.items():
                row = page.locator(".project-row").filter(has=page.get_by_role("link", name=title, exact=True))
                await expect(row.locator(".state")).to_have_text(word)
            problem = page.locator(".row-problem:visible")
            await expect(problem).to_contain_text("SyntaxError · polls/views.py:")
            await page.get_by_role("link", name="P3", exact=True).click()
            await expect(page.locator(".here")).to_have_text("P3")
            assert page.url.endswith("/projects/p3")
            await page.go_back()
            await expect(page.locator(".project-row")).to_have_count(12)
            await problem.click()
            await expect(page.locator(".row.current .exception")).to_contain_text("SyntaxError")
            await page.go_back()
            await page.get_by_role("link", name="All logs").click()
            await caught_up(page, "bye")


async def test_all_logs_together_are_ordered_by_time_and_can_be_switched_off(tmp_path: Path) -> None:
    (tmp_path / "tick.py").write_text(TICK)
    names = ["anna", "bert", "carl"]
    config = "projects:\n" + "".join(program(name, f"python3 -u tick.py {name}") for name in names)
    async with sidecar(tmp_path, config) as fujita, visit(fujita, "/?view=together") as page:
        for name in names:
            await caught_up(page, f"{name} 39")
        rows = await page.evaluate(
            "fujita.screen.log.projection.rows.map(line => [line.time, line.text, line.log.project])"
        )
        times = [time for time, *_ in rows]
        assert times == sorted(times)
        for name in names:
            assert [text for _, text, project in rows if project == name and text[0] == name[0] and " " in text][
                -40:
            ] == [f"{name} {number}" for number in range(40)]
        await expect(page.locator(".row .name").first).to_be_visible()
        await page.get_by_role("button", name="Projects").click()
        await page.get_by_label("Bert").uncheck()
        assert not await page.evaluate("fujita.screen.log.projection.rows.some(line => line.log.project === 'bert')")
        await page.get_by_label("Bert").check()
        assert await page.evaluate("fujita.screen.log.projection.rows.length") == len(rows)
