"""Real Djangos to test with: a virtual environment for each version, made once in .cache/."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

CACHE = Path(__file__).parent.parent / ".cache"

PYTHONS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "3.2": ((3, 6), (3, 10)),
    "4.2": ((3, 8), (3, 12)),
    "5.2": ((3, 10), (3, 14)),
    "6.0": ((3, 12), (3, 14)),
}
"""Django's version → the oldest and the newest Python that it runs on (Django's FAQ: installation)."""


@cache
def interpreters() -> dict[tuple[int, int], str]:
    """The Pythons of this machine by version."""
    names = [f"python3.{minor}" for minor in range(6, 16)]
    found = [path for name in names if (path := shutil.which(name))]
    found += [str(path) for path in sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3"))]
    found += [path for path in [shutil.which("python3"), "/usr/bin/python3"] if path]
    versions: dict[tuple[int, int], str] = {}
    for path in found:
        said = subprocess.run([path, "-V"], capture_output=True, text=True, check=False).stdout
        if match := re.match(r"Python 3\.(\d+)", said):
            versions.setdefault((3, int(match[1])), path)
    return versions


@cache
def available() -> list[str]:
    """The versions of Django that can run here, oldest first."""
    return [version for version in PYTHONS if _interpreter(version)]


@cache
def python_with(version: str) -> str:
    """The python of a virtual environment that has this Django."""
    home = CACHE / "django" / version
    python = home / "bin" / "python"
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            interpreter = _interpreter(version)
            assert interpreter, f"no Python here runs Django {version}"
            subprocess.run([interpreter, "-m", "venv", home], check=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*install, f"django=={version}.*"], check=True)
            (home / "ready").touch()
    return str(python)


def newest() -> str:
    return available()[-1]


def _interpreter(version: str) -> str | None:
    oldest, latest = PYTHONS[version]
    fitting = [number for number in interpreters() if oldest <= number <= latest]
    return interpreters()[max(fitting)] if fitting else None
