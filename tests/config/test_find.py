"""Where the config is looked for, and in which order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fujita.config import find as module
from fujita.config.find import find


@pytest.fixture(autouse=True)
def system_wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "etc" / "fujita.yml"
    monkeypatch.setattr(module, "SYSTEM_WIDE", path)
    return path


def test_the_order_is_the_contracts(tmp_path: Path, system_wide: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    assert find(None, {}, here) is None
    system_wide.parent.mkdir()
    system_wide.write_text("")
    assert find(None, {}, here) == system_wide
    (here / "fujita.yml").write_text("")
    assert find(None, {}, here) == here / "fujita.yml"
    assert find(None, {"FUJITA_CONFIG": "/v/f.yml"}, here) == Path("/v/f.yml")
    assert find("x.yml", {"FUJITA_CONFIG": "/v/f.yml"}, here) == here / "x.yml"
    assert find(None, {"FUJITA_CONFIG": ""}, here) == here / "fujita.yml"


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "fujita.yml").symlink_to("nowhere")
    assert find(None, {}, tmp_path) == tmp_path / "fujita.yml"


def test_looking_for_it_needs_neither_pydantic_nor_yaml() -> None:
    code = "import sys, fujita.config.find; sys.exit('pydantic' in sys.modules or 'yaml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
