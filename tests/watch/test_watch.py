"""Promises of watching: each save of a person is seen, whatever the editor; what programs write is not."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fujita import watch
from fujita.watch import Change, Watch, files_below, matters

PATIENCE = 10.0
QUIET = 1.2
"""Seconds in which a change would surely have been told."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "site"
    (root / "polls" / "migrations").mkdir(parents=True)
    for name in ("manage.py", "polls/__init__.py", "polls/views.py", "polls/migrations/0001_initial.py"):
        (root / name).write_text("# fine\n")
    return root


async def told(watching: Watch, beside: Path | None = None) -> Change:
    return await asyncio.wait_for(watching.saved(beside), PATIENCE)


async def silent(watching: Watch) -> bool:
    """Whether nothing is told for a while."""
    try:
        return not await asyncio.wait_for(watching.saved(), QUIET)
    except asyncio.TimeoutError:
        return True


async def waiting(folder: Path) -> tuple[Watch, asyncio.Task[Change]]:
    """A watch that has looked for the first time, and waits."""
    watching = Watch(folder)
    await watching.begin()
    return watching, asyncio.create_task(told(watching))


async def test_a_save_is_told_with_its_file(folder: Path) -> None:
    _, saved = await waiting(folder)
    (folder / "polls/views.py").write_text("# better\n")
    change = await saved
    assert (change.file, change.how) == ("polls/views.py", "saved")


async def test_a_save_during_the_first_look_is_told_by_its_time_unless_that_is_in_the_future(folder: Path) -> None:
    watching = Watch(folder)
    ahead = time.time() + 3600
    os.utime(folder / "manage.py", (ahead, ahead))
    os.utime(folder / "polls/__init__.py", (1e9, 1e9))
    os.utime(folder / "polls/migrations/0001_initial.py", (1e9, 1e9))
    await watching.begin()
    change = await asyncio.wait_for(watching.saved(since=1e9 + 1), PATIENCE)
    assert (change.file, change.how, change.early) == ("polls/views.py", "saved", True)


async def test_a_save_before_anybody_waits_is_told_as_early(folder: Path) -> None:
    watching = Watch(folder)
    await watching.begin()
    (folder / "polls/views.py").write_text("# better\n")
    assert await told(watching) == Change("polls/views.py", "saved", early=True)
    assert await silent(watching)


async def test_what_was_saved_before_the_beginning_is_never_told(folder: Path) -> None:
    (folder / "polls/views.py").write_text("# better\n")
    assert await silent(Watch(folder))


async def test_a_file_that_is_as_long_and_has_an_older_date_was_saved_too(folder: Path) -> None:
    """git, tar and a host's clock that is behind: newer is not what counts."""
    _, saved = await waiting(folder)
    other = folder / "other"
    other.write_text("# ready\n"[:7])
    os.utime(other, (1, 1))
    other.replace(folder / "polls/views.py")
    assert (await saved).file == "polls/views.py"


async def test_a_file_that_comes_back_is_told(folder: Path) -> None:
    (folder / "polls/views.py").unlink()
    _, saved = await waiting(folder)
    (folder / "polls/views.py").write_text("# fine\n")
    assert (await saved).file == "polls/views.py"


async def test_a_file_that_goes_is_told_as_removed(folder: Path) -> None:
    _, saved = await waiting(folder)
    (folder / "polls/migrations/0001_initial.py").unlink()
    change = await saved
    assert (change.file, change.how) == ("polls/migrations/0001_initial.py", "removed")


async def test_new_folders_are_looked_into(folder: Path) -> None:
    _, saved = await waiting(folder)
    (folder / "shop/models").mkdir(parents=True)
    (folder / "shop/models/cart.py").write_text("# new\n")
    assert (await saved).file == "shop/models/cart.py"


async def test_a_folder_that_is_made_is_told(folder: Path) -> None:
    """A database may be waiting for it."""
    _, saved = await waiting(folder)
    (folder / "data").mkdir()
    change = await saved
    assert (change.file, change.how) == ("data", "made")


async def test_a_folder_that_goes_and_comes_back_is_told_and_looked_into_again(folder: Path) -> None:
    watching, saved = await waiting(folder)
    folder.rename(folder.with_name("away"))
    assert (await saved).how == "removed"
    folder.with_name("away").rename(folder)
    back = await told(watching)
    assert back.how == "saved"
    (folder / "polls/views.py").write_text("# better\n")
    assert (await told(watching)).file == "polls/views.py"


async def test_a_folder_that_comes_later_is_told(tmp_path: Path) -> None:
    _, saved = await waiting(tmp_path / "later")
    (tmp_path / "later").mkdir()
    (tmp_path / "later/manage.py").write_text("# new\n")
    assert (await saved).file == "manage.py"


async def test_hundreds_of_saves_are_one_change(folder: Path) -> None:
    for number in range(300):
        (folder / f"polls/module{number}.py").write_text("# one\n")
    watching, saved = await waiting(folder)
    for number in range(300):
        (folder / f"polls/module{number}.py").write_text("# two\n")
        if number % 60 == 0:
            await asyncio.sleep(0.1)
    assert (await saved).file == "polls/module0.py"
    assert await silent(watching)


async def test_saving_without_end_is_told_in_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SETTLED_AT_LAST", 1.0)
    _, saved = await waiting(folder)
    number = 0
    while not saved.done():
        number += 1
        (folder / "polls/views.py").write_text(f"# {number}\n")
        await asyncio.sleep(0.05)
    assert (await saved).file == "polls/views.py"


