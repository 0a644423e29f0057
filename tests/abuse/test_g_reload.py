"""Reloads: however often and whenever they are asked for, what is the same goes on and what differs is followed."""

from __future__ import annotations

from pathlib import Path

from tests.abuse.wire import alive, living
from tests.sidecar import sidecar

DEAF = "trap '' TERM; echo ready; while :; do sleep 0.05; done"


async def test_a_reload_asked_for_during_a_reload_comes_after_it_and_ends_nothing_half_way(tmp_path: Path) -> None:
    def config(number: int) -> str:
        return (
            f'projects:\n  slow: {{directory: ., command: "{DEAF}", stop_timeout: 2, environment: {{N: {number}}}}}\n'
            f"  quick: {{directory: ., command: [sleep, '{600 + number}']}}\n"
        )

    async with sidecar(tmp_path, config(0)) as fujita, alive(fujita):
        await fujita.until_log("slow", "ready")
        before = [(await fujita.until_state(name, "running"))["pid"] for name in ("slow", "quick")]
        fujita.write_config(config(1))
        fujita.reload_by_signal()
        await fujita.until_state("quick", "stopped")
        assert (await fujita.status("slow"))["state"] == "stopping"
        fujita.reload_by_signal()
        for name in ("slow", "quick"):
            await fujita.until_state(name, "running")
        assert living(before) == []
