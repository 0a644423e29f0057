"""What a good config becomes: defaults, paths, addresses, and values exactly as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from fujita.config.load import load
from fujita.config.models import Console, ProjectConfig
from tests.config.written import config, project, write


def test_a_directory_is_all_that_a_project_needs(tmp_path: Path) -> None:
    read = config(tmp_path, "projects: {blog: {directory: blog}}")
    assert read.console == Console(listen="127.0.0.1:9000")
    assert read.projects == {"blog": ProjectConfig(name="blog", directory=tmp_path / "blog")}
    blog = read.projects["blog"]
    assert (blog.title, blog.address, blog.port, blog.host) == ("blog", "0.0.0.0:8000", 8000, "0.0.0.0")
    assert (blog.python, blog.manage, blog.settings, blog.command, blog.url) == (None, "manage.py", None, None, None)
    assert (blog.autostart, blog.restart, blog.stop_timeout, blog.cache) == (True, "on-change", 5, 8 * 1024**2)
    assert (blog.options, blog.environment, blog.commands) == ((), {}, {})


def test_the_same_content_is_equal_and_other_content_is_not(tmp_path: Path) -> None:
    path = write(tmp_path, "projects: {a: {directory: x}, b: {directory: x, address: 8001}}")
    first = load(path)
    assert load(path) == first
    write(tmp_path, "projects:\n  a: {directory: ./x}\n  b: {directory: x, address: 8001, cache: 1 KiB}")
    second = load(path)
    assert second.projects["a"] == first.projects["a"]
    assert second.projects["b"] != first.projects["b"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0644", "0644"),
        ("no", "no"),
        ("on", "on"),
        ("1.10", "1.10"),
        ("2024-01-01", "2024-01-01"),
        ("22:22", "22:22"),
        ("8_000", "8_000"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        ("1e3", "1e3"),
        ("True", "True"),
        ("'~'", "~"),
        ('""', ""),
        ("!!str null", "null"),
        ("=", "="),
        ("a\n        b", "a b"),
        ("|\n        a\n        b", "a\nb\n"),
        ("ünïcödé ☃ 🎂", "ünïcödé ☃ 🎂"),
        ('"\\u202e"', "\u202e"),
        ("*anchor", "7e7"),
    ],
)
def test_an_environment_gets_values_as_they_are_written(tmp_path: Path, written: str, value: str) -> None:
    read = project(tmp_path, f"environment:\n      X: &anchor 7e7\n      A: {written}")
    assert read.environment == {"X": "7e7", "A": value}


def test_keys_are_text_too(tmp_path: Path) -> None:
    read = config(tmp_path, "projects: {1: {directory: x, environment: {on: 1, 010: 2, ~: 3}}}")
    assert read.projects["1"].environment == {"on": "1", "010": "2", "~": "3"}
    assert read.projects["1"].title == "1"


def test_arguments_are_taken_as_they_are_written(tmp_path: Path) -> None:
    read = project(tmp_path, "options: [--verbosity, 010, no, 'a b', '']\n    commands: {x: 0644, y: [sleep, 1.10]}")
    assert read.options == ("--verbosity", "010", "no", "a b", "")
    assert read.commands == {"x": "0644", "y": ("sleep", "1.10")}


def test_a_command_is_a_list_or_a_text_and_listens_nowhere(tmp_path: Path) -> None:
    worker = project(tmp_path, "command: [celery, -A, site]")
    assert (worker.command, worker.address, worker.port, worker.host) == (("celery", "-A", "site"), None, None, "")
    assert project(tmp_path, "command: npm run dev | cat").command == "npm run dev | cat"
    assert project(tmp_path, "command: npm run dev\n    address: 3000").port == 3000


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("8000", "127.0.0.1", 8000),
        ("'8000'", "127.0.0.1", 8000),
        ("0.0.0.0:8000", "0.0.0.0", 8000),
        ("localhost:8000", "localhost", 8000),
        ("'[::1]:8000'", "::1", 8000),
        ("'[::]:65535'", "::", 65535),
        ("0:8000", "0.0.0.0", 8000),
        ("my-box.example.com:1", "my-box.example.com", 1),
    ],
)
def test_an_address_is_runservers(tmp_path: Path, written: str, host: str, port: int) -> None:
    read = project(tmp_path, f"address: {written}")
    assert (read.address, read.host, read.port) == (written.strip("'"), host, port)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("8 MiB", 8 * 1024**2),
        ("64 KiB", 65536),
        ("64KiB", 65536),
        ("1 B", 1),
        ("1.5 MiB", 1536 * 1024),
        ("1 GiB", 1024**3),
        ("4096", 4096),
        ("0", 0),
        ("'8 MiB'", 8 * 1024**2),
    ],
)
def test_a_cache_is_given_in_bytes_or_units(tmp_path: Path, written: str, size: int) -> None:
    assert project(tmp_path, f"cache: {written}").cache == size


@pytest.mark.parametrize("written", ["0", "2.5", "5", "3600", "0.001"])
def test_a_timeout_is_in_seconds(tmp_path: Path, written: str) -> None:
    assert project(tmp_path, f"stop_timeout: {written}").stop_timeout == float(written)


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.chdir("/")
    assert project(tmp_path, "python: .venv/bin/python").python == f"{tmp_path}/.venv/bin/python"
    assert project(tmp_path, "python: python3.12").python == "python3.12"
    assert project(tmp_path, "python: ~/v/bin/python").python == "/home/me/v/bin/python"
    assert project(tmp_path, "python: /usr/bin/python3").python == "/usr/bin/python3"
    here = config(tmp_path, "projects: {a: {directory: .}, b: {directory: ../b/./c, address: 1}}").projects
    assert (here["a"].directory, here["b"].directory) == (tmp_path, tmp_path.parent / "b" / "c")


def test_a_relative_path_to_the_file_gives_absolute_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "projects: {a: {directory: a}}")
    monkeypatch.chdir(tmp_path)
    assert load(Path("fujita.yml")).projects["a"].directory == tmp_path / "a"


def test_defaults_lie_under_each_project(tmp_path: Path) -> None:
    read = config(
        tmp_path,
        """
