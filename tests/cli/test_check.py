"""`fujita check`: every mistake, or what the config leads to; no python can make it wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fujita.cli import check, main
from tests import djangos

PYTHON_2 = Path.home() / ".pyenv" / "versions" / "2.7.18" / "bin" / "python"


def checked(folder: Path, capsys: pytest.CaptureFixture[str], config: str) -> tuple[int, str, str]:
    """Its exit status, what it prints, and what it complains of."""
    path = folder / "fujita.yml"
    path.write_text(config)
    status = main(["check", "--config", str(path)])
    return status, *capsys.readouterr()


def a_python(folder: Path, script: str) -> Path:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_mistakes_are_all_on_stderr_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = checked(tmp_path, capsys, "projects:\n  blog:\n    port: 1\n    autostart: yes\n")
    assert (status, out) == (1, "")
    assert [line.split(": ")[0] for line in err.splitlines()] == ["fujita.yml:2:3", "fujita.yml:3:5", "fujita.yml:4:16"]


def test_no_config_is_one_line_that_says_what_writes_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FUJITA_CONFIG", raising=False)
    if Path("/etc/fujita/fujita.yml").exists():
        pytest.skip("this machine has a config for all")
    assert main(["check"]) == 1
    assert "fujita init" in capsys.readouterr().err


@pytest.mark.parametrize("version", djangos.available())
def test_it_says_which_python_and_which_django_a_project_has(
    project: Callable[[str], Path], capsys: pytest.CaptureFixture[str], version: str
) -> None:
    blog, python = project("blog"), djangos.python_with(version)
    config = f"projects: {{blog: {{directory: blog, python: {python}}}}}"
    status, out, err = checked(blog.parent, capsys, config)
    assert (status, err) == (0, "")
    first, blog_line, *facts = out.splitlines()
    assert first == f"{blog.parent}/fujita.yml has no mistakes. The console listens on 127.0.0.1:9000."
    assert blog_line.startswith(f"blog: Django {version}")
    assert blog_line.endswith(", on 0.0.0.0:8000")
    assert facts == [f"  {python}", f"  {blog}/manage.py"]


@pytest.mark.skipif(not PYTHON_2.exists(), reason="there is no Python 2.7 here")
def test_python_2_is_asked_in_its_own_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "django").mkdir()
    (tmp_path / "django" / "__init__.py").write_text("def get_version(): return '1.11.29'\n")
    _, out, _ = checked(tmp_path, capsys, f"projects: {{old: {{directory: ., python: {PYTHON_2}}}}}")
    assert "old: Django 1.11.29, Python 2.7, on" in out


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 3.12", "has no Django: install it there"),
        ("exit 1", "does not say which python it is"),
        ("sleep 60", "does not say which python it is"),
        ("sleep 60 & exit 0", "does not say which python it is"),
        ("setsid sleep 5 & exit 0", "does not say which python it is"),
        ("exec yes xxx", "Django xxx, Python xxx"),
    ],
)
def test_a_python_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    monkeypatch.setattr(check, "PATIENCE", 1.0)
    a_python(tmp_path, script)
    began = time.monotonic()
    status, out, err = checked(tmp_path, capsys, "projects: {blog: {directory: ., python: ./python}}")
    assert time.monotonic() - began < 4
    assert (status, err) == (0, "")
    assert said in out


def test_what_is_missing_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "here").mkdir()
    config = """
projects:
  gone: {directory: gone}
  bare: {directory: here, python: ./no/python, address: 8001}
  worker: {directory: here, command: [celery, worker]}
"""
    status, out, _ = checked(tmp_path, capsys, config)
    assert status == 0
    assert out.splitlines()[1:] == [
        "gone: its folder is not there yet, Fujita waits for it",
        f"  {tmp_path}/gone is not there",
        "bare: no python, on 8001",
        f"  {tmp_path}/no/python can't be started: No such file or directory",
        f"  {tmp_path}/here/manage.py is not there",
        "worker: runs celery worker",
        f"  {tmp_path}/here",
    ]


def test_a_command_cannot_write_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = checked(tmp_path, capsys, 'projects: {a: {directory: ., command: "echo \\e]0;x\\a"}}')
    assert "\x1b" not in out
    assert "a: runs echo" in out
