"""The project's own site is the console's neighbour, same host, another port: it may not press the buttons."""

from __future__ import annotations

from pathlib import Path

from tests.page.browser import chromium, context
from tests.page.configs import blog
from tests.sidecar import sidecar

PRESS = """async console => {
    const press = path => fetch(console + path, {method: "POST", mode: "no-cors"}).catch(() => null);
    for (const action of ["stop", "restart", "kill"]) await press(`/api/projects/blog/${action}`);
    await press("/api/reload");
    const told = [];
    for (const path of ["/api/status/stream", "/api/projects/blog/log/stream", "/api/projects/blog/status/stream"]) {
        const socket = new WebSocket(console.replace("http", "ws") + path);
        socket.onmessage = message => told.push(message.data);
        await new Promise(ended => { socket.onclose = ended; });
    }
    return told;
}"""


async def test_a_page_of_the_project_presses_no_button_and_reads_no_stream(tmp_path: Path) -> None:
    async with sidecar(tmp_path, blog(tmp_path)) as fujita:
        before = await fujita.until_state("blog", "running")
        async with chromium() as browser, context(browser) as made:
            page = await made.new_page()
            await page.goto(f"http://127.0.0.1:{before['port']}/")
            assert await page.evaluate(PRESS, fujita.url) == []
        after = await fujita.status("blog")
        assert (after["state"], after["pid"], after["since"]) == ("running", before["pid"], before["since"])
