"""Makes the README's pictures: `python -m tests.page.screenshots FOLDER`, or `make screenshots`. Look at them after."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from fujita.cli.demo import PROJECT
from tests import djangos
from tests.page.browser import DESKTOP, PHONE, caught_up, chromium, tab, visit_site
from tests.sidecar import Fujita, free_port, sidecar

CONFIG = """
projects:
  bakery:
    title: Bakery
    directory: bakery
    python: {python}
    address: 127.0.0.1:{bakery}
    commands: {{migrate: migrate}}
  library:
    title: Library
    directory: library
    python: {python}
    address: 127.0.0.1:{library}
  styles:
    title: Styles
    directory: .
    command: "echo 'Watching styles/main.scss'; sleep 600"
  mails:
    title: Mails
    directory: mails
    autostart: true
"""


async def main(pictures: Path) -> None:
    pictures.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for name in ("bakery", "library"):
            shutil.copytree(PROJECT, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        python = djangos.python_with(djangos.newest())
        config = CONFIG.format(python=python, bakery=free_port(), library=free_port())
        async with sidecar(folder, config) as fujita:
            await take(fujita, folder, pictures)


async def take(fujita: Fujita, folder: Path, pictures: Path) -> None:
    await fujita.until_state("bakery", "running")
    await fujita.until_state("library", "running")
    for path in ("/", "/print/", "/fail/", "/nowhere/"):
        await visit_site(fujita, "bakery", path)
    await fujita.until_log("bakery", '"GET /nowhere/')
    views = folder / "library" / "bakery" / "views.py"
    await asyncio.sleep(1.2)  # Django's reloader looks once a second, and tells nobody when it has begun
    views.write_text(views.read_text().replace("def fail(request):", "def fail(request:"))
    await fujita.until_state("library", "broken")
    async with chromium() as browser:
        await picture(browser, fujita, "/projects/bakery", "Not Found", pictures / "running.png")
        await picture(browser, fujita, "/projects/bakery", "Not Found", pictures / "dark.png", color_scheme="dark")
        await picture(browser, fujita, "/projects/library", "SyntaxError", pictures / "broken.png")
        await picture(
            browser, fujita, "/projects/bakery", "Not Found", pictures / "phone.png", viewport=PHONE, has_touch=True
        )
        await picture(browser, fujita, "/", None, pictures / "overview.png")


async def picture(browser: Browser, fujita: Fujita, path: str, text: str | None, file: Path, **options: Any) -> None:
    """One screenshot, when `text` is in the log and the numbers of CPU and memory have come."""
    options.setdefault("viewport", {**DESKTOP, "height": 720})
    async with tab(browser, fujita, path, **options) as page:
        if text:
            await caught_up(page, text)
        await page.wait_for_timeout(7000 if text is None else 1500)
        await page.screenshot(path=file)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
