"""`fujita demo`: a small Django project in a temporary folder, and a sidecar that serves it. No config, no box."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from fujita import words
from fujita.serve import serve

PROJECT = Path(__file__).parent / "demo_project"
CONFIG = """\
# What the demo serves. `fujita init` writes such a file for your own projects.
console:
  listen: 127.0.0.1:{console}
projects:
  bakery:
    title: Bakery
    directory: bakery
    python: {python}
    address: 127.0.0.1:{site}
    commands:
      migrate: migrate
  clock:
    title: Clock
    directory: .
    command: [{python}, -c, "import time\\nwhile True: print(time.strftime('It is %H:%M'), flush=True); time.sleep(60)"]
"""


def demo() -> int:
    """Serves until Ctrl+C; returns the exit status."""
    with tempfile.TemporaryDirectory(prefix="fujita-demo-") as folder:
        try:
            config = make_project(Path(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"fujita: {words.demo_failed(str(error))}", file=sys.stderr)
            return 1
        print(words.demo_folder(folder), flush=True)
        return serve(config)


def make_project(folder: Path) -> Path:
    """The project and its fujita.yml in `folder`; returns the config's path."""
    shutil.copytree(PROJECT, folder / "bakery", ignore=shutil.ignore_patterns("__pycache__"))
    config = folder / "fujita.yml"
    config.write_text(
        CONFIG.format(python=python_with_django(), console=free_port(9000), site=free_port(8000)), encoding="utf-8"
    )
    return config


def python_with_django() -> str:
    """This python, if it has Django; else that of a virtual environment which is made once and kept."""
    if has_django(sys.executable):
        return sys.executable
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = cache / "fujita" / f"demo-{sys.version_info.major}.{sys.version_info.minor}"
    python = home / "bin" / "python"
    if not has_django(str(python)):
        print(words.DEMO_INSTALLS, flush=True)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "django"], check=True)
    return str(python)


def has_django(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", "import django"], stderr=subprocess.DEVNULL, check=False).returncode == 0
    except OSError:
        return False


def free_port(wished: int) -> int:
    """`wished`, or the next one that nobody listens on."""
    for port in range(wished, wished + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(words.no_free_port(wished))
