"""Real Djangos to test with: a virtual environment for each version, made once in .cache/."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

CACHE = Path(__file__).parent.parent / ".cache"

PYTHONS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "1.11": ((2, 7), (2, 7)),  # and 3.4 to 3.7, but who still has it has it on 2.7
    "2.2": ((3, 6), (3, 9)),
    "3.2": ((3, 6), (3, 10)),
    "4.2": ((3, 8), (3, 12)),
    "5.2": ((3, 10), (3, 14)),
    "6.0": ((3, 12), (3, 14)),
}
"""Django's version → the oldest and the newest Python that it runs on (Django's FAQ: installation)."""


@cache
def interpreters() -> dict[tuple[int, int], str]:
    """The Pythons of this machine by version."""
    names = ["python2.7", *(f"python3.{minor}" for minor in range(6, 16))]
    found = [path for name in names if (path := shutil.which(name))]
    found += [str(path) for path in sorted(Path.home().glob(".pyenv/versions/*/bin/python"))]
    found += [path for path in [shutil.which("python3"), "/usr/bin/python3"] if path]
    versions: dict[tuple[int, int], str] = {}
    for path in found:
        said = subprocess.run([path, "-V"], capture_output=True, text=True, check=False)
        if match := re.match(r"Python (\d)\.(\d+)", said.stdout or said.stderr):  # 2.7 says it on stderr
            versions.setdefault((int(match[1]), int(match[2])), path)
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
            subprocess.run([*_maker_for(interpreter), home], check=True)
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*install, f"django=={version}.*"], check=True)
            (home / "ready").touch()
    return str(python)


@cache
def psycopg() -> Path:
    """A folder with PostgreSQL's driver for the newest Django, for PYTHONPATH: its environment has none."""
    python = python_with(newest())
    folder = CACHE / "psycopg"
    with (CACHE / "psycopg.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            shutil.rmtree(folder, ignore_errors=True)
            install = [
                python,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--target",
                str(folder),
            ]
            subprocess.run([*install, "psycopg[binary]"], check=True)
            (folder / "ready").touch()
    return folder


def newest() -> str:
    return available()[-1]


def _maker_for(interpreter: str) -> list[str]:
    """What makes a virtual environment; python 2.7 needs a foreign one, of the last that knew it."""
    if interpreter != interpreters().get((2, 7)):
        return [interpreter, "-m", "venv"]
    tool = CACHE / "virtualenv"
    if not (tool / "bin" / "virtualenv").exists():
        subprocess.run([sys.executable, "-m", "venv", tool], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "virtualenv<20.22"]
        subprocess.run([str(tool / "bin" / "python"), *install], check=True)
    return [str(tool / "bin" / "virtualenv"), "--quiet", "--python", interpreter]


def _interpreter(version: str) -> str | None:
    oldest, latest = PYTHONS[version]
    fitting = [number for number in interpreters() if oldest <= number <= latest]
    return interpreters()[max(fitting)] if fitting else None