defaults:
  cache: 1 KiB
  settings: site.dev
  url: http://localhost/
  environment: {A: 1, B: 2}
  commands: {migrate: migrate}
projects:
  a: {directory: a, cache: 2 KiB, environment: {B: 3}, url: ~}
  b: {directory: b, address: 8001, commands: {}, environment: ~}
""",
    )
    a, b = read.projects["a"], read.projects["b"]
    assert (a.cache, a.settings, a.url, a.environment) == (2048, "site.dev", None, {"A": "1", "B": "3"})
    assert (b.cache, b.settings, b.url, b.environment) == (1024, "site.dev", "http://localhost/", {})
    assert a.commands == b.commands == {"migrate": "migrate"}


def test_a_key_without_a_value_is_as_good_as_none(tmp_path: Path) -> None:
    keys = [key for key in ProjectConfig.model_fields if key not in ("name", "directory")]
    lines = "\n    ".join(f"{key}:" for key in keys)
    assert project(tmp_path, lines) == ProjectConfig(name="blog", directory=tmp_path / "blog")
    assert config(tmp_path, "console: {listen: ~, token: }\nprojects: {a: {directory: a}}").console == Console()


def test_aliases_and_merged_tables_work(tmp_path: Path) -> None:
    read = config(
        tmp_path,
        """
projects:
  a: &a
    directory: &where site
    environment: &env {A: 1, B: 2}
  b:
    <<: *a
    address: 8001
    environment: {<<: [*env, {C: 4}], B: 3}
  c: {directory: *where, address: 8002}
""",
    )
    assert read.projects["b"].environment == {"A": "1", "B": "3", "C": "4"}
    assert {one.directory for one in read.projects.values()} == {tmp_path / "site"}


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfprojects: {a: {directory: a}}",
        b"projects:\r\n  a:\r\n    directory: a\r\n",
        b"%YAML 1.2\n---\nprojects: {a: {directory: a}}\n...\n",
        b"# only\n\n---\n? projects\n: {a: {directory: a}}",
        b'{"projects": {"a": {"directory": "a"}}}',
    ],
    ids=["BOM", "CRLF", "directive", "long", "JSON"],
)
def test_whatever_an_editor_saves_can_be_read(tmp_path: Path, text: bytes) -> None:
    assert config(tmp_path, text).projects["a"].directory == tmp_path / "a"


def test_the_token_is_in_no_repr_and_in_no_mistake(tmp_path: Path) -> None:
    read = config(tmp_path, "console: {token: 0644}\nprojects: {a: {directory: a}}")
    assert read.console.token == "0644"
    assert "0644" not in repr(read)


def test_the_console_may_listen_where_the_kernel_chooses(tmp_path: Path) -> None:
    read = config(tmp_path, "console: {listen: '[::1]:0'}\nprojects: {a: {directory: a}}").console
    assert (read.host, read.port) == ("::1", 0)
    assert config(tmp_path, "console: {listen: 9001}\nprojects: {a: {directory: a}}").console.host == "127.0.0.1"


def test_a_config_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        project(tmp_path, "").autostart = False
