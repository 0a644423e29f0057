"""Whatever stands where the config should be: one clear line, soon, and nothing waits or grows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from fujita.config import nodes
from fujita.config.load import ConfigError, load
from tests.config.written import config, write

GOOD = "projects: {a: {directory: a}}\n"
MEBIBYTE = 1024 * 1024


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def listener(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def growing(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1024**4)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "can't be read: No such file or directory"),
        (lambda path: path.mkdir(), "is a folder: put a file there"),
        (lambda path: os.mkfifo(path), "is a pipe: put a file there"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device: put a file there"),
        (lambda path: path.symlink_to("/dev/tty0/x"), "can't be read: "),
        (lambda path: path.symlink_to("nowhere"), "can't be read: No such file or directory"),
        (loop, "can't be read: Too many levels of symbolic links"),
        (listener, "can't be read: No such device or address"),
        (growing, "has 1,099,511,627,776 bytes: a config has 1,048,576 at most"),
    ],
    ids=["missing", "folder", "FIFO", "/dev/zero", "no folder", "broken link", "loop", "socket", "a tebibyte"],
)
def test_what_is_no_file_is_one_line_at_once_and_again(
    tmp_path: Path, make: Callable[[Path], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    make(Path("fujita.yml"))
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(ConfigError) as caught:
            load(tmp_path / "fujita.yml")
        assert time.monotonic() - began < 2
        assert str(caught.value).startswith(f"fujita.yml:1:1: {said}")
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0)
    with pytest.raises(ConfigError, match="can't be read: Permission denied"):
        load(path)
    path.chmod(0o600)
    load(path)


def test_a_link_to_a_file_is_a_file_and_its_folder_is_that_of_the_link(tmp_path: Path) -> None:
    (tmp_path / "real.yml").write_text(GOOD)
    (tmp_path / "etc").mkdir()
    link = tmp_path / "etc" / "fujita.yml"
    link.symlink_to("../real.yml")
    assert load(link).projects["a"].directory == tmp_path / "etc" / "a"


def test_a_half_written_file_is_a_mistake_and_right_again_when_it_is_whole(tmp_path: Path) -> None:
    whole = "projects:\n  blog: {directory: blog,\n    environment: {A: 'x'}}\n"
    for length in range(len(whole) - 2):
        with pytest.raises(ConfigError):
            config(tmp_path, whole[:length])
    assert config(tmp_path, whole).projects


def doubled(levels: int) -> str:
    """Billion laughs: each level holds the one before ten times."""
    rows = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(["a0: &a0 [lol]", *rows])


def merged(levels: int) -> str:
    rows = [f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}], k{level}: v}}" for level in range(1, levels)]
    return "\n".join(["a0: &a0 {k: v}", *rows])


HOSTILE = {
    "billion laughs": (doubled(20), "5:50: more than 20,000 values"),
    "doubled merge keys": (merged(25), "12:17: more than 20,000 values"),
    "alias to itself": ("a: &a [*a]", "1:8: *a stands inside of what it names"),
    "merge of itself": ("a: &a {<<: *a}", "1:12: *a stands inside of what it names"),
    "20,000 brackets": ("[" * 20_000, "1:"),
    "20,000 braces": ("{a: " * 20_000, "1:"),
    "20,000 dashes": ("- " * 20_000, "1:65: more than 32 levels"),
    "20,000 question marks": ("? " * 20_000, "1:65: more than 32 levels"),
    "10 MB": ("#" * 10 * MEBIBYTE, "1:1: has 10,485,760 bytes"),
    "a line of 5 MB": ("a: " + "x" * 5 * MEBIBYTE, "1:1: has 5,242,883 bytes"),
    "a line of 1 MB": (
        f"projects: {{a: {{directory: {'x' * 10**6}}}}}",
        "1:27: projects.a.directory: is 1,000,000 char",
    ),
    "a number of 1 MB": (
        f"projects: {{a: {{directory: x, address: {'9' * 10**6}}}}}",
        "1:39: projects.a.address: is 1",
    ),
    "a mebibyte of quotes": ('a: "' + "\n" * 10**6, "1000001:1: the quotes of line 1, column 4 are not closed"),
    "a mebibyte of tabs": ("\t" * 10**6, "1:1: a tab"),
    "9,000 unknown keys": ("".join(f"k{n}: 1\n" for n in range(9000)) + GOOD, "1:1: k0: there is no such key"),
    "9,000 times one key": (GOOD + "a: 1\n" * 9000, "2:1: a: there is no such key"),
    "4,900 projects": ("projects:\n" + "".join(f" p{n}: {{directory: x}}\n" for n in range(4900)), "3:2: projects.p1"),
    "many defaults under many projects": (
        "projects:\n"
        + "".join(f" p{n}: {{directory: x, address: {n}}}\n" for n in range(10_000, 12_000))
        + "defaults:\n environment:\n"
        + "".join(f"  e{n}: x\n" for n in range(2000)),
        "2003:2: more than 20,000 values",
    ),
    "half a million items": ("[" + "a," * 500_000, "1:40"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little_and_says_where(tmp_path: Path, name: str) -> None:
    text, said = HOSTILE[name]
    path = write(tmp_path, text)
    asked = subprocess.run(
        [sys.executable, "-c", ASK, path], capture_output=True, text=True, timeout=60, check=True, cwd=Path.cwd()
    )
    report, seconds, mebibytes = asked.stdout.rsplit("\n", 2)
    assert report.startswith(f"fujita.yml:{said}")
    assert len(asked.stdout.encode()) < 16 * 1024 + 100
    assert float(seconds) < 2
    assert int(mebibytes.split()[0]) < 100
    assert not asked.stderr


ASK = r"""
import re, sys, time
from pathlib import Path
from fujita.config.load import ConfigError, load
began = time.monotonic()
try:
    load(Path(sys.argv[1]))
except ConfigError as error:
    print(error)
print(time.monotonic() - began)
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024, end=" ")
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_the_slower_parser_finds_it_too(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PyYAML was built without libyaml."""
    monkeypatch.setattr(nodes, "LOADER", yaml.SafeLoader)
    text, said = HOSTILE[name]
    began = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text)
    assert time.monotonic() - began < 5
    assert str(caught.value).startswith(f"fujita.yml:{said}")


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    for tag in ("!!python/object/apply:os.system", "!!python/object/new:os.system", "!!python/name:os.system"):
        with pytest.raises(ConfigError, match="means nothing here"):
            config(tmp_path, f"projects: {{a: {{directory: a, options: {tag} ['touch {witness}']}}}}")
    assert not witness.exists()
