"""What `fujita init` finds below a folder: Django projects, each with a name, an interpreter, its settings, a port."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MANAGE = "manage.py"
SIZE_LIMIT = 256 * 1024
"""Bytes of a file that are looked at: manage.py has some 700."""
NOT_OURS = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__"})
"""Folders of other people's code; virtual environments, hidden folders and templates of projects are left out too."""
SAYS_NOTHING = frozenset(
    "api app apps backend code conf config core django project server settings site source src web website www".split()
)
"""Folders that are named for what they hold: the folder above has the project's name."""
DEFAULT_SETTINGS = re.compile(r"""DJANGO_SETTINGS_MODULE["'],?\s*\]?\s*=?\s*["']([\w.]+)["']""")
"""`os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")`, as every manage.py has it."""
FOR_DEVELOPERS = ("local", "dev", "development", "develop")
NOT_FOR_DEVELOPERS = ("production", "prod", "live", "staging", "test", "tests", "base", "common")
FOUND_BY_ITSELF = (".venv", "venv")
"""Environments that the sidecar finds without being told."""
OTHER_ENVIRONMENTS = ("env", ".env", "virtualenv", ".virtualenv")
LAST_RESORT = "python3"
"""What the sidecar takes where it finds no environment."""
PATIENCE = 10.0
"""Seconds for a python to answer."""
FIRST_PORT = 8000
NAME_LIMIT, TITLE_LIMIT = 40, 80
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Found:
    """One project. `directory` is relative to the folder that was searched; None is what needs no saying."""

    name: str
    title: str
    directory: str
    port: int
    default_settings: str | None
    settings: str | None
    python: str | None
    environment: str | None
    """The virtual environment that will be used, as a person would write it; None if there is none yet."""


def projects(folder: Path, taken: Collection[int], active: str | None) -> list[Found]:
    """Every Django project below `folder`, by path. `taken` ports are not given to any; `active` is $VIRTUAL_ENV."""
    found: list[Found] = []
    names: set[str] = set()
    ports = free_ports(taken)
    for directory in sorted(directories(folder)):
        default = default_settings(directory / MANAGE)
        called = telling_name(folder, directory, default)
        name = unique(slug(called), names)
        names.add(name)
        python, environment = interpreter(folder, directory, active)
        found.append(
            Found(
                name=name,
                title=title(called) or name,
                directory=directory.relative_to(folder).as_posix(),
                port=next(ports),
                default_settings=default,
                settings=settings_for_developers(directory, default),
                python=python,
                environment=environment,
            )
        )
    return found


def directories(folder: Path) -> Iterator[Path]:
    """The folders with a manage.py of Django's. One that is a link counts if what it leads to lies elsewhere."""
    seen: set[Path] = set()
    links: list[Path] = []
    for path, folders, files in os.walk(folder):
        here = Path(path)
        folders[:] = sorted(name for name in folders if is_theirs(here / name))
        if MANAGE in files and is_django(here / MANAGE) and is_text(here.relative_to(folder).as_posix()):
            if (here / MANAGE).is_symlink():
                links.append(here)
            else:
                seen.add((here / MANAGE).resolve())
                yield here
    for here in links:
        if (real := (here / MANAGE).resolve()) not in seen:
            seen.add(real)
            yield here


def is_theirs(folder: Path) -> bool:
    """Whether a folder may hold projects of the people whose folder it is."""
    name = folder.name
    if name in NOT_OURS or name.startswith(".") or "{{" in name:
        return False
    return not folder.is_symlink() and not (folder / "pyvenv.cfg").exists()


def is_django(manage: Path) -> bool:
    return b"django" in read(manage).lower()


def read(file: Path) -> bytes:
    """Its beginning; nothing if it can't be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(SIZE_LIMIT)
    except OSError:
        return b""


def is_text(path: str) -> bool:
    """Whether it can stand in a file of UTF-8, in one line: names of files are bytes, and may be anything."""
    return not any(unicodedata.category(char) in UNPRINTABLE for char in path)


def telling_name(folder: Path, directory: Path, settings: str | None) -> str:
    """The nearest folder's name that says something; else that of the package with the settings."""
    for parent in (directory, *directory.parents):
        if parent.name.lower() not in SAYS_NOTHING:
            return parent.name
        if parent == folder:
            break
    package = (settings or "").partition(".")[0]
    return package if package and package not in SAYS_NOTHING else directory.name


def slug(name: str) -> str:
    """A project's name: a-z, 0-9, - and _."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:NAME_LIMIT].strip("-_") or "project"


def unique(name: str, names: Collection[str]) -> str:
    number, wished = 2, name
    while name in names:
        name, number = f"{wished}-{number}", number + 1
    return name


def title(name: str) -> str:
    """What people call it: `our-site` is Our site."""
    shown = "".join(char for char in name if unicodedata.category(char) not in UNPRINTABLE)
    words = re.sub(r"[-_\s]+", " ", shown).strip()[:TITLE_LIMIT].strip()
    return words[:1].upper() + words[1:]


def default_settings(manage: Path) -> str | None:
    match = DEFAULT_SETTINGS.search(read(manage).decode("utf-8", "replace"))
    return match[1] if match else None


def settings_for_developers(directory: Path, default: str | None) -> str | None:
    """What manage.py should be told, because by itself it would take settings that don't exist, or are for a server."""
    if default is None:
        return None
    module = directory.joinpath(*default.split("."))
    if module.with_suffix(".py").is_file() and module.name not in NOT_FOR_DEVELOPERS:
        return None
    if module.is_dir():  # a package: it works if it says something itself
        init = read(module / "__init__.py")
        if b"import" in init or b"INSTALLED_APPS" in init:
            return None
        return developers_own(module, default)
    return developers_own(module.parent, default.rpartition(".")[0])


def developers_own(package: Path, name: str) -> str | None:
    module = next((module for module in FOR_DEVELOPERS if (package / f"{module}.py").is_file()), None)
    return f"{name}.{module}".lstrip(".") if module else None


def interpreter(folder: Path, directory: Path, active: str | None) -> tuple[str | None, str | None]:
    """`python` for fujita.yml where the sidecar would not find it by itself, and the environment that it belongs to."""
    for parent in (directory, *directory.parents):
        for name in FOUND_BY_ITSELF + OTHER_ENVIRONMENTS:
            if (parent / name / "bin" / "python").is_file():
                shown = relative(parent / name, folder)
                return (None if name in FOUND_BY_ITSELF else f"{shown}/bin/python"), shown
        if parent == folder:
            break
    if active and has_django(f"{active}/bin/python"):
        return f"{active}/bin/python", active
    return None, LAST_RESORT if has_django(LAST_RESORT) else None


@cache
def has_django(python: str) -> bool:
    try:
        asked = subprocess.run([python, "-c", "import django"], capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def free_ports(taken: Collection[int]) -> Iterator[int]:
    """From 8000 on those that nobody uses here, now."""
    for port in range(FIRST_PORT, 65536):
        if port not in taken and is_free(port):
            yield port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True