def saves() -> Iterator[tuple[str, str]]:
    """How editors save polls/views.py, as shell commands."""
    yield "in place", "echo better > polls/views.py"
    yield (
        "vim",
        "touch polls/4913; rm polls/4913; mv polls/views.py polls/a~; echo b > polls/views.py; rm polls/*~",
    )
    yield "renamed over it", "echo better > polls/.goutputstream-X; mv polls/.goutputstream-X polls/views.py"
    yield (
        "jetbrains",
        "echo b > polls/views.py___jb_tmp___; mv polls/views.py polls/views.py___jb_old___; "
        + ("mv polls/views.py___jb_tmp___ polls/views.py; rm polls/views.py___jb_old___"),
    )
    yield "sed -i", "sed -i s/fine/better/ polls/views.py"
    yield "touch", "touch polls/views.py"


@pytest.mark.parametrize(("editor", "command"), list(saves()))
async def test_each_editors_save_is_one_change(folder: Path, editor: str, command: str) -> None:
    watching, saved = await waiting(folder)
    subprocess.run(["sh", "-ec", command], cwd=folder, check=True)
    change = await saved
    assert (change.file, change.how) == ("polls/views.py", "saved")
    assert await silent(watching)


UNIMPORTANT = """
    polls/.views.py.swp polls/views.py~ polls/#views.py# polls/._views.py polls/4913 polls/views.py___jb_tmp___
    polls/flycheck_views.py polls/.goutputstream-ABC polls/__pycache__/views.cpython-311.pyc polls/views.pyc
    .git/index.lock .git/hooks/x.py node_modules/left/index.js .tox/x/y.py .venv/lib/a.py env311/lib/a.py
    media/upload.html media/a/b.txt db.sqlite3 db.sqlite3-journal debug.log celerybeat-schedule nohup.out
    build/lib/x.py htmlcov/index.html site-packages/x.py photo.jpg tmp/x.json logs/today.txt .coverage
"""


async def test_nothing_is_told_of_what_no_person_saves(folder: Path) -> None:
    (folder / "env311").mkdir()
    (folder / "env311/pyvenv.cfg").write_text("home = /usr/bin\n")
    for name in UNIMPORTANT.split():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    watching = Watch(folder)
    await watching.begin()
    for name in UNIMPORTANT.split():
        (folder / name).write_text("changed\n")
    (folder / "polls/.#views.py").symlink_to("somebody@somewhere.1234")  # emacs, while a buffer is unsaved
    assert await silent(watching)


def test_an_app_may_be_called_like_a_folder_of_uploads(folder: Path) -> None:
    (folder / "media").mkdir()
    (folder / "media/views.py").write_text("")
    assert str(folder / "media/views.py") not in files_below(folder)
    (folder / "media/__init__.py").write_text("")
    assert str(folder / "media/views.py") in files_below(folder)


@pytest.mark.parametrize("name", [".env", ".env.local", "settings.toml", "Pipfile", "base.html", "a.b.py"])
def test_sources_and_settings_matter(name: str) -> None:
    assert matters(name)


async def test_links_lead_nowhere_in_circles_and_a_linked_file_counts(folder: Path, tmp_path: Path) -> None:
    (folder / "polls/again").symlink_to(folder)
    (folder / "everything").symlink_to("/")
    (folder / "nowhere.py").symlink_to(tmp_path / "nothing.py")
    (tmp_path / "shared.py").write_text("# fine\n")
    (folder / "linked.py").symlink_to(tmp_path / "shared.py")
    _, saved = await waiting(folder)
    (tmp_path / "shared.py").write_text("# better\n")
    assert (await saved).file == "linked.py"


async def test_a_folder_beside_counts_when_it_is_asked_for(folder: Path, tmp_path: Path) -> None:
    beside = tmp_path / "shared"
    beside.mkdir()
    (beside / "settings.py").write_text("# wrong\n")
    watching = Watch(folder)
    await watching.begin()
    saved = asyncio.create_task(told(watching, beside))
    await asyncio.sleep(QUIET)
    assert not saved.done()
    (beside / "settings.py").write_text("# right\n")
    assert (await saved).file == "../shared/settings.py"


def test_a_tree_beyond_all_bounds_costs_a_bounded_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "FOLDERS_LIMIT", 10)
    for number in range(30):
        (tmp_path / f"d{number:02}" / "deep").mkdir(parents=True)
        (tmp_path / f"d{number:02}" / "a.py").touch()
        (tmp_path / f"d{number:02}" / "deep" / "b.py").touch()
    files = files_below(tmp_path)
    assert len([file for file in files if file.endswith("a.py")]) == 9
    assert not any(file.endswith("b.py") for file in files)


async def test_a_cancelled_wait_loses_no_save(folder: Path) -> None:
    watching, saved = await waiting(folder)
    (folder / "polls/views.py").write_text("# better\n")
    await asyncio.sleep(0.35)  # seen, and not yet settled
    saved.cancel()
    assert (await told(watching)).file == "polls/views.py"


async def test_what_may_not_be_read_is_passed_over(folder: Path) -> None:
    (folder / "secret").mkdir()
    (folder / "secret/x.py").touch()
    (folder / "secret").chmod(0)
    try:
        _, saved = await waiting(folder)
        (folder / "polls/views.py").write_text("# better\n")
        assert (await saved).file == "polls/views.py"
    finally:
        (folder / "secret").chmod(0o700)
        shutil.rmtree(folder / "secret")
