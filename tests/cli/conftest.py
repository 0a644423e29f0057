"""A running sidecar with small projects."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.cli.samples import COUNTER, COUNTER_PY
from tests.sidecar import Fujita, sidecar


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Fujita]:
    """A sidecar that runs `samples.COUNTER`, when the counter has counted."""
    (tmp_path / "counter.py").write_text(COUNTER_PY)
    async with sidecar(tmp_path, COUNTER) as fujita:
        await fujita.until_log("counter", "number 5\n")
        for name in ("counter", "quiet"):
            await fujita.until_state(name, "running")
        yield fujita
