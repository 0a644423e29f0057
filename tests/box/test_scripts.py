"""What can be said of the scripts without running them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.box.box import ROOT, require_a_machine_that_can

pytestmark = pytest.mark.box

SKIPPED = {".venv", ".cache", ".git", "node_modules", ".vagrant"}


def files() -> list[Path]:
    return [path for path in ROOT.rglob("*") if path.is_file() and not SKIPPED & set(path.relative_to(ROOT).parts)]


def is_shell(path: Path) -> bool:
    with path.open("rb") as file:
        first = file.readline(64)
    return first.startswith(b"#!") and first.rstrip().endswith((b"/bash", b"/sh", b"env bash", b"env sh"))


def tool(program: str) -> str:
    """A program of Debian's, installed if it is not there."""
    if not shutil.which(program):
        require_a_machine_that_can()
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", program], check=True)
    return program


def test_shellcheck_has_nothing_to_say() -> None:
    scripts = [path for path in files() if is_shell(path)]
    assert {path.name for path in scripts} >= {"provision.sh", "systemd-box", "vagrant-box"}
    subprocess.run([tool("shellcheck"), *scripts], check=True, timeout=60)


def test_ruby_can_read_every_ruby_file() -> None:
    scripts = [path for path in files() if path.suffix == ".rb" or path.name == "Vagrantfile"]
    assert {path.name for path in scripts} >= {"fujita.rb", "vagrant-nspawn.rb", "Vagrantfile"}
    for script in scripts:
        subprocess.run([tool("ruby"), "-wc", script], check=True, timeout=60, stdout=subprocess.DEVNULL)


def test_scripts_are_executable() -> None:
    for path in files():
        if is_shell(path):
            assert path.stat().st_mode & 0o111, f"{path} is not executable"
