"""`fujita init`: a fujita.yml for the projects below a folder, and what wires it into Vagrant. Overwrites nothing."""

from __future__ import annotations

import json
import os
import shlex
import tempfile
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from fujita import words
from fujita.cli.failure import Failure
from fujita.cli.found import Found, projects
from fujita.cli.schema import schema
from fujita.cli.shipped import shipped

CONSOLE_PORT = 9000
WIRING = ".fujita"
"""A folder of the repository for what Vagrant needs on every developer's machine."""
PARTS = ("fujita.rb", "provision.sh")
BOX_PYTHON = "/home/vagrant/venv/bin/python"

CONFIG = """\
# yaml-language-server: $schema={wiring}/fujita.schema.json
# What Fujita runs. `fujita check` says what is wrong here, `fujita reload` takes a change,
# `fujita help every-setting` explains every key.
{defaults}projects:
"""
DEFAULTS = """\
defaults:
  python: {python}  # made by the Vagrantfile
"""
PROJECT = """\
  {name}:
    title: {title}
    directory: {directory}
    address: 0.0.0.0:{port}
"""
COMMANDS = """\
    commands:
      migrate: migrate
"""
VAGRANTFILE = """\
require_relative "{wiring}/fujita"

Vagrant.configure("2") do |config|
  config.vm.box = "debian/bookworm64"
  config.vm.synced_folder ".", "/vagrant"
{provisioning}
  # Forwards the ports of fujita.yml, installs Fujita in the box and starts it.
  Fujita.configure(config)
end
"""
PROVISIONING = """
  # What your projects need: Fujita never touches their environment.
  config.vm.provision "shell", privileged: false, inline: <<~'SHELL'
    set -e
    dpkg -s python3-venv >/dev/null 2>&1 || {{ sudo apt-get -qq update; sudo apt-get -qq install -y python3-venv; }}
    [ -d ~/venv ] || python3 -m venv ~/venv
{installs}
  SHELL
"""


def run(arguments: Namespace) -> int:
    folder = Path(arguments.folder).resolve()
    if not folder.is_dir():
        raise Failure(words.no_folder(arguments.folder))
    found = projects(folder, {CONSOLE_PORT}, os.environ.get("VIRTUAL_ENV"))
    if not found:
        raise Failure(words.no_projects_below(folder))
    has_vagrantfile = os.path.lexists(folder / "Vagrantfile")
    makes_environment = not has_vagrantfile and not any(one.environment for one in found)
    files = {
        "fujita.yml": config(found, BOX_PYTHON if makes_environment else None),
        f"{WIRING}/fujita.schema.json": schema(),
        **{f"{WIRING}/{part}": (shipped("vagrant") / part).read_text(encoding="utf-8") for part in PARTS},
        "Vagrantfile": vagrantfile(requirements(folder, found) if makes_environment else None),
    }
    print(words.found_projects(len(found)))
    for one in found:
        print(words.found_project(one.name, one.directory, one.port, one.settings or one.default_settings))
    for name, text in files.items():
        print(words.wrote(name) if write(folder / name, text) else words.kept(name))
    print(words.next_steps(WIRING if has_vagrantfile and not is_wired(folder / "Vagrantfile") else None))
    return 0


def config(found: Iterable[Found], box_python: str | None) -> str:
    """The text of fujita.yml."""
    defaults = DEFAULTS.format(python=box_python) if box_python else ""
    return CONFIG.format(wiring=WIRING, defaults=defaults) + "".join(map(project, found))


def project(one: Found) -> str:
    text = PROJECT.format(
        name=quoted(one.name), title=quoted(one.title), directory=quoted(one.directory), port=one.port
    )
    if one.python:
        text += f"    python: {quoted(one.python)}\n"
    if one.settings:
        text += f"    settings: {one.settings}  # manage.py says {one.default_settings}\n"
    return text + COMMANDS


def quoted(text: str) -> str:
    """A scalar of YAML: as it is where that is safe, else in quotes, in which JSON is YAML (YAML 1.2 §1.3)."""
    is_plain = text.isascii() and text[:1].isalpha() and all(char.isalnum() or char in " _-/." for char in text)
    meant_otherwise = text.lower() in ("null", "true", "false", "yes", "no", "on", "off", "y", "n")
    is_safe = (is_plain and text == text.strip() and not meant_otherwise) or text == "."
    return text if is_safe else json.dumps(text, ensure_ascii=False)


def vagrantfile(requirements: list[str] | None) -> str:
    """One that brings the projects' requirements into the box, if a virtual environment is to be made there."""
    installs = "\n".join(f"    ~/venv/bin/pip install --quiet {one}" for one in requirements or [])
    provisioning = PROVISIONING.format(installs=installs) if requirements else ""
    return VAGRANTFILE.format(wiring=WIRING, provisioning=provisioning)


def requirements(folder: Path, found: Iterable[Found]) -> list[str]:
    """What pip is to install in the box: the files of requirements that lie where one looks for them."""
    near = dict.fromkeys([folder, *(folder / one.directory for one in found)])
    names = ("requirements/local.txt", "requirements/dev.txt", "requirements/base.txt", "requirements.txt")
    files = [next((f for name in names if (f := place / name).is_file()), None) for place in near]
    paths = [f"/vagrant/{file.relative_to(folder).as_posix()}" for file in files if file]
    return [f"-r {shlex.quote(path)}" for path in paths] or ["django"]


def is_wired(vagrantfile: Path) -> bool:
    try:
        return "Fujita.configure" in vagrantfile.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def write(path: Path, text: str) -> bool:
    """Writes the file, or says False if there is something already: a link too, wherever it leads."""
    if os.path.lexists(path):
        return False
    try:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, text)
    except OSError as error:
        raise Failure(words.cannot_write(path, error.strerror or str(error))) from None
    return True


def write_whole(path: Path, text: str) -> None:
    """All of it or nothing: under another name first."""
    descriptor, name = tempfile.mkstemp(prefix=".fujita-", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        unfinished.chmod(0o755 if text.startswith("#!") else 0o644)
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
