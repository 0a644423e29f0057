"""The page's modules without a DOM, under node: `tests/page/models/*.test.mjs`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

MODELS = sorted((Path(__file__).parent / "models").glob("*.test.mjs"))


@pytest.mark.parametrize("tests", MODELS, ids=lambda path: path.stem)
def test_the_models_keep_their_promises(tests: Path) -> None:
    ran = subprocess.run(["node", "--test", tests], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
