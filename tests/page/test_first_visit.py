"""What somebody sees who opens the page: acceptance lines 1, 2, 20, 29."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.async_api import expect

from tests.page.browser import caught_up, chromium, kept, rows, tab, visit, visit_site
from tests.page.configs import blog
from tests.sidecar import sidecar


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


async def test_with_one_project_the_start_page_is_that_project(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita:
        await fujita.until_state("blog", "running")
        async with visit(fujita, "/") as page:
            await expect(page.locator(".summary")).to_have_text("Django is running")


async def test_the_site_opens_at_the_port_that_was_forwarded(tmp_path: Path) -> None:
    config = blog(tmp_path)
    port = int(config.split("127.0.0.1:")[1].split()[0])
    (tmp_path / "host.json").write_text(json.dumps({"ports": {str(port): 2201}, "folders": {}}))
    async with sidecar(tmp_path, config, environment={"FUJITA_HOST_FILE": str(tmp_path / "host.json")}) as fujita:
        status = await fujita.until_state("blog", "running")
        async with visit(fujita, "/projects/blog") as page:
            await expect(page.locator(".header .site")).to_have_attribute("href", status["url"])


async def test_without_javascript_there_is_a_link_to_the_plain_log(tmp_path: Path) -> None:
    async with (
        sidecar(tmp_path, blog(tmp_path)) as fujita,
        visit(fujita, "/projects/blog", java_script_enabled=False) as page,
    ):
        await expect(page.get_by_role("link", name="plain text")).to_be_visible()
