"""The page under output that was made for terminals: a progress bar is one line, however often it is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.abuse.wire import alive, python
from tests.page.browser import caught_up, kept, rows, visit
from tests.sidecar import sidecar

STEPS = 100_000


@pytest.mark.slow
async def test_a_hundred_thousand_steps_of_a_progress_bar_are_one_line_and_the_dom_does_not_grow(
    tmp_path: Path,
) -> None:
    code = (
        "import os, sys; sys.stdin.readline()\n"
        f"for n in range({STEPS} + 1): os.write(1, b'\\r %d of {STEPS}' % n)\n"
        "os.write(1, b'\\nall said\\n'); sys.stdin.readline()"
    )
    async with sidecar(tmp_path, f"projects: {{one: {{directory: ., command: {python(code)}}}}}") as fujita:
        await fujita.until_state("one", "running")
        async with alive(fujita), visit(fujita, "/projects/one") as page:
            await caught_up(page, "was started")
            before = await page.evaluate("document.querySelectorAll('*').length")
            await fujita.post("/api/projects/one/input", {"text": "go\n"})
            await caught_up(page, "all said")
            assert [row.strip() for row in await rows(page) if " of " in row] == [f"{STEPS} of {STEPS}"]
            assert await page.evaluate("document.querySelectorAll('*').length") < before + 100
            assert len([line for line in await kept(page) if line["stream"] == "stdout"]) < 10
