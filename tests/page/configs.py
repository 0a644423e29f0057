"""The sample projects as the page's tests serve them."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from tests import djangos
from tests.sidecar import free_port

PROJECTS = Path(__file__).parent.parent / "projects"


def blog(folder: Path, *, migrated: bool = False, more: str = "") -> str:
    """A config with one Django project, "blog", copied below `folder`; `more` is added to it."""
    python = djangos.python_with(djangos.newest())
    if not (folder / "blog").exists():
        shutil.copytree(PROJECTS / "blog", folder / "blog")
    return textwrap.dedent(
        f"""\
        projects:
          blog:
            title: Blog
            directory: blog
            python: {python}
            address: 127.0.0.1:{free_port()}
            commands:
              migrate: migrate
        """
    ) + textwrap.indent(textwrap.dedent(more), "    ")


def printer(folder: Path, script: str, *, name: str = "printer", more: str = "") -> str:
    """A config with one program of Python's: `script` is written below `folder` and run."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(textwrap.dedent(script))
    return "projects:\n" + program(name, f"python3 -u {name}.py", more)


def program(name: str, command: str, more: str = "") -> str:
    head = f"""\
      {name}:
        title: {name.title()}
        directory: .
        restart: never
        command: {command}
    """
    return textwrap.indent(textwrap.dedent(head) + textwrap.indent(textwrap.dedent(more), "  "), "  ")
