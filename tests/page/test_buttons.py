"""Buttons come from STATUS alone, by mouse and by keyboard: acceptance lines 3, 12, 16."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.page.browser import caught_up, until, visit
from tests.page.configs import blog, printer
from tests.sidecar import Fujita, sidecar

EXPECTED: dict[str, list[list[str]]] = {
    "waiting": [["start", "stop"]],
    "starting": [["stop", "restart"]],
    "running": [["restart", "stop"]],
    "broken": [["restart", "stop"]],
    "stopping": [[], ["kill"]],
    "stopped": [["start"]],
    "exited": [["start"]],
    "backoff": [["start", "stop"]],
}
SAMPLE = """() => {
    window.samples = [];
    const look = () => {
        const state = document.querySelector(".band")?.dataset.state;
        const known = window.fujita.statuses.get(window.fujita.project)?.state;
        const buttons = [...document.querySelectorAll(".buttons button")].map(button => button.dataset.action);
        if (state && state === known) window.samples.push([state, buttons]);
    };
    setInterval(look, 10);
}"""
STUBBORN = """
    import signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("here I stay", flush=True)
    while True: time.sleep(1)
"""


def button(page: Page, name: str) -> Any:
    return page.locator(".buttons").get_by_role("button", name=name, exact=True)


async def sampled(page: Page) -> set[str]:
    """The states that were seen; each with the buttons that belong to it."""
    samples = await page.evaluate("window.samples")
    assert samples
    for state, buttons in samples:
        assert buttons in EXPECTED[state], (state, buttons)
    return {state for state, _ in samples}


async def test_buttons_match_the_state_while_they_are_clicked(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await fujita.until_state("blog", "running")
        await page.evaluate(SAMPLE)
        await button(page, "Stop").click()
        await fujita.until_state("blog", "stopped")
        await expect(page.locator(".state")).to_have_text("Stopped")
        await button(page, "Start").click()
        await expect(page.locator(".state")).to_have_text("Running")
        pid = (await fujita.status("blog"))["pid"]
        await button(page, "Restart").click()
        await fujita.until("blog", lambda status: status["state"] == "running" and status["pid"] != pid)
        await expect(page.locator(".state")).to_have_text("Running")
        assert {"running", "stopped"} <= await sampled(page)


async def test_buttons_work_by_keyboard(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await fujita.until_state("blog", "running")
        await button(page, "Stop").focus()
        await page.keyboard.press("Enter")
        await fujita.until_state("blog", "stopped")
        await button(page, "Start").focus()
        await page.keyboard.press("Space")
        await fujita.until_state("blog", "running")


async def test_a_button_reacts_at_once(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await fujita.until_state("blog", "running")
        await expect(button(page, "Restart")).to_be_enabled()
        waited = await page.evaluate(
            """() => new Promise(done => {
                const button = document.querySelector("[data-action=restart]");
                const begun = performance.now();
                new MutationObserver(() => done(performance.now() - begun)).observe(button, {attributes: true});
                button.click();
            })"""
        )
        assert waited < 100


async def test_kill_appears_only_when_stopping_takes_long_and_ends_it(tmp_path: Path) -> None:
    config = printer(tmp_path, STUBBORN, more="stop_timeout: 60\n")
    async with sidecar(tmp_path, config) as fujita, visit(fujita, "/projects/printer") as page:
        await caught_up(page, "here I stay")
        await page.evaluate(SAMPLE)
        await button(page, "Stop").click()
        await expect(page.locator(".state")).to_have_text("Stopping")
        await expect(button(page, "Kill")).to_have_count(0)
        await button(page, "Kill").click()
        await fujita.until_state("printer", "stopped")
        assert {"running", "stopping"} <= await sampled(page)


async def test_a_slow_answer_is_said_and_freezes_nothing(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await fujita.until_state("blog", "running")
        await expect(button(page, "Restart")).to_be_enabled()
        os.kill(fujita.pid, signal.SIGSTOP)
        try:
            await button(page, "Restart").click()
            await expect(page.locator(".buttons-note")).to_have_text("Fujita has not answered yet…")
            await page.get_by_role("searchbox").fill("Django")
            await expect(page.locator(".search-count")).to_contain_text("match")
        finally:
            os.kill(fujita.pid, signal.SIGCONT)
        await expect(page.locator(".buttons-note")).to_have_text("")
        await expect(page.locator(".state")).to_have_text("Running")


async def run_ended(fujita: Fujita) -> bool:
    return (await fujita.status("blog"))["run"] is None


async def test_migrate_runs_from_the_help_line_which_then_goes_away(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita, visit(fujita, "/projects/blog") as page:
        await page.get_by_role("button", name="Run migrate").click()
        await caught_up(page, "migrate: started")
        await caught_up(page, "migrate: ended with code 0")
        await until(lambda: run_ended(fujita))
        begin = page.locator(".kind-run-begin")
        end = page.locator(".kind-run-end")
        await expect(begin).to_contain_text("migrate started")
        await expect(end).to_contain_text("migrate is done")
        await expect(page.locator(".row", has_text="Applying")).not_to_have_count(0)
        await expect(page.get_by_role("button", name="Run migrate")).to_have_count(0)
