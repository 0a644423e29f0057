"""`fujita init`: in repositories as teams have them, it writes a file that runs as it is, and overwrites nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fujita.cli.found import default_settings, projects, settings_for_developers, slug, title, unique
from fujita.cli.init import quoted, write
from fujita.config import values
from fujita.config.load import load
from tests import djangos
from tests.cli.command import Done, fujita
from tests.sidecar import sidecar

PLAIN_MANAGE = """\
import os
import sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{settings}")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


def venv(place: Path) -> None:
    """A virtual environment with the newest Django."""
    place.symlink_to(Path(djangos.python_with(djangos.newest())).parent.parent)


def startproject(name: str, folder: Path) -> None:
    """As Django makes it."""
    folder.mkdir(parents=True)
    python = djangos.python_with(djangos.newest())
    subprocess.run([python, "-m", "django", "startproject", name, "."], cwd=folder, check=True)


def wagtail_starter(folder: Path) -> None:
    """As `wagtail start mysite` lays it out: settings for developers are manage.py's own choice."""
    startproject("mysite", folder)
    split_settings(folder / "mysite", base="base", developers="dev")
    change(folder / "manage.py", "mysite.settings", "mysite.settings.dev")
    (folder / "requirements.txt").write_text("Django\n")
    venv(folder / ".venv")


def cookiecutter(folder: Path) -> None:
    """A settings package whose __init__ is empty, the code in a folder that says nothing, an `env` beside it."""
    startproject("config", folder / "src")
    split_settings(folder / "src/config", base="base", developers="local")
    venv(folder / "env")
    (folder / "{{cookiecutter.slug}}").mkdir()
    (folder / "{{cookiecutter.slug}}/manage.py").write_text(PLAIN_MANAGE.format(settings="x"))


def monorepo(folder: Path) -> None:
    """Three projects, and manage.pys that are none of theirs."""
    for name in ("blog", "shop/backend", "tools/intranet"):
        startproject("config", folder / name)
    venv(folder / "venv")
    for place in ("node_modules/x", "lib/python3/site-packages/y", ".tox/z", "flask"):
        (folder / place).mkdir(parents=True)
        (folder / place / "manage.py").write_text(PLAIN_MANAGE.format(settings="x"))
    (folder / "flask/manage.py").write_text("from flask_script import Manager\n")


def split_settings(package: Path, base: str, developers: str) -> None:
    settings = package / "settings"
    settings.mkdir()
    (package / "settings.py").rename(settings / f"{base}.py")
    change(settings / f"{base}.py", ".parent.parent", ".parent.parent.parent")
    for name in (developers, "production"):
        (settings / f"{name}.py").write_text(f"from .{base} import *\n")
    (settings / "__init__.py").write_text("")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


async def init(folder: Path) -> Done:
    """Runs it, with the folder of the Pythons out of PATH: only what is in the repository is found."""
    return await fujita("init", cwd=folder, PATH="/usr/bin:/bin")


