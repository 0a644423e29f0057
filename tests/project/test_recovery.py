"""What counts as a save that may mend a project, from one try to the next."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fujita.config.models import ProjectConfig
from fujita.project.observer import Observer
from fujita.project.recovery import Recovery
from fujita.stream.cache import Cache
from tests.sidecar import PATIENCE


async def test_after_a_reload_of_djangos_own_a_save_counts_even_before_the_next_failure(tmp_path: Path) -> None:
    config = ProjectConfig(name="blog", directory=tmp_path)
    recovery = Recovery(config, "Django", Observer(config, Cache(1024), lambda finding: None))
    await recovery.starts()
    (tmp_path / "first.py").write_text("saved while the first try fails")
    assert "first.py was saved" in await asyncio.wait_for(recovery.saved(None), PATIENCE)
    await recovery.reloads()
    (tmp_path / "second.py").write_text("saved while the second try fails")
    assert "second.py was saved" in await asyncio.wait_for(recovery.saved(None), PATIENCE)
