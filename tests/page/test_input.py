"""Answering a program that asks: acceptance line 15."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import expect

from tests.page.browser import caught_up, visit, visit_site
from tests.page.configs import blog
from tests.sidecar import sidecar


async def test_a_prompt_of_pdb_opens_the_input_line(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await fujita.until_state("blog", "running")
        await expect(page.locator(".input")).to_be_hidden()
        asked = asyncio.create_task(visit_site(fujita, "blog", "/pdb/"))
        await expect(page.locator(".input")).to_be_visible()
        await expect(page.locator(".input .prompt")).to_have_text("(Pdb) ")
        field = page.get_by_label("Answer the program")
        await field.fill("p number")
        await field.press("Enter")
        await caught_up(page, "p number")
        await expect(page.locator(".row.kind-typed .text")).to_have_text("p number")
        await expect(page.locator(".row .text").get_by_text("42", exact=True)).to_be_visible()
        await expect(field).to_have_value("")
        await field.press("ArrowUp")
        await expect(field).to_have_value("p number")
        await field.press("ArrowDown")
        await expect(field).to_have_value("")
        await page.wait_for_function("() => fujita.statuses.get('blog').prompt === '(Pdb) '")  # it asks again
        await field.press("Escape")
        await expect(page.locator(".input")).to_be_hidden()
        await page.keyboard.press("i")
        await expect(field).to_be_focused()
        await field.fill("c")
        await field.press("Enter")
        assert await asked == 200
        await expect(field).to_have_value("")