@pytest.mark.parametrize(
    ("repository", "names"),
    [(wagtail_starter, ["our-site"]), (cookiecutter, ["our-site"]), (monorepo, ["blog", "shop", "intranet"])],
)
async def test_a_repository_runs_with_what_init_wrote(
    repository: Callable[[Path], None], names: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "our-site"
    repository(folder)
    done = await init(folder)
    assert (done.status, done.err) == (0, "")
    assert f"Found {len(names)} project" in done.out
    checked = await fujita("check", cwd=folder)
    assert checked.status == 0, checked
    assert checked.out.count(f"Django {djangos.newest()}") == len(names)
    async with sidecar(folder, (folder / "fujita.yml").read_text()) as running:
        ports = set()
        for name in names:
            status = await running.until_state(name, "running")
            assert status["summary"] == "Django is running"
            ports.add(status["port"])
    assert len(ports) == len(names) and 9000 not in ports


@pytest.mark.parametrize("vagrantfile", [None, "Vagrant.configure('2') do |config|\nend\n"])
async def test_the_wiring(vagrantfile: str | None, tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(PLAIN_MANAGE.format(settings="site.settings"))
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/dev.txt").write_text("django\n")
    if vagrantfile:
        (tmp_path / "Vagrantfile").write_text(vagrantfile)
    done = await init(tmp_path)
    lines = ['require_relative ".fujita/fujita"', "Fujita.configure(config)"]
    if vagrantfile:
        assert (tmp_path / "Vagrantfile").read_text() == vagrantfile
        assert all(line in done.out for line in lines)
    else:
        made = (tmp_path / "Vagrantfile").read_text()
        assert all(line in made for line in lines)
        assert "~/venv/bin/pip install --quiet -r /vagrant/requirements/dev.txt" in made
        assert load(tmp_path / "fujita.yml").projects
        if ruby := shutil.which("ruby"):
            subprocess.run([ruby, "-c", tmp_path / "Vagrantfile"], check=True, capture_output=True)
    assert os.access(tmp_path / ".fujita/provision.sh", os.X_OK)
    first = (tmp_path / "fujita.yml").read_text().splitlines()[0]
    schema = re.fullmatch(r"# yaml-language-server: \$schema=(.*)", first)
    assert schema and (tmp_path / schema[1]).is_file(), "editors complete without a network"


async def test_a_second_time_it_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(PLAIN_MANAGE.format(settings="site.settings"))
    await init(tmp_path)
    (tmp_path / "fujita.yml").write_text("mine: yes\n")
    (tmp_path / "Vagrantfile").unlink()
    (tmp_path / "Vagrantfile").symlink_to("nowhere")
    (tmp_path / ".fujita/fujita.rb").unlink()
    before = contents(tmp_path)
    done = await init(tmp_path)
    assert done.status == 0 and "kept  fujita.yml" in done.out and "wrote .fujita/fujita.rb" in done.out
    after = contents(tmp_path)
    assert after.pop(".fujita/fujita.rb") and after == before


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_text()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


async def test_what_it_cannot_write_it_leaves_whole(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(PLAIN_MANAGE.format(settings="site.settings"))
    (tmp_path / ".fujita").write_text("a file where a folder should be")
    done = await init(tmp_path)
    assert done.status == 1 and done.err.count("\n") == 1 and "can't be written" in done.err
    assert not list(tmp_path.glob(".fujita-*"))


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "file", "\ud800")
    assert list(tmp_path.iterdir()) == []


async def test_nothing_to_find(tmp_path: Path) -> None:
    done = await init(tmp_path)
    assert done.status == 1 and "no Django project was found below" in done.err
    assert list(tmp_path.iterdir()) == []
    done = await fujita("init", str(tmp_path / "gone"))
    assert done.status == 1 and "there is no folder" in done.err


async def test_strange_names_become_valid_and_unique(tmp_path: Path) -> None:
    for name in ("🎂", "x" * 200, "Ünïcode Näme", "a b", "a-b", "no", "2024", "#{`id`}", "it's"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manage.py").write_text(PLAIN_MANAGE.format(settings="site.settings"))
        (tmp_path / name / "requirements.txt").write_text("")
    newline = tmp_path / "new\nline"
    newline.mkdir()
    (newline / "manage.py").write_text(PLAIN_MANAGE.format(settings="x"))
    done = await init(tmp_path)
    assert done.status == 0, done
    config = load(tmp_path / "fujita.yml")
    assert len(config.projects) == 9
    assert {project.directory.name for project in config.projects.values()} > {"🎂", "#{`id`}", "it's", "no", "2024"}


def test_a_link_to_another_projects_manage_py_is_no_second_project(tmp_path: Path) -> None:
    for name in ("a", "real", "z"):
        (tmp_path / name).mkdir()
    (tmp_path / "real/manage.py").write_text(PLAIN_MANAGE.format(settings="x"))
    (tmp_path / "a/manage.py").symlink_to("../real/manage.py")
    (tmp_path / "z/manage.py").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to(".")
    assert [one.directory for one in projects(tmp_path, (), None)] == ["real"]


@pytest.mark.parametrize(
    ("place", "package", "name"),
    [
        ("shop", "shop", "shop"),
        ("shop/src", "config", "shop"),
        ("src", "mysite", "mysite"),
        ("src/app", "config", "app"),
    ],
)
def test_a_name_comes_from_where_it_says_something(place: str, package: str, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / place).mkdir(parents=True)
    (folder / place / "manage.py").write_text(PLAIN_MANAGE.format(settings=f"{package}.settings"))
    assert [one.name for one in projects(folder, (), None)] == [name]


@pytest.mark.parametrize(
    ("files", "default", "chosen"),
    [
        (["s/settings.py"], "s.settings", None),
        (["s/settings/__init__.py", "s/settings/local.py"], "s.settings", "s.settings.local"),
        (["s/settings/__init__.py", "s/settings/base.py"], "s.settings", None),
        (["s/settings/dev.py", "s/settings/production.py"], "s.settings.production", "s.settings.dev"),
        (["s/settings/dev.py", "s/settings/local.py"], "s.settings.dev", None),
        ([], "s.settings", None),
    ],
)
def test_settings_for_developers(files: list[str], default: str, chosen: str | None, tmp_path: Path) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("")
    (tmp_path / "manage.py").write_text(PLAIN_MANAGE.format(settings=default))
    assert default_settings(tmp_path / "manage.py") == default
    assert settings_for_developers(tmp_path, default) == chosen


@given(st.text())
def test_any_name_becomes_a_valid_one(text: str) -> None:
    assert values.name(slug(text)) and values.name(unique(slug(text), {slug(text)}))
    assert values.title(title(text) or slug(text))


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn")), min_size=1))
def test_what_is_quoted_is_read_as_it_was(text: str) -> None:
    assert yaml.safe_load(f"key: {quoted(text)}  # remark") == {"key": text}
