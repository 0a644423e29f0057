"""What somebody sees who opens the page: acceptance lines 1, 2, 20, 29."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

from playwright.async_api import Error, Page, Route, expect

from tests.page.browser import caught_up, chromium, context, kept, rows, tab, until, violations, visit, visit_site
from tests.page.configs import blog, printer
from tests.sidecar import sidecar

TRANSFERRED = """() => ["navigation", "resource"].flatMap(type => performance.getEntriesByType(type))
    .filter(({name}) => !name.includes("/api/")).reduce((sum, {transferSize}) => sum + transferSize, 0)"""


async def test_a_first_visit_shows_the_first_line_the_summary_and_the_sites_link(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita:
        status = await fujita.until_state("blog", "running")
        async with visit(fujita, "/projects/blog") as page:
            await caught_up(page, "Quit the server")
            await expect(page.locator(".summary")).to_have_text(status["summary"])
            await expect(page.locator(".header .site")).to_have_attribute("href", status["url"])
            shown = await rows(page)
            assert any("Performing system checks" in line for line in shown)
            assert any("Watching for file changes" in line for line in shown)
            await expect(page.locator(".log-footer")).to_contain_text("Following the end · Connected")
            assert 20_000 < await page.evaluate(TRANSFERRED) <= 120 * 1024


async def test_the_tenth_visitor_gets_the_same_log_as_the_first(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, chromium() as browser:
        await fujita.until_state("blog", "running")
        seen = []
        async with tab(browser, fujita, "/projects/blog") as first:
            for number in range(10):
                await visit_site(fujita, "blog", f"/print/?text=line{number}")
                async with tab(browser, fujita, "/projects/blog") as page:
                    await caught_up(page, f'text=line{number} HTTP/1.1" 200')
                    seen.append(await kept(page))
            await caught_up(first, 'text=line9 HTTP/1.1" 200')
            lines = await kept(first)
        assert lines == seen[-1]
        assert all(lines[: len(one)] == one for one in seen)


async def test_a_page_that_arrived_in_part_is_loaded_again_until_it_is_whole(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, chromium() as browser, context(browser) as window:
        page = await window.new_page()
        lost: list[str] = []

        async def lose(route: Route) -> None:
            """As Chromium does when an address of the machine comes or goes."""
            if len(lost) < 2:
                lost.append(route.request.url)
                await route.abort("internetdisconnected")
            else:
                await route.continue_()

        await page.route("**/static/band.js", lose)
        await page.goto(f"{fujita.url}/projects/blog")
        await expect(page.locator(".summary")).to_have_text("Django is running")
        assert len(lost) == 2
        await page.unroute("**/static/band.js")
        await page.route("**/style/layout.css", lose)
        lost.pop()
        await page.reload()
        await until(lambda: styled(page), "the style sheet")
        assert len(lost) == 2


async def styled(page: Page) -> bool:
    with suppress(Error):  # it is being loaded again
        return bool(await page.evaluate("getComputedStyle(document.querySelector('.skip')).position === 'absolute'"))
    return False


async def test_with_one_project_the_start_page_is_that_project(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita:
        await fujita.until_state("blog", "running")
        async with visit(fujita, "/") as page:
            await expect(page.locator(".summary")).to_have_text("Django is running")


async def test_the_site_opens_at_the_port_that_was_forwarded_and_files_in_the_hosts_folder(tmp_path: Path) -> None:
    config = blog(tmp_path)
    port = int(config.split("127.0.0.1:")[1].split()[0])
    host = {"ports": {str(port): 2201}, "folders": {str(tmp_path): "/home/anna/work"}}
    (tmp_path / "host.json").write_text(json.dumps(host))
    async with sidecar(tmp_path, config, environment={"FUJITA_HOST_FILE": str(tmp_path / "host.json")}) as fujita:
        status = await fujita.until_state("blog", "running")
        async with visit(fujita, "/projects/blog") as page:
            assert status["url"] == "http://localhost:2201/"
            await expect(page.locator(".header .site")).to_have_attribute("href", status["url"])
            await visit_site(fujita, "blog", "/boom/")
            place = page.locator(".fold .place")
            await expect(place).to_have_attribute(
                "href", re.compile(r"^vscode://file/home/anna/work/blog/polls/views.py:\d+$")
            )


async def test_without_javascript_there_is_a_link_to_the_plain_log(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, blog(tmp_path)) as fujita,
        visit(fujita, "/projects/blog", expected="404", java_script_enabled=False) as page,
    ):
        await fujita.until_log("blog", "Quit the server")
        await page.get_by_role("link", name="plain text").click()
        await expect(page.locator("body")).to_contain_text("Quit the server with CONTROL-C.")
        assert page.url == f"{fujita.url}/api/projects/blog/log"


async def test_without_a_config_the_page_says_what_to_write_until_it_is_written(tmp_path: Path) -> None:
    async with sidecar(tmp_path, "") as fujita, visit(fujita, "/") as page:
        await expect(page.locator(".nothing")).to_contain_text(str(fujita.config))
        assert await violations(page) == []
        example = await page.locator(".nothing pre").inner_text()
        assert len(example.strip().split("\n")) == 5
        fujita.config.write_text(example)
        await expect(page.locator(".here")).to_have_text("My site")
        await expect(page.locator(".nothing")).to_have_count(0)


async def test_what_to_expect_of_a_silent_program_is_said_until_it_speaks(tmp_path: Path) -> None:
    config = printer(tmp_path, "print(input(), flush=True)\nimport time; time.sleep(600)")
    async with sidecar(tmp_path, config) as fujita, visit(fujita, "/projects/printer") as page:
        await expect(page.locator(".log-end")).to_have_text("Nothing printed yet.")
        await fujita.post("/api/projects/printer/input", {"text": "here I am\n"})
        await caught_up(page, "here I am")
        await expect(page.locator(".log-end")).to_be_hidden()
